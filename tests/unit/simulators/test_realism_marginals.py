import re
from collections import Counter
from datetime import date

import pytest

from sandbox.cli.realism import _surroundings
from simulators.realism.counting import OF_A_YEAR, RATES, SHARES, staff_gaps
from simulators.realism.marginals import FEW, Tally, marginal
from simulators.realism.measure import Realism, case_of, measure
from simulators.realism.published import (
    Kind,
    PublishedFigure,
    assumptions,
    published_figures,
)
from simulators.world import World

OF_STAFF = "disclosure-gaps-of-staff"


def figure(kind: Kind, unit: str = "%", **values: float) -> PublishedFigure:
    return PublishedFigure(
        "id", "title", kind, "basis", "all", "now", "here", "https://", values, unit
    )


def tally(**count: int) -> Tally:
    found = Tally()
    found.count = Counter(count)
    return found


@pytest.fixture(scope="module")
def realism() -> Realism:
    return measure(300, _surroundings(World.make(1, 5, 60), 1), lambda _: None)


def test_shares_that_agree_have_no_distance() -> None:
    same = marginal(figure(Kind.SHARES, a=60, b=40), tally(a=600, b=400))

    assert same.distance == pytest.approx(0)
    assert same.chance == pytest.approx(1.24, abs=0.01)


def test_the_distance_of_shares_is_what_would_have_to_move() -> None:
    far = marginal(figure(Kind.SHARES, a=50, b=30, c=20), tally(a=20, b=30, c=50))

    assert far.distance == pytest.approx(30)
    assert far.largest is not None
    assert (far.largest.label, far.largest.difference) == ("a", pytest.approx(-30))


def test_published_shares_may_have_any_sum() -> None:
    found = marginal(figure(Kind.SHARES, a=3, b=1), tally(a=75, b=25))

    assert [value.published for value in found.values] == [75, 25]
    assert found.distance == pytest.approx(0)


def test_labels_that_nobody_published_count_for_nothing() -> None:
    found = marginal(figure(Kind.SHARES, a=1, b=1), tally(a=10, b=10, other=80))

    assert found.distance == pytest.approx(0)
    assert found.seen == 20


def test_the_distance_of_rates_is_the_largest_difference() -> None:
    seen = Tally()
    for _ in range(FEW):
        seen.add_rates([("a", 100.0), ("b", 0.0)])

    found = marginal(figure(Kind.RATES, a=90, b=5), seen)

    assert found.distance == pytest.approx(10)
    assert [value.ours for value in found.values] == [100, 0]


def test_a_rate_that_was_counted_too_seldom_makes_no_distance() -> None:
    seen = Tally()
    seen.add_rates([("a", 100.0)])

    found = marginal(figure(Kind.RATES, a=1), seen)

    assert found.values[0].ours == 100
    assert found.distance is None


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_counted_is_no_distance(kind: Kind) -> None:
    found = marginal(figure(kind, a=1, b=1), Tally())

    assert (found.distance, found.seen, found.values[0].ours) == (None, 0, None)


def test_a_mean_has_its_own_unit_and_spread() -> None:
    seen = Tally()
    for days in (1.0, 3.0) * FEW:
        seen.add_rates([("a", days)])

    found = marginal(figure(Kind.RATES, "days", a=5), seen)

    assert found.distance == pytest.approx(3)
    assert found.chance == pytest.approx(0.103, abs=0.001)


def test_every_figure_names_population_date_source_and_address() -> None:
    for each in published_figures():
        assert all((each.title, each.population, each.date, each.basis, each.source)), each.id
        assert all(re.match(r"https?://\S+$", url) for url in (each.url, *each.also)), each.id
        assert sum(each.values.values()) > 0, each.id


def test_every_figure_is_counted_and_everything_counted_is_shown() -> None:
    shares = {each.id for each in published_figures() if each.kind is Kind.SHARES}
    rates = {each.id for each in published_figures() if each.kind is Kind.RATES}
    assumed = {each.id for each in assumptions()}

    assert shares <= {*SHARES, *OF_A_YEAR}
    assert rates == {*RATES, OF_STAFF}
    assert set(SHARES) - shares <= assumed
    assert len(shares | rates | assumed) == len(published_figures()) + len(assumptions())


def test_labels_counted_are_labels_published() -> None:
    around = _surroundings(World.make(1, 5, 60), 1)
    cases = [case_of(index, around) for index in range(1_500)]
    counted = SHARES | OF_A_YEAR
    for each in published_figures():
        if each.id in counted:
            labels = {label for case in cases for label in counted[each.id](case)}
        elif each.id == OF_STAFF:
            labels = {
                label
                for employee in around.world.employees
                for label, _ in staff_gaps(employee["person"])
            }
        else:
            labels = {label for case in cases for label, _ in RATES[each.id](case)}
        assert labels <= set(each.values), each.id
        assert len(labels) >= min(2, len(each.values)), each.id


def test_the_examination_holds_and_measures_everything(realism: Realism) -> None:
    assert realism.holds
    assert realism.count == 300
    assert len(realism.marginals) == len(published_figures())
    assert [each.figure.id for each in realism.marginals if each.seen == 0] == []
    assert len(realism.assumed) == len(assumptions())


def test_the_same_seed_measures_the_same(realism: Realism) -> None:
    again = measure(300, _surroundings(World.make(1, 5, 60), 1), lambda _: None)

    assert again == realism


def test_a_share_known_to_be_near_is_near(realism: Realism) -> None:
    by_id = {each.figure.id: each for each in realism.marginals}

    for name, most in (("gender", 6), ("nationality", 6), ("ethnicity", 6), ("disability", 5)):
        assert (by_id[name].distance or 0) < most, name


def test_joiners_come_in_the_months_of_the_published_ones() -> None:
    around = _surroundings(World.make(1, 5, 60), 1)

    by_id = {each.figure.id: each for each in measure(3_000, around, lambda _: None).marginals}

    for name in ("joiners-by-month-nurses", "joiners-by-month-support"):
        assert (by_id[name].distance or 99) < by_id[name].chance + 4, name


def test_progress_hears_each_applicant() -> None:
    heard: list[int] = []

    measure(3, _surroundings(World.make(1, 1, 10), 1), heard.append)

    assert heard == [1, 2, 3]


def test_the_day_of_the_world_is_the_day_of_sending() -> None:
    around = _surroundings(World.make(1, 1, 10, today=date(2027, 1, 4)), 1)

    assert case_of(0, around).today == date(2027, 1, 4)
