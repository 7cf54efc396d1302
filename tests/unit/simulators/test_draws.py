from collections import Counter

import numpy as np
import pytest

from simulators.check_details import ALERT_NOTICE, CHECK_TYPES, DBS, REGISTRATION
from simulators.check_plans import RUNS, SHARES, plans
from simulators.draws import Draws, Quantiles, Tables, column
from simulators.streams import Weighted

CROWD = np.arange(20_000)


@pytest.mark.parametrize(
    "indexes", [[7], [6, 7, 8], [7, 7], [1, 7, 300], [9, 8, 7], [-3, 7], [7, 1 << 20]]
)
def test_an_index_draws_the_same_alone_and_in_any_block(indexes: list[int]) -> None:
    alone, block = (Draws(5, "person", np.array(each), 11) for each in ([7], indexes))

    for _ in range(11):
        assert block.words()[indexes.index(7)] == alone.words()[0]


def test_draws_depend_on_seed_purpose_and_index() -> None:
    found = [
        Draws(seed, purpose, np.array([index]), 1).words()[0]
        for seed in (5, 6)
        for purpose in ("person", "checks")
        for index in (-1, 0, 7, 8)
    ]

    assert len(set(found)) == len(found)


def test_draws_are_the_same_on_every_machine() -> None:
    draws = Draws(5, "golden", np.array([0, 1, 2, -1]), 2)

    assert [draws.below(1_000).tolist() for _ in range(2)] == [
        [958, 222, 46, 495],
        [982, 662, 754, 797],
    ]


def test_a_table_is_drawn_by_its_shares_for_each_kind() -> None:
    tables = Tables(Weighted.of({"often": 3, "never": 0, "seldom": 1}), Weighted.of({"always": 1}))

    drawn = Draws(5, "shares", CROWD, 1).weighted(tables, CROWD % 2)

    assert set(drawn[1::2]) == {"always"}
    counts = Counter(drawn[::2].tolist())
    assert set(counts) == {"often", "seldom"}
    assert counts["often"] / 10_000 == pytest.approx(0.75, abs=0.02)


def test_limits_are_kept_and_reached() -> None:
    draws = Draws(5, "limits", CROWD, 3)

    assert set(draws.between(1, 3).tolist()) == {1, 2, 3}
    assert (draws.below(CROWD + 1) <= CROWD).all()
    assert set(draws.pick(column("ab")).tolist()) == {"a", "b"}


def test_chance_is_a_percentage_for_each() -> None:
    drawn = Draws(5, "chance", CROWD, 1).chance(np.where(CROWD % 2, 20, 100))

    assert drawn[::2].all()
    assert drawn[1::2].mean() == pytest.approx(0.2, abs=0.02)


def test_quantiles_stay_within_the_table_of_their_kind() -> None:
    quantiles = Quantiles((0, 10, 100), (500, 600))

    drawn = Draws(5, "quantiles", CROWD, 1).quantile(quantiles, CROWD % 2)

    assert 0 <= drawn[::2].min() < drawn[::2].max() < 100
    assert 500 <= drawn[1::2].min() < drawn[1::2].max() < 600
    assert (drawn[::2] < 10).mean() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("updates", range(2, 9))
@pytest.mark.parametrize(
    "lacking", [frozenset(), frozenset({DBS}), frozenset({REGISTRATION, ALERT_NOTICE})]
)
def test_a_plan_has_all_updates_and_only_checks_that_are_asked_for(
    lacking: frozenset[str], updates: int
) -> None:
    for plan in plans(lacking, updates).values:
        assert sum(plan) == updates
        for check_type, length in zip(CHECK_TYPES, plan, strict=True):
            assert length <= (0 if check_type in lacking else len(RUNS[check_type]))


def test_a_check_crosses_as_often_as_its_share_where_there_is_room() -> None:
    table = plans(frozenset(), 7)
    chances = np.diff([0, *table.bounds]) / (1 << 32)

    for place, check_type in enumerate(CHECK_TYPES):
        crosses = sum(
            chance for plan, chance in zip(table.values, chances, strict=True) if plan[place]
        )
        assert crosses == pytest.approx(SHARES[check_type] / 100, abs=0.05)
