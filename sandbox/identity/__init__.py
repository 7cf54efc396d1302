"""Who calls: clients and their bearer tokens. Only a token's digest is stored."""
