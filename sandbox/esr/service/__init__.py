"""What ESR does: opens no transaction of its own; fetches, lets the domain decide, stores, announces."""
