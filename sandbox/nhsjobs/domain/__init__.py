"""What NHS Jobs decides: tables of rules and pure functions. No clock, no chance, no input or output."""
