"""The mock NHS Jobs: adverts and their search, applications, offers, pre-employment checks, and ESR's events."""
