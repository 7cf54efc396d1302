"""Evidence of a run: one pack that somebody who was not there can check.

`write_pack` seals the files of a run under one signed manifest; `verify_pack` checks a pack step by step, offline, with keys
that the verifier holds, and recomputes its verdicts. A pack is never believed about itself.
"""

from sandbox.conformance.evidence.manifest import Facts, Level, seed_of_nonce
from sandbox.conformance.evidence.pack import write_pack
from sandbox.conformance.evidence.verify import Verification, verify_pack

__all__ = ["Facts", "Level", "Verification", "seed_of_nonce", "verify_pack", "write_pack"]
