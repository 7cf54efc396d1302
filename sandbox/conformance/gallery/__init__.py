"""The gallery: subjects with one deviation each, which show that the suite catches what it claims to catch."""
