"""What the powers do."""
