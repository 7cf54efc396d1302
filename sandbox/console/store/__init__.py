"""What the pages read of the database, by noun. Every statement is bound to the workspace of its page."""
