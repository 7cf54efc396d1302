"""Rows about values in codes: what is answered, where it is looked for, which interface codes there are, and what is retired."""

from collections.abc import Iterator
from dataclasses import replace

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.patching import row, without
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation, of_code
from sandbox.esr.domain import coded_values
from sandbox.esr.reference import code_lists, coded_lists, interface_codes, retired_by_code
from sandbox.rules import ERROR, WARNING

_BOTH = ("submit_applicant", "amend_applicant")
_STRICT = ("ESR-COD-003", "ESR-COD-004", "ESR-COD-005")
_OF_CHECKS = frozenset({"registration-body", "registration-type"})


def rows() -> Iterator[Deviation]:
    """Every row."""
    for (profile, problem), answer in coded_values.ANSWERS.items():
        other = WARNING if answer.kind == ERROR else ERROR
        title = (
            f"Under {profile} a value that is {problem} is answered with {other}, not {answer.kind}"
        )
        names = of_code(answer.code, *_BOTH, profile=f"codedValues: {profile}")
        names = [name for name in names if name.startswith("ESR-COD-") and name != "ESR-COD-001"]
        apply = row(coded_values.ANSWERS, (profile, problem), replace(answer, kind=other))
        yield deviation(ESR, "coded-value-answers", (profile, problem), title, names, apply)
    for column, name in coded_values.COLUMNS.items():
        title = f"What stands at {column} is not held against the list {name}"
        apply = without(coded_values.COLUMNS, column)
        yield deviation(ESR, "coded-columns", (column[1:],), title, _STRICT, apply)
    for name, item in interface_codes().items():
        for place, code in enumerate(item["codes"]):
            title = f"The list {name} has no interface code for {code['national']}"
            names = ["ESR-COD-003", "ESR-COD-006", "ESR-COD-012"]
            apply = _no_interface_code(name, place)
            yield deviation(ESR, "interface-codes", (name, code["national"]), title, names, apply)
    for name, codes in retired_by_code().items():
        for code in [code for code, retired in codes.items() if retired]:
            title = f"The code {code} of the list {name} is not retired"
            names = ["ESR-COD-004", "ESR-COD-007", "ESR-COD-012"]
            names += ["ESR-CHK-011"] if name in _OF_CHECKS else []
            yield deviation(ESR, "retired-codes", (name, code), title, names, _current(name, code))


def _no_interface_code(name: str, place: int) -> Apply:
    row_of_it = interface_codes()[name]["codes"][place]
    national, interface = row_of_it["national"], row_of_it["interface"]
    held = coded_lists()[name]
    less = replace(
        held,
        interface={code: own for code, own in held.interface.items() if code != national},
        national={own: code for own, code in held.national.items() if own != interface},
    )
    shown = code_lists()[name]
    codes = [
        {part: value for part, value in code.items() if not part.startswith("interface")}
        if code["code"] == national
        else code
        for code in shown["codes"]
    ]
    return together(row(coded_lists(), name, less), row(shown, "codes", codes))


def _current(name: str, code: str) -> Apply:
    [shown] = [item for item in code_lists()[name]["codes"] if item["code"] == code]
    return together(row(retired_by_code()[name], code, False), row(shown, "retired", False))
