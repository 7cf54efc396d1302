"""What a fuzz run found, as plain values: what the terminal, JSON and JUnit are written from.

The words are those of every suite here: `pass`, `fail`, `error` (the suite broke), `inconclusive` (too little seen).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.conformance.results import EXIT_CODES, Result, rolled_up

# Below this many successes an operation was met too seldom to say anything good about it.
ENOUGH_SUCCESSES = 20
INTERRUPTED = "interrupted before the end"
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Tokens are masked; bodies are text, cut at 20,000 characters."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: str | None
    status: int | None
    response_headers: Mapping[str, str]
    response_body: str | None


@dataclass(frozen=True, slots=True)
class FuzzFailure:
    """One rule broken at one operation in one way: the first exchange that showed it, and how often it was seen.

    `curl` sends it again; it takes the token from the environment variable `ESR_SANDBOX_TOKEN`.
    """

    rule: str
    rule_title: str
    operation_id: str
    phase: str
    message: str
    exchange: Exchange | None
    curl: str
    count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases were sent and what came back, by the class of the status."""

    cases: int = 0
    success: int = 0
    redirect: int = 0
    refused: int = 0
    server_error: int = 0
    unanswered: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            cases=self.cases + other.cases,
            success=self.success + other.success,
            redirect=self.redirect + other.redirect,
            refused=self.refused + other.refused,
            server_error=self.server_error + other.server_error,
            unanswered=self.unanswered + other.unanswered,
        )

    @classmethod
    def of(cls, status: int | None) -> "Counts":
        """One case that was answered with `status`, or not at all."""
        kind = 0 if status is None else status // 100
        return cls(
            cases=1,
            success=int(kind == 2),
            redirect=int(kind == 3),
            refused=int(kind == 4),
            server_error=int(kind == 5),
            unanswered=int(status is None),
        )


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What was seen of one operation. `problems` are faults of the suite, `gaps` what kept it from seeing enough."""

    operation_id: str
    method: str
    path: str
    phases: Mapping[str, Counts]
    statuses: Mapping[int, int]
    failures: tuple[FuzzFailure, ...] = ()
    problems: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        """Over all phases."""
        return sum(self.phases.values(), Counts())

    @property
    def exercised(self) -> bool:
        """Whether it succeeded often enough for silence to mean something."""
        return self.counts.success >= ENOUGH_SUCCESSES

    @property
    def result(self) -> Result:
        if self.problems:
            return Result.ERROR
        if self.failures:
            return Result.FAIL
        return Result.PASS if self.exercised and not self.gaps else Result.INCONCLUSIVE

    @property
    def reason(self) -> str:
        """The verdict in one sentence."""
        match self.result:
            case Result.ERROR:
                return self.problems[0]
            case Result.FAIL:
                rules = sorted({failure.rule for failure in self.failures})
                return f"broke {', '.join(rules)}"
            case Result.INCONCLUSIVE if not self.exercised:
                seen = f"{self.counts.success} of at least {ENOUGH_SUCCESSES} successes"
                return "; ".join((f"not exercised: {seen}", *self.gaps))
            case Result.INCONCLUSIVE:
                return "; ".join(self.gaps)
            case _:
                return f"{self.counts.success} successes, {self.counts.refused} refusals, no rule broken"


@dataclass(frozen=True, slots=True)
class FuzzResult:
    """A whole run. The same target in the same state, seed and number of examples give the same verdicts and counts.

    `problems` are faults of the suite that belong to no operation; `gaps` say why the run saw less than it should.
    """

    target: str
    base_url: str
    contract: str
    contract_sha256: str
    seed: int
    examples: int
    run_id: str
    tool: str
    started_at: str
    duration_seconds: float
    operations: tuple[OperationResult, ...]
    problems: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    rules_off: Mapping[str, str] = field(default_factory=dict)

    @property
    def result(self) -> Result:
        own = [Result.ERROR] * bool(self.problems) + [Result.INCONCLUSIVE] * bool(self.gaps)
        return rolled_up([*own, *(operation.result for operation in self.operations)])

    @property
    def exit_code(self) -> int:
        """0 held, 1 the target failed, 3 inconclusive, 4 the suite itself broke."""
        return EXIT_CODES[self.result]

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped the run (Ctrl-C)."""
        return INTERRUPTED in self.gaps

    @property
    def counts(self) -> Counts:
        return sum((operation.counts for operation in self.operations), Counts())

    @property
    def failures(self) -> tuple[FuzzFailure, ...]:
        return tuple(failure for operation in self.operations for failure in operation.failures)

    @property
    def not_exercised(self) -> tuple[str, ...]:
        """Ids of the operations that succeeded too seldom."""
        return tuple(item.operation_id for item in self.operations if not item.exercised)


@dataclass(frozen=True, slots=True)
class FuzzProgress:
    """Where a run is: shown while it runs, never stored."""

    phase: str
    operation_id: str | None
    operations_done: int
    operations_total: int
    cases: int
    failures: int
