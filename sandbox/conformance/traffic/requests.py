"""What every request owes to the contract: employer, token, media type, method, path, each header once, a cursor as given."""

from collections.abc import Iterator

from sandbox.conformance.operations import EMPLOYER, Operation
from sandbox.conformance.traffic.recording import Call
from sandbox.conformance.traffic.rule import Rule

_VIOLATION = "CONTRACT_VIOLATION"
_ELSEWHERE = frozenset(
    {
        ("header", EMPLOYER.lower()),
        ("header", "x-request-id"),
        ("header", "if-match"),
        ("query", "cursor"),
        ("query", "since"),
    }
)
"""Places of a violation that a requirement of its own is about."""


class RequestRule(Rule):
    """A rule over single calls of operations that the contract has."""

    def see(self, call: Call) -> None:
        if not call.operation or call.operation not in self.context.parameters:
            return
        if call.system != self.system:
            return
        wrong = self.wrong(call)
        if wrong and not self.context.provoked(call):
            self.tally.breach(wrong, call)
        elif wrong == "":
            self.tally.held += 1

    def operation(self, call: Call) -> Operation:
        """The operation that was called."""
        return self.context.operations[str(call.operation)]

    def is_for_an_employer(self, call: Call) -> bool:
        """Whether the operation is a write that is one employer's."""
        described = self.context.parameters[str(call.operation)]
        return EMPLOYER.lower() in described.required_headers

    def wrong(self, call: Call) -> str | None:
        """What is wrong, expected against actual; empty where it is as it must be, None where nothing can be said."""
        raise NotImplementedError


def _violations(call: Call) -> Iterator[tuple[str, str]]:
    """Each place of a request that ESR said breaks the contract: the part of the request, and the name in it."""
    if call.problem.get("code") != _VIOLATION:
        return
    found = call.problem.get("errors")
    if not isinstance(found, list) or not found:
        yield "", ""
        return
    for item in found:
        if isinstance(item, dict):
            yield str(item.get("location")), str(item.get("pointer")).lower()


def _is_doubled(call: Call, name: str) -> bool:
    return ", " in call.headers.get(name, "")


class NamesTheEmployer(RequestRule):
    """A write that is an employer's says whose."""

    judges = ("ESR-REQ-010",)

    def wrong(self, call: Call) -> str | None:
        if not self.is_for_an_employer(call):
            return None
        missing = ("header", EMPLOYER.lower()) in _violations(call)
        if (call.headers and call.employer is None) or (missing and not call.employer):
            return f"Expected {EMPLOYER} with every write of an employer, but {call} has none."
        return "" if call.employer and not missing else None


class NamesTheEmployerToNhsJobs(NamesTheEmployer):
    judges = ("NHSJ-REQ-004",)
    system = "nhs-jobs"


class WritesForWhoIsEnabled(RequestRule):
    """No write goes out for an employer who has not switched the interface on."""

    judges = ("ESR-REQ-013",)
    codes_count = True

    def wrong(self, call: Call) -> str | None:
        if not self.is_for_an_employer(call):
            return None
        if self.facts.enabled is not None and call.employer:
            if call.employer in self.facts.enabled:
                return ""
            return (
                f"Expected writes for employers who have the interface switched on, but {call} is for {call.employer}, "
                "who has not."
            )
        return "" if call.succeeded else None


class SendsAToken(RequestRule):
    """A bearer token comes with every operation that asks for one."""

    judges = ("ESR-REQ-018",)
    codes_count = True

    def wrong(self, call: Call) -> str | None:
        if not self.operation(call).secured:
            return None
        # Some recorders leave the header out: what was answered 2xx had one.
        if call.headers and "authorization" not in call.headers and call.status == 401:
            return f"Expected a bearer token, but {call} has none."
        return "" if call.succeeded else None


class KeepsTheContract(RequestRule):
    """Nothing in a request breaks the contract."""

    judges = ("ESR-REQ-020",)

    def wrong(self, call: Call) -> str | None:
        places = [
            f"{where} {name}".strip() or "a place that was not told"
            for where, name in _violations(call)
            if (where, name) not in _ELSEWHERE
            and not (where == "header" and _is_doubled(call, name))
        ]
        if places:
            return f"Expected what the contract describes, but {call} breaks it: {', '.join(places[:5])}."
        return "" if call.succeeded else None


class KeepsTheContractOfNhsJobs(KeepsTheContract):
    """There, one requirement is about the form of the body as well."""

    judges = ("NHSJ-REQ-007",)
    system = "nhs-jobs"

    def wrong(self, call: Call) -> str | None:
        code = call.problem.get("code")
        if code in ("BODY_MALFORMED", "MEDIA_TYPE_UNSUPPORTED"):
            return f"Expected what the contract describes, but {call} was answered {code}."
        return super().wrong(call)


class SendsTheMediaType(RequestRule):
    """A body has the media type that the operation takes."""

    judges = ("ESR-REQ-024",)
    codes_count = True

    def wrong(self, call: Call) -> str | None:
        wanted = self.operation(call).media_type
        if wanted is None or not call.digest:
            return None
        told = call.headers.get("content-type")
        if told is None or told.split(";")[0].strip().lower() == wanted:
            return "" if call.succeeded else None
        return f"Expected {wanted}, but {call} has {told[:60]}."


class SendsHeadersOnce(RequestRule):
    """No header that says one thing is there twice."""

    judges = ("ESR-REQ-027",)

    def wrong(self, call: Call) -> str | None:
        for where, name in _violations(call):
            if where == "header" and _is_doubled(call, name):
                return f"Expected the header {name} once, but {call} has it twice."
        return "" if call.headers and call.succeeded else None


class _Addresses(Rule):
    status: int

    def see(self, call: Call) -> None:
        if call.system != "esr":
            return
        if call.operation is None and call.status == self.status:
            if not self.context.provoked(call):
                self.tally.breach(self.said(call), call)
        elif call.operation in self.context.operations and call.succeeded:
            self.tally.held += 1

    def said(self, call: Call) -> str:
        """Expected against actual."""
        raise NotImplementedError


class UsesAMethodThatIsThere(_Addresses):
    """405 is never answered."""

    judges = ("ESR-REQ-025",)
    status = 405

    def said(self, call: Call) -> str:
        return f"Expected a method that the path takes, but {call.path} was sent {call.method}."


class UsesAPathThatIsThere(_Addresses):
    """404 is never answered for want of such a path."""

    judges = ("ESR-REQ-026",)
    status = 404

    def said(self, call: Call) -> str:
        return f"Expected a path of the contract, but {call.method} went to {call.path[:120]}."


RULES: tuple[type[Rule], ...] = (
    NamesTheEmployer,
    NamesTheEmployerToNhsJobs,
    WritesForWhoIsEnabled,
    SendsAToken,
    KeepsTheContract,
    KeepsTheContractOfNhsJobs,
    SendsTheMediaType,
    UsesAMethodThatIsThere,
    UsesAPathThatIsThere,
    SendsHeadersOnce,
)
