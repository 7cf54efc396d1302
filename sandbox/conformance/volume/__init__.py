"""The fifth suite: a part of a year's messages at their true rate, and what became of each.

A certificate for going live rests on it.

| part | what it does |
|---|---|
| `files` | the files of a pack below `volume/`: their names, how they are written and read |
| `replaying` | replays against the subject, and leaves these files |
| `proof` | whether a ledger is whole, of its plan and possible: pure |
| `judging`, `requirements` | the verdict, by the files alone: pure, the same for the run and for the verifier |
| `telling` | what was replayed, for people |

What a verifier computes again: the plan, from its scope; the bytes of every message, against the ledger's digests;
counts, latencies, the driver's own lateness, the way of events to a receiver, and every finding. What it takes as
recorded: the wall times, within what is possible, and what reading the subject back found.
"""
