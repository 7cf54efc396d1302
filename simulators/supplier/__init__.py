"""A small example supplier: a recruitment system that keeps to the contracts of ESR, the receiver and the driver.

It is the worked example for who builds one, and knows nothing of the sandbox: it meets ESR over HTTP. Begin at `supplier.py`,
which puts the parts together; `policies.py` holds each decision that a supplier can get wrong.

| part | what it does |
|---|---|
| `orders`, `actions`, `driver`, `outbound` | what the recruiter does, told by the suite: inbound or outbound |
| `messages`, `sender`, `outcomes` | what ESR is told: kept, sent until answered for good, and what comes of the answer |
| `receiver`, `signatures`, `signing_keys`, `events`, `feed`, `subscription` | what ESR tells, by delivery and by feed |
| `applications`, `positions`, `organisations`, `storage` | what is held |
| `connection`, `answers` | HTTP |
"""

from simulators.supplier.policies import Policies
from simulators.supplier.settings import Settings
from simulators.supplier.supplier import CannotStart, Office, Supplier, running_supplier

__all__ = ["CannotStart", "Office", "Policies", "Settings", "Supplier", "running_supplier"]
