import tracemalloc
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sandbox.contracts.library import load_contract
from sandbox.contracts.schema import compile_schema
from simulators.checks import NEXT_STATES
from simulators.reference.job_roles import job_role
from simulators.streams import Weighted
from simulators.world import World
from simulators.year import STEPS, Event, Kind, Year
from simulators.year.calendar import is_working_day
from simulators.year.histories import updates_of
from simulators.year.hours import HOUR_SHARES, local_day
from simulators.year.seasons import INDEX, Season, season_of

COUNT = 6_000
LONDON = ZoneInfo("Europe/London")
History = tuple[Event, ...]
SCHEMAS = {
    Kind.APPLICANT: "ApplicantSubmission",
    Kind.CHECK: "EmploymentCheckUpdate",
    Kind.START_DATE_CHANGE: "ApplicantAmendment",
    Kind.WITHDRAWAL: "Withdrawal",
}


@pytest.fixture(scope="module")
def year(world: World) -> Year:
    return Year(5, world, applicants=COUNT)


@pytest.fixture(scope="module")
def histories(year: Year) -> list[History]:
    return list(year.histories())


@pytest.fixture(scope="module")
def small(world: World) -> Year:
    return Year(5, world, applicants=400)


@pytest.fixture(scope="module")
def stream(small: Year) -> list[Event]:
    return list(small.events())


def digest(events: Iterable[Event]) -> str:
    return sha256(repr(sorted(events, key=lambda event: event.number)).encode()).hexdigest()


def of_kind(histories: Iterable[History], kind: Kind) -> list[Event]:
    return [event for history in histories for event in history if event.kind is kind]


def day(event: Event, name: str) -> date:
    return date.fromisoformat(event.body[name])


# What any worker, any machine and any part of the year agree on.


@pytest.mark.parametrize("workers", [1, 4, 8])
def test_the_workers_shares_are_the_year(small: Year, stream: list[Event], workers: int) -> None:
    shares = [list(small.events(worker, workers)) for worker in range(workers)]

    assert digest(event for share in shares for event in share) == digest(stream)
    for worker, share in enumerate(shares):
        assert {event.applicant % workers for event in share} == {worker}


def test_an_event_alone_equals_the_one_in_the_stream(small: Year, stream: list[Event]) -> None:
    for event in stream[::17]:
        assert small.event(event.number) == event


def test_a_year_made_again_is_the_same(stream: list[Event]) -> None:
    again = Year(5, World.make(5, organisations=5, positions_per_organisation=80), applicants=400)

    assert list(again.events()) == stream


def test_a_history_is_the_same_by_itself_among_others_and_in_any_share(small: Year) -> None:
    histories = list(small.histories())

    assert [small.history(applicant) for applicant in range(400)] == histories
    for worker in range(7):
        assert list(small.histories(worker, 7)) == histories[worker::7]
    for history in histories[::29]:
        assert tuple(small.event(event.number) for event in history) == history


def test_events_come_in_the_order_of_time_and_number(stream: list[Event]) -> None:
    places = [(event.at, event.number) for event in stream]

    assert places == sorted(places)
    assert len(set(places)) == len(places)


def test_a_part_of_the_year_is_what_lies_in_it(small: Year, stream: list[Event]) -> None:
    start, end = stream[700].at, stream[1_400].at

    part = list(small.events(start=start, end=end))

    assert part == [event for event in stream if start <= event.at < end]


def test_the_hours_count_every_event(small: Year, stream: list[Event]) -> None:
    hours = small.by_hour()

    assert list(hours) == sorted(hours)
    assert sum(hours.values(), Counter()) == Counter(event.kind for event in stream)
    counted = Counter(event.at // 3_600_000_000 * 3_600 for event in stream)
    assert {hour: kinds.total() for hour, kinds in hours.items()} == counted


def test_submissions_rise_with_the_number(year: Year, histories: list[History]) -> None:
    moments = [year.submitted(applicant) for applicant in range(COUNT)]

    assert moments == sorted(moments)
    assert moments == [history[0].at for history in histories]
    days = [local_day(moment) for moment in moments]
    assert year.first_day <= days[0] <= days[-1] < year.first_day + timedelta(days=365)


def test_seeds_differ_and_so_do_people(small: Year, world: World) -> None:
    other = Year(6, world, applicants=400)
    later = replace(small, first_applicant=400)

    def names(year: Year) -> set[str]:
        return {year.history(index)[0].body["person"]["emailAddress"] for index in range(400)}

    assert other.submitted(7) != small.submitted(7)
    assert not names(small) & names(later)
    assert [later.submitted(index) for index in range(400)] == [
        small.submitted(index) for index in range(400)
    ]


def test_memory_holds_what_is_under_way_and_not_the_year(year: Year) -> None:
    def peak(held: list[Event] | None) -> int:
        tracemalloc.start()
        for event in year.events():
            if held is not None:
                held.append(event)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(None) < peak([]) / 3


# How much there is, and when.


@pytest.mark.parametrize(("applicants", "updates"), [(250_000, 1_200_000), (25_000, 120_000)])
def test_there_are_4_8_updates_for_each_applicant_to_the_last(
    applicants: int, updates: int
) -> None:
    assert updates_of(5, np.arange(applicants)).sum() == updates


def test_a_history_has_the_updates_that_were_shared_out(histories: list[History]) -> None:
    counts = [sum(event.kind is Kind.CHECK for event in history) for history in histories]

    assert counts == updates_of(5, np.arange(COUNT)).tolist()


def test_what_else_comes_is_as_frequent_as_stated(histories: list[History]) -> None:
    counts = Counter(event.kind for history in histories for event in history)

    assert counts[Kind.APPLICANT] == COUNT
    assert counts[Kind.WITHDRAWAL] / COUNT == pytest.approx(0.05, abs=0.01)
    assert counts[Kind.START_DATE_CHANGE] / COUNT == pytest.approx(0.10, abs=0.015)
    assert counts[Kind.RESEND] / (COUNT * 5.8) == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize("season", [Season.NURSES, Season.SUPPORT])
def test_starters_follow_the_published_months(histories: list[History], season: Season) -> None:
    months = Counter(
        day(history[0], "startDate").month
        for history in histories
        if season_of(job_role(history[0].body["jobRole"])) is season
    )

    for month, index in enumerate(INDEX[season], start=1):
        share = index / sum(INDEX[season])
        chance = (share * (1 - share) / months.total()) ** 0.5
        # Half a point beside chance: the weeks in which the year begins and ends are not whole.
        assert months[month] / months.total() == pytest.approx(share, abs=4 * chance + 0.005)


def test_the_august_rotation_is_the_busiest_start(histories: list[History]) -> None:
    starts = Counter(history[0].body["startDate"] for history in histories)
    trainees = Counter(
        history[0].body["startDate"]
        for history in histories
        if season_of(job_role(history[0].body["jobRole"])) is Season.TRAINEES
    )

    assert starts.most_common(1)[0][0] == "2026-08-05"
    assert trainees["2026-08-05"] / trainees.total() == pytest.approx(0.70, abs=0.08)


def test_nobody_works_on_weekends_and_bank_holidays(histories: list[History]) -> None:
    closed = [
        event
        for history in histories
        for event in history
        if not is_working_day(local_day(event.at).toordinal())
    ]

    assert {event.kind for event in closed} <= {Kind.RESEND}


def test_messages_keep_the_hours(histories: list[History]) -> None:
    hours: Counter[int] = Counter()
    for history in histories:
        for event in history:
            hours[datetime.fromtimestamp(event.at // 1_000_000, tz=LONDON).hour] += 1

    for hour, share in enumerate(HOUR_SHARES):
        assert hours[hour] / hours.total() * 1_000 == pytest.approx(share, abs=6)


def test_every_assumption_names_a_source_or_says_assumed(small: Year) -> None:
    assert "400 applicants" in small.assumptions[0]
    for sentence in small.assumptions[1:]:
        assert "assumed" in sentence


# What each history keeps.


def test_numbers_are_places_in_the_history(histories: list[History]) -> None:
    for applicant, history in enumerate(histories):
        assert [event.number for event in history] == [
            STEPS * applicant + step for step in range(len(history))
        ]
        assert history[0].kind is Kind.APPLICANT
        assert {event.vacancy for event in history} == {history[0].body["vacancyReference"]}


def test_bodies_keep_the_contract(histories: list[History]) -> None:
    document = load_contract("esr").document
    schemas = document["components"]["schemas"]
    for kind, name in SCHEMAS.items():
        validator = compile_schema(schemas[name], document)
        for event in of_kind(histories, kind):
            assert [fault.message for fault in validator.iter_errors(dict(event.body))] == []


def test_states_are_legal(histories: list[History]) -> None:
    for history in histories:
        held: dict[str | None, str] = {}
        for event in history:
            if event.kind is Kind.CHECK:
                state = event.body["state"]
                assert state in NEXT_STATES[held.get(event.check_type)]
                held[event.check_type] = state


def test_dates_follow_the_day_of_the_submission(histories: list[History]) -> None:
    for history in histories:
        sent, submission = local_day(history[0].at), history[0]
        assert sent - timedelta(days=14) <= day(submission, "offerDate") <= sent
        if "offerAcceptedDate" in submission.body:
            accepted = day(submission, "offerAcceptedDate")
            assert day(submission, "offerDate") <= accepted <= sent
        assert 14 <= (day(submission, "startDate") - sent).days <= 77
        for registration in submission.body.get("registrations", ()):
            assert date.fromisoformat(registration["expiryDate"]) > sent


def test_everything_happens_before_the_start_and_is_not_dated_ahead(
    histories: list[History],
) -> None:
    for history in histories:
        sent, start = local_day(history[0].at), day(history[0], "startDate")
        for event in history[1:]:
            today = local_day(event.at)
            assert sent <= today < start
            if event.kind is Kind.CHECK:
                asked = day(event, "requestedDate")
                assert sent < asked <= today
                assert asked <= date.fromisoformat(event.body.get("completedDate", str(today)))
                assert event.body.get("completedDate", str(today)) == str(today)


def test_a_start_is_put_off_and_the_contract_keeps_its_length(histories: list[History]) -> None:
    with_end = 0
    for history in histories:
        for event in history:
            if event.kind is not Kind.START_DATE_CHANGE:
                continue
            old, new = day(history[0], "startDate"), day(event, "startDate")
            assert 6 <= (new - old).days <= 34
            assert is_working_day(new.toordinal())
            assert ("endDate" in event.body) == ("endDate" in history[0].body)
            if "endDate" in event.body:
                with_end += 1
                assert day(event, "endDate") - new == day(history[0], "endDate") - old

    assert with_end > 10


def test_a_withdrawal_is_the_end(histories: list[History]) -> None:
    ended = [
        history for history in histories if any(each.kind is Kind.WITHDRAWAL for each in history)
    ]

    for history in ended:
        assert history[-1].kind is Kind.WITHDRAWAL
        assert history[-1].body["withdrawnDate"] == str(local_day(history[-1].at))
        assert local_day(history[-2].at) < local_day(history[-1].at)
        failed = any(event.body.get("outcome") == "NOT_CLEAR" for event in history)
        assert failed == (history[-1].body["reason"] == "CHECKS_NOT_SATISFIED")
    assert len(ended) > 200


def test_what_is_sent_again_is_sent_before_the_check_moves_on(
    year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One in a hundred seldom meets an update that follows at once; all of them do.
    monkeypatch.setattr("simulators.year.histories.RESENDS", 100.0)

    for history in replace(year, applicants=1_500).histories():
        for event in history:
            if event.kind is not Kind.RESEND:
                assert event.of is None
                continue
            assert event.of is not None
            first = history[event.of % STEPS]
            between = history[first.number % STEPS + 1 : event.number % STEPS]
            assert event.of // STEPS == event.applicant
            assert (first.body, first.check_type) == (event.body, event.check_type)
            assert first.kind in (Kind.APPLICANT, Kind.CHECK)
            assert 0 < event.at - first.at <= 600_000_000
            assert first.check_type not in {
                each.check_type for each in between if each.kind is Kind.CHECK
            }


def test_all_who_apply_are_strangers(world: World, histories: list[History]) -> None:
    staff = {employee["person"].get("niNumber") for employee in world.employees} - {None}
    numbers = [history[0].body["person"].get("niNumber") for history in histories]
    given = [number for number in numbers if number]

    assert not staff & set(given)
    assert len(set(given)) == len(given)
    assert not any("internalCandidate" in history[0].body for history in histories)


# Whose vacancies, and what cannot be asked.


def test_the_world_says_which_vacancies_there_are(world: World) -> None:
    few = [{**each, "vacancyReference": f"ESR-{n}"} for n, each in enumerate(world.vacancies[:9])]
    smaller = replace(world, vacancies=tuple(few), hiring=Weighted.of(dict.fromkeys(range(9), 1)))
    year = Year(5, smaller, applicants=60)

    asked = {event.vacancy for event in year.events()}

    assert asked <= {each["vacancyReference"] for each in few}
    assert len(asked) > 4
    for history in map(year.history, range(60)):
        place = int(history[0].vacancy.removeprefix("ESR-"))
        assert history[0].body["positionId"] == few[place]["positionId"]


@pytest.mark.parametrize("first_day", [date(2027, 1, 4), date(2028, 2, 29)])
def test_a_year_may_begin_on_any_day(world: World, first_day: date) -> None:
    year = Year(5, world, applicants=200, first_day=first_day)

    days = [local_day(year.submitted(applicant)) for applicant in range(200)]

    assert first_day <= days[0] <= days[-1] < first_day + timedelta(days=365)
    assert len(list(year.events())) > 200 * 5.8 - 1


def test_what_is_not_there_is_refused(small: Year, world: World) -> None:
    for applicant in (-1, 400):
        with pytest.raises(IndexError, match="applicants are 0 to 399"):
            small.history(applicant)
    with pytest.raises(IndexError):
        small.event(STEPS - 1)
    for worker, of in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(ValueError, match="worker must be"):
            list(small.events(worker, of))
    with pytest.raises(ValueError, match="applicants must be 1 or more"):
        Year(5, world, applicants=0)
    with pytest.raises(ValueError, match="first_applicant must be 0 or more"):
        Year(5, world, first_applicant=-1)
    with pytest.raises(ValueError, match="no vacancies"):
        Year(5, replace(world, vacancies=()))
