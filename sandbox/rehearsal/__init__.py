"""The rehearsal of a migration: the same conversation with ESR through the hourly files and through the API.

*Parity* sends it through one door in one workspace and through the other in another, and compares what ESR then holds,
field by field. *Cutover* has an employer move from one door to the other with applicants and checks in flight, and asks
whether anything was lost, doubled or contradicted. Both meet the sandbox as a supplier does, by files and over HTTP.
"""
