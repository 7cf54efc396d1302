"""How many requests a client may make: so many a second and so many a minute, at each API, as on the NHS platform."""
