"""Replays a part of the year through a supplier's own system: its sender and its receiver under load.

A sandbox is the supplier's ESR, in one workspace that the supplier is connected to. What a recruitment system does is given to
its driver (`openapi/driver/v1`) at the intended times, what ESR's side does is done in ESR; both by the sender of every
replay. Judged is what arrived at ESR and when (`sent`, `timing`), and what the supplier holds of ESR's signed events
(`received`).

| part | what it does |
|---|---|
| `access`, `runner` | how the supplier is reached; the whole replay |
| `actions`, `wire` | what is to be done, and how it is told to the driver or done in ESR |
| `reading` | what ESR's journal and feed, and the supplier's reports, show afterwards |
| `sent`, `received`, `timing`, `verdict` | what that means: pure |
"""
