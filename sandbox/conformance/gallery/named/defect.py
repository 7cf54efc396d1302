"""Makes a named defect. Its id is `<role>.<theme>.<name>`; those of one file share role and theme."""

from collections.abc import Iterable

from sandbox.conformance.gallery.deviation import Apply, Deviation, Kind

CONTRACT = {"esr": "ESR-CON-001", "nhs-jobs": "NHSJ-CON-001"}
"""By role: that each answer is what the contract describes."""


def defect(
    name: str,
    title: str,
    requirements: Iterable[str],
    apply: Apply,
    *,
    operations: Iterable[str] = (),
    fails: bool = False,
) -> Deviation:
    """A named defect. `requirements` and `operations` as Deviation has them."""
    role, theme, _ = name.split(".", 2)
    return Deviation(
        name,
        Kind.NAMED,
        role,
        theme,
        title,
        tuple(requirements),
        apply,
        tuple(operations),
        fails,
    )
