import pytest

from simulators.streams import Stream, Weighted, shuffled


def test_a_stream_depends_on_seed_purpose_and_index_alone() -> None:
    first = [Stream(5, "person", 7).word() for _ in range(2)]
    others = [Stream(6, "person", 7), Stream(5, "dbs", 7), Stream(5, "person", 8)]

    assert first[0] == first[1]
    assert all(other.word() != first[0] for other in others)


def test_draws_are_the_same_on_every_machine() -> None:
    stream = Stream(5, "golden", 0)

    assert [stream.below(1_000) for _ in range(20)] == [
        415,
        285,
        736,
        838,
        248,
        493,
        393,
        394,
        727,
        99,
        559,
        549,
        73,
        85,
        416,
        491,
        242,
        51,
        525,
        658,
    ]


def test_weighted_draws_follow_their_shares() -> None:
    stream = Stream(5, "shares", 0)
    table = Weighted.of({"often": 3, "never": 0, "seldom": 1})

    drawn = [stream.weighted(table) for _ in range(20_000)]

    assert drawn.count("often") / len(drawn) == pytest.approx(0.75, abs=0.02)
    assert "never" not in drawn


def test_weights_must_be_possible() -> None:
    with pytest.raises(ValueError, match="positive"):
        Weighted.of({"a": 0})


def test_between_reaches_both_ends() -> None:
    stream = Stream(5, "ends", 0)

    assert {stream.between(1, 3) for _ in range(200)} == {1, 2, 3}


@pytest.mark.parametrize("size", [1, 2, 10, 1_000, 12_000])
def test_shuffled_gives_each_place_once(size: int) -> None:
    assert {shuffled(5, "places", index, size) for index in range(size)} == set(range(size))


def test_quantile_stays_within_its_table() -> None:
    stream = Stream(5, "quantiles", 0)

    drawn = [stream.quantile((0, 10, 100)) for _ in range(10_000)]

    assert min(drawn) >= 0
    assert max(drawn) < 100
    assert sum(value < 10 for value in drawn) / len(drawn) == pytest.approx(0.5, abs=0.02)
