"""Replays a recruiting day against ESR over HTTP and says whether every message arrived exactly once.

Four nouns: what to send (`plan`), when (`pacer`), sending it (`users`, under Locust in a process of its own) and what
happened (`ledger`, folded by `measurements`, `reconcile` and `verdict`). `runner` joins them.
"""
