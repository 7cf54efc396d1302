"""Explores the contracts that a subject serves with the fuzzer, and hands on each exchange as a line of the pack."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.contract_suite import kept
from sandbox.conformance.esr_feed import EsrFeed
from sandbox.conformance.fuzz_plan import FuzzConfigurationError, FuzzPlan
from sandbox.conformance.fuzz_results import FuzzProgress
from sandbox.conformance.fuzzing import fuzz
from sandbox.conformance.nhs_jobs_feed import NhsJobsFeed
from sandbox.conformance.receiver_feed import ReceiverFeed, marks
from sandbox.conformance.run import Emit
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.signing_proxy import Sign, signing_proxy
from sandbox.conformance.world_feed import WorldFeed
from sandbox.contracts import Contract
from simulators.credentials import Access

_LARGEST_SEED = 2**31 - 1
FEEDS: Mapping[str, Callable[[str, Access, int, str], WorldFeed]] = {
    "esr": EsrFeed,
    "nhs-jobs": NhsJobsFeed,
}
"""By contract: what tells the fuzzer of the things that exist there."""


@dataclass(frozen=True, slots=True)
class Explorer:
    """Knows where the subject serves its contracts; called once for each."""

    contracts: Mapping[str, Contract]
    addresses: Mapping[str, str]
    tokens: Mapping[str, Access]
    seed: int
    examples: int
    limit_seconds: float
    sign: Sign | None = None

    def __call__(self, name: str, keep: Callable[[dict[str, Any]], None], tell: Emit) -> None:
        """Explores the contract `name`. Raises CannotArrange where it cannot begin."""
        contract = self.contracts[name]
        # The run's own mark: a subject that keeps its state is not sent the messages of an earlier run again.
        run_id = secrets.token_hex(8)
        seed = self.seed % _LARGEST_SEED
        base_url, access = self.addresses[name], self.tokens.get(name)
        with ExitStack() as stack:
            if name == "receiver":
                base_url, feed = self._signed(contract, base_url, stack)
            else:
                feed = FEEDS[name](base_url, access or "", seed, run_id)

            def show(step: FuzzProgress) -> None:
                tell(
                    {
                        "suite": "contract",
                        "contract": name,
                        "phase": step.phase,
                        "operation": step.operation_id,
                        "exchanges": step.cases,
                    }
                )

            plan = FuzzPlan(
                target=name,
                contract=contract.document,
                base_url=base_url,
                access=access,
                seed=seed,
                examples=self.examples,
                sequences=self.examples,
                feed=feed,
                run_id=run_id,
                limit_seconds=self.limit_seconds,
                progress=show,
                observe=lambda explored: keep(kept(explored, f"contract/{self.seed}")),
            )
            try:
                fuzz(plan)
            except FuzzConfigurationError as problem:
                raise CannotArrange(str(problem)) from problem

    def _signed(self, contract: Contract, address: str, stack: ExitStack) -> tuple[str, WorldFeed]:
        if self.sign is None:
            raise CannotArrange("A receiver takes signed deliveries only, and nobody signs here.")
        sound = marks(contract.document)
        origin, base = address, ""
        if contract.base_path and address.endswith(contract.base_path):
            origin, base = address.removesuffix(contract.base_path), contract.base_path
        lower = {name.lower(): value for name, value in sound.items()}
        proxy = stack.enter_context(signing_proxy(origin, self.sign, lower))
        return proxy + base, ReceiverFeed(sound)
