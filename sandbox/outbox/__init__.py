"""What one system has to tell another: written with the change that causes it, sent until it is answered."""
