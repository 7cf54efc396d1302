"""ESR's second door: the same conversation in files, exchanged through folders on the hour of the world's clock.

The files are modelled on ESR's public ones, the generic outbound interface and that for doctors in training; the format
of the real e-Recruitment interface is not public. Their rows go through the same services as the API's messages. See
docs/reference/hourly-interface.md.
"""
