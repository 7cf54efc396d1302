"""ESR does not do what it says of applicants, of who a person is, and of values in codes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import attribute, instead, row, rule_gone
from sandbox.conformance.gallery.proxy import altered, dropped, mapped
from sandbox.conformance.gallery.rule_rows.applicants import WHOEVER_ACCEPTED
from sandbox.esr.domain import applicant_life_cycle as life
from sandbox.esr.domain import applicants, coded_values, matching, people
from sandbox.esr.domain.profiles import Matching
from sandbox.esr.service import applicants as service
from sandbox.esr.service import employees
from sandbox.esr.service import matching as searching

_OPTIONAL = ("hoursPerWeek", "dataSharingConsent", "recruitmentSource", "endDate", "registrations")


def _as_read(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """What ESR reads of an applicant before it acts, as `change` makes it."""
    return instead(service.read_applicant, lambda read: lambda *given: change(read(*given)))


def _nulls_ignored(merged: Callable[..., Any]) -> Callable[..., Any]:
    def kept(document: dict[str, Any], patch: dict[str, Any]) -> Any:
        return merged(document, {name: value for name, value in patch.items() if value is not None})

    return kept


def _wiping(merged: Callable[..., Any]) -> Callable[..., Any]:
    def wiped(document: dict[str, Any], patch: dict[str, Any]) -> Any:
        result = merged(document, patch)
        return {
            name: value for name, value in result.items() if name in patch or name not in _OPTIONAL
        }

    return wiped


def _hiring_today(hire: Callable[..., Any]) -> Callable[..., Any]:
    def hired(unit: Any, applicant_number: str, hired_date: str | None) -> Any:
        return hire(unit, applicant_number, hired_date or unit.today.isoformat())

    return hired


def _always_live(_known: Any, vacancy_reference: str, but: str | None = None) -> str | None:
    """Whoever has ended counts still."""
    for item in _known.applications:
        if item.vacancy_reference == vacancy_reference and item.applicant_number != but:
            return str(item.applicant_number)
    return None


def _undecided(outcome_of: Callable[..., Any]) -> Callable[..., Any]:
    """Several are several, however alike one of them is."""

    def outcome(profile: str, internal: bool, candidates: tuple[Any, ...]) -> Any:
        if len(candidates) < 2:
            return outcome_of(profile, internal, candidates)
        ruling = matching.OUTCOMES[Matching(profile), internal, matching.SEVERAL, None]
        return matching.Outcome(ruling, candidates, None, internal)

    return outcome


def _with_provisional(among: Callable[..., Any]) -> Callable[..., Any]:
    return lambda sent, known, *rest: among(
        sent, [replace(item, provisional=False) for item in known], *rest
    )


def _only_exact(_live: Callable[..., Any]) -> Callable[..., Any]:
    def live(sent: Any, known: Any, vacancy: str, but: str | None = None) -> Any:
        exact = [item for item in known if people.grade_of(sent, item.keys) is people.Grade.EXACT]
        return next((item.live_for(vacancy, but) for item in exact), None)

    return live


def _never_asked(_make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _unit, applicant, _found: {
        "personId": applicant["personId"],
        "match": matching.new_person(),
    }


def _other_reason(withdraw: Callable[..., Any]) -> Callable[..., Any]:
    return lambda unit, applicant, withdrawal: withdraw(
        unit, applicant, {**withdrawal, "reason": "CANDIDATE_WITHDREW"}
    )


def _naming(match: dict[str, Any]) -> dict[str, Any]:
    shown = [{**item, "lastName": "Alderwhit"} for item in match.get("candidates", [])]
    return {**match, "candidates": shown} if shown else match


def _as_sent(taken: Callable[..., Any]) -> Callable[..., Any]:
    return lambda lists, document, *rest: (document, taken(lists, document, *rest)[1])


def _placeless(taken: Callable[..., Any]) -> Callable[..., Any]:
    def found(*given: Any) -> Any:
        document, wrong = taken(*given)
        return document, [replace(item, pointer="/person") for item in wrong]

    return found


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "esr.applicants.null-ignored",
        "An amendment takes nothing away",
        ["ESR-APP-022"],
        instead(applicants.merged, _nulls_ignored),
    ),
    defect(
        "esr.applicants.rest-wiped",
        "An amendment takes away what it does not name",
        ["ESR-APP-022"],
        instead(applicants.merged, _wiping),
    ),
    defect(
        "esr.applicants.always-an-offer",
        "An applicant who has accepted is held as one who has not answered",
        ["ESR-APP-024"],
        instead(life.first_status, lambda _first: lambda *_given: life.Status.OFFER),
    ),
    defect(
        "esr.applicants.hired-unaccepted",
        "An applicant is hired whose offer was not accepted",
        ["ESR-APP-028"],
        together(
            row(life.LIFE_CYCLE, (life.Status.OFFER, life.Act.HIRE), life.Status.HIRED),
            WHOEVER_ACCEPTED,
        ),
    ),
    defect(
        "esr.applicants.hired-today",
        "An applicant is hired on the day on which somebody clicks, not on the start date",
        ["ESR-APP-035"],
        attribute(service, "hire_applicant", _hiring_today(service.hire_applicant)),
    ),
    defect(
        "esr.applicants.hired-before-acceptance",
        "An applicant is hired on a day before the offer was accepted",
        ["ESR-APP-036"],
        _as_read(mapped("offerAcceptedDate", lambda _day: "2000-01-01")),
    ),
    defect(
        "esr.applicants.hired-after-end",
        "An applicant is hired on a day after the contract has ended",
        ["ESR-APP-037"],
        _as_read(dropped("endDate")),
    ),
    defect(
        "esr.applicants.internal-hired",
        "An internal candidate is hired as if from outside",
        ["ESR-APP-038"],
        _as_read(mapped("internalCandidate", lambda _told: False)),
    ),
    defect(
        "esr.applicants.left-and-moved",
        "An internal candidate is moved who works for the employer no longer",
        ["ESR-APP-039"],
        instead(employees.move_employee, lambda _move: lambda *_given: None),
    ),
    defect(
        "esr.applicants.no-replacement",
        "A person who was withdrawn cannot be sent for the vacancy again",
        ["ESR-APP-032"],
        attribute(people.Known, "live_for", _always_live),
    ),
    defect(
        "esr.applicants.one-for-each-message",
        "A person who is sent many times at once becomes many applicants",
        ["ESR-APP-021"],
        rule_gone(applicants.DUPLICATE_RULES[0]),
    ),
    defect(
        "esr.applicants.withdrawal-lost",
        "Reason and day of a withdrawal are not kept",
        ["ESR-APP-033"],
        altered(("withdraw_applicant", "read_applicant"), dropped("withdrawal")),
    ),
    defect(
        "esr.people.exact-does-not-decide",
        "An exact likeness does not decide where several people are alike",
        ["ESR-PER-017"],
        instead(matching.outcome_of, _undecided),
    ),
    defect(
        "esr.people.numbers-ignored",
        "Two people with different NI numbers are taken for one by name and date of birth",
        ["ESR-PER-018"],
        row(
            people.GRADES,
            people.Grade.NAME_AND_BIRTH,
            lambda sent, held: sent.name_key == held.name_key,
        ),
    ),
    defect(
        "esr.people.provisional-matched",
        "Somebody under review is the match of another applicant",
        ["ESR-PER-019"],
        instead(people.candidates_among, _with_provisional),
    ),
    defect(
        "esr.people.second-applicant",
        "Somebody who may be a live applicant for the vacancy is taken once more",
        ["ESR-PER-020"],
        instead(people.live_applicant, _only_exact),
    ),
    defect(
        "esr.people.review-unseen",
        "An applicant under review is held as if nothing were open",
        ["ESR-PER-021"],
        instead(
            life.first_status,
            lambda first: lambda submission, _review: first(submission, False),
        ),
    ),
    defect(
        "esr.people.review-does-not-end",
        "An applicant stays under review when it was said who it is",
        ["ESR-PER-022"],
        instead(
            life.after_identification,
            lambda after: lambda held: after(held) and life.Status.ACTIVE_APPLICATION,
        ),
    ),
    defect(
        "esr.people.number-shared",
        "A new person is made whose NI number is somebody else's",
        ["ESR-PER-023"],
        instead(searching.make_new_person, _never_asked),
    ),
    defect(
        "esr.people.rejected-otherwise",
        "Who is rejected in a review ends as withdrawn by the candidate",
        ["ESR-PER-024"],
        instead(service._withdraw, _other_reason),  # noqa: SLF001
    ),
    defect(
        "esr.people.not-searched-again",
        "An amendment of name, number or date of birth looks for nobody",
        ["ESR-PER-025"],
        instead(searching.search_again, lambda _search: lambda *_given: None),
    ),
    defect(
        "esr.people.record-changed",
        "An amendment changes whom an employment is about",
        ["ESR-PER-026"],
        instead(searching._is_nobody_elses, lambda _is: lambda *_given: True),  # noqa: SLF001
    ),
    defect(
        "esr.people.names-told",
        "The match of an applicant tells the names of those who are alike",
        ["ESR-PER-027"],
        altered("read_applicant", mapped("match", _naming)),
    ),
    defect(
        "esr.codes.stored-as-sent",
        "An interface code that is replaced is stored as it came",
        ["ESR-COD-002", "ESR-COD-006"],
        instead(coded_values.taken, _as_sent),
    ),
    defect(
        "esr.codes.place-lost",
        "A wrong value is told without its place",
        ["ESR-COD-010"],
        instead(coded_values.taken, _placeless),
    ),
    defect(
        "esr.codes.local-character-refused",
        "An employer's own character behind an ethnic category is refused",
        ["ESR-COD-011"],
        instead(coded_values._split, lambda _split: lambda _list, value, *_rest: (value, "")),  # noqa: SLF001
    ),
)
