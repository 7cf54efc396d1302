"""Cases as data: what is given, what is done, and what must then be seen. Nobody needs Python to write one.

A file `cases/<role>/<subject>.yaml` holds the cases of one suite about one subject. A case with `each` is one case for each
of its rows: `$column` stands for the row's value, anywhere, in other values of the row too. The id of a case is
`<role>.<file>.<name>`, with `[row]` behind it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from sandbox.conformance.expectations import OPERATORS
from sandbox.contracts.faults import ContractError, Fault
from sandbox.contracts.sources import read_source

ROLES = ("recruitment-system", "nhs-jobs", "esr")
BEHAVIOUR, RESILIENCE = "behaviour", "resilience"
_HERE = Path(__file__).resolve().parent
FOLDER = _HERE / "cases"
_COLUMN = re.compile(r"\$([a-z][A-Za-z0-9]*)")
_ROW = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,79}")


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `document` is the data as it is in the file, with the values of its row put in."""

    id: str
    role: str
    suite: str
    title: str
    requirements: tuple[str, ...]
    document: Mapping[str, Any]
    refuses: bool = False
    features: tuple[str, ...] = ()

    @property
    def given(self) -> Mapping[str, Any]:
        """What is arranged before anything is done."""
        given: Mapping[str, Any] = self.document.get("given", {})
        return given

    @property
    def when(self) -> list[dict[str, Any]]:
        """The steps, each with its name under `as`."""
        return [
            {"as": f"step{place}", **step}
            for place, step in enumerate(self.document["when"], start=1)
        ]

    @property
    def then(self) -> list[dict[str, Any]]:
        """What must be seen."""
        return list(self.document["then"])

    def dump(self) -> dict[str, Any]:
        """The case as JSON, from which `from_dump` makes it again."""
        return {"id": self.id, "role": self.role, "suite": self.suite, "case": self.document}

    @classmethod
    def from_dump(cls, dumped: Mapping[str, Any]) -> "Case":
        """A case as `dump` gave it. Raises KeyError or TypeError when it is none."""
        document = dumped["case"]
        return cls(
            dumped["id"],
            dumped["role"],
            dumped["suite"],
            document["title"],
            tuple(document["requirements"]),
            document,
            document.get("refuses", False),
            tuple(document.get("features", ())),
        )


@cache
def _schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        orjson.loads((_HERE / "case-schema.json").read_bytes())
    )


def load_cases(role: str | None = None, folder: Path = FOLDER) -> tuple[Case, ...]:
    """Every case, or those of one role, in the order of the files.

    Raises ContractError, with file and line, for a case that is not well formed, an unknown key, an id that stands twice.
    """
    faults: list[Fault] = []
    found: list[Case] = []
    for name in ROLES if role is None else (role,):
        for path in sorted((folder / name).glob("*.yaml")):
            found += _read(path, name, faults)
    seen: set[str] = set()
    for case in found:
        if case.id in seen:
            faults.append(Fault(folder, 1, f"the case {case.id} stands twice"))
        seen.add(case.id)
    if faults:
        raise ContractError(faults)
    return tuple(found)


def _read(path: Path, role: str, faults: list[Fault]) -> list[Case]:
    source = read_source(path)
    whole = source.value
    known = {"suite", "cases"}
    if (
        not isinstance(whole, dict)
        or not isinstance(whole.get("cases"), list)
        or set(whole) - known
    ):
        faults.append(Fault(path, 1, "a file of cases has `suite` and `cases`, and nothing else"))
        return []
    cases: list[Case] = []
    for place, written in enumerate(whole["cases"]):
        line = source.line(("cases", place))
        try:
            rows = list(_rows(written))
        except ValueError as problem:
            faults.append(Fault(path, line, str(problem)))
            continue
        for row, document in rows:
            wrong = list(_schema().iter_errors({"suite": whole.get("suite"), "cases": [document]}))
            faults += [
                Fault(
                    path,
                    source.line(("cases", place, *tuple(error.instance_path)[2:])),
                    f"{row or document.get('name')}: {error.message}",
                )
                for error in wrong
            ]
            if wrong:
                break
            faults += [Fault(path, line, text) for text in _unknown(document)]
            cases.append(
                Case(
                    f"{role}.{path.stem}.{document['name']}{f'[{row}]' if row else ''}",
                    role,
                    whole["suite"],
                    document["title"],
                    tuple(document["requirements"]),
                    document,
                    document.get("refuses", False),
                    tuple(document.get("features", ())),
                )
            )
    return cases


def _unknown(document: dict[str, Any]) -> list[str]:
    """Expectations about steps that no step is named for, and matchers with an operator that there is none of."""
    names = {step.get("as") or f"step{place}" for place, step in enumerate(document["when"], 1)}
    about = [
        expectation[kind]
        for expectation in document["then"]
        for kind in ("answer", "tally", "view", "held", "signed")
        if kind in expectation
    ]
    wrong = [f"{document['name']}: no step is named {name}" for name in about if name not in names]
    for matchers in _matchers(document):
        wrong += [
            f"{document['name']}: {pointer} expects {sorted(expected)}; write an operator, or {{equals: ...}}"
            for pointer, expected in matchers.items()
            if isinstance(expected, dict) and not expected.keys() <= set(OPERATORS)
        ]
    return wrong


def _matchers(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Everything that is held against a document, pointer by pointer."""
    for expectation in document["then"]:
        for part in ("body", "headers", "sent", "journal", "deliveries"):
            yield expectation.get(part, {})
    for step in document["when"]:
        for part in ("until", "delivery", "exchange"):
            yield step.get("await", {}).get(part, {})


def _rows(written: Any) -> Iterable[tuple[str, dict[str, Any]]]:
    """(name of the row, the case with its values); one without a name where there is no `each`."""
    if not isinstance(written, dict):
        raise ValueError("a case is a mapping")  # noqa: TRY004  (it becomes a fault of the file)
    each = written.get("each")
    document = {name: value for name, value in written.items() if name != "each"}
    if each is None:
        yield "", document
        return
    if not isinstance(each, dict) or set(each) != {"columns", "rows"} or not each["rows"]:
        raise ValueError("`each` has `columns` and `rows`")
    for row, values in each["rows"].items():
        given = values if isinstance(values, list) else [values]
        if not _ROW.fullmatch(str(row)) or len(given) != len(each["columns"]):
            raise ValueError(f"the row {row!r} does not fit the columns {each['columns']}")
        columns = dict(zip(each["columns"], given, strict=True))
        # A value may name other columns of its row: steps that several rows share.
        whole = {name: _filled(value, columns) for name, value in columns.items()}
        yield str(row), _filled(document, whole)


def _filled(value: Any, row: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_filled(name, row): _filled(item, row) for name, item in value.items()}
    if isinstance(value, list):
        spread: list[Any] = []
        for item in value:
            whole = _COLUMN.fullmatch(item) if isinstance(item, str) else None
            inserted = _filled(item, row)
            # A column that holds a list, named in a list, stands for its items.
            spread += inserted if whole and isinstance(inserted, list) else [inserted]
        return spread
    if not isinstance(value, str):
        return value
    whole = _COLUMN.fullmatch(value)
    if whole and whole[1] in row:
        return row[whole[1]]
    return _COLUMN.sub(lambda found: str(row.get(found[1], found[0])), value)


def stimulus_and_expectation(case: Case) -> bytes:
    """What makes two cases the same: what is given, done and expected, whatever they are called."""
    document = case.document
    return orjson.dumps(
        [case.role, *(document.get(part) for part in ("given", "when", "then"))],
        option=orjson.OPT_SORT_KEYS,
    )
