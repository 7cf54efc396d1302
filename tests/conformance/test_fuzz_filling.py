"""Real values go into the sound parts of a call, and never mend what it breaks."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.conformance.fuzz_filling import BODY, HEADER, NO_BODY, PATH, CaseFiller, Draft
from sandbox.conformance.world_feed import FeedExhaustedError, Known, replaced

EMPLOYER = "NHSD-End-User-Organisation-ODS"
KNOWN = Known(
    path={"thingId": "real"},
    headers={EMPLOYER: "X0A1B"},
    forced_headers={"If-Match": '"1"'},
    query={"cursor": None, "since": "given"},
    body={"name": "Ada", "address": {"town": "Thornwick"}, "size": 3},
    references={"/owner": "known"},
    always={"/url": "http://127.0.0.1:9/"},
)
DRAFT = Draft(
    operation_id="amend_thing",
    phase="fuzzing",
    sound=True,
    broken=frozenset(),
    broken_names=frozenset(),
    tested_pointer=None,
    declared_headers={"X-Request-ID": True, EMPLOYER: True, "If-Match": False},
    path={"thingId": "made up"},
    query={"cursor": "made up", "since": "made up", "limit": 3},
    headers={},
    body={"name": "Zoe", "owner": "made up"},
)


class Feed:
    """Answers with `KNOWN`, and notes whether something fresh was asked for."""

    def __init__(self) -> None:
        self.asked: list[bool] = []

    def prepare(self) -> None:
        return

    def known(self, operation_id: str, *, fresh: bool) -> Known:
        self.asked.append(fresh)
        return KNOWN

    def observe(self, operation_id: str, status: int, body: Any) -> None:
        return


def draft(**changes: Any) -> Draft:
    made = {"path": dict(DRAFT.path), "query": dict(DRAFT.query), "headers": {}} | changes
    return replace(DRAFT, **made)


def filled(call: Draft, feed: Feed | None = None) -> Draft:
    CaseFiller(feed or Feed(), seed=1, run_id="r").fill(call)
    return call


def test_sound_call_is_taken_from_the_world() -> None:
    call = filled(draft())

    assert call.path == {"thingId": "real"}
    assert call.query == {"since": "given", "limit": 3}
    assert call.headers[EMPLOYER] == "X0A1B"
    assert call.headers["If-Match"] == '"1"'
    assert call.body == {**KNOWN.body, "url": "http://127.0.0.1:9/"}


def test_one_sound_call_in_six_keeps_its_made_up_identifier_but_no_made_up_cursor() -> None:
    filler = CaseFiller(Feed(), seed=1, run_id="r")
    calls = [draft() for _ in range(6)]
    for call in calls:
        filler.fill(call)

    made_up = [call for call in calls if call.path["thingId"] == "made up"]
    assert len(made_up) == 1
    assert "cursor" not in made_up[0].query
    assert made_up[0].body["url"] == "http://127.0.0.1:9/"


@pytest.mark.parametrize("part", [PATH, BODY])
def test_broken_part_stays_as_it_is(part: str) -> None:
    before = draft(sound=False, broken=frozenset({part}))

    call = filled(draft(sound=False, broken=frozenset({part})))

    assert (call.path == before.path) is (part == PATH)
    assert (call.body == before.body) is (part == BODY)


def test_header_left_out_on_purpose_stays_out_and_the_others_are_sound() -> None:
    call = filled(
        draft(sound=False, broken=frozenset({HEADER}), broken_names=frozenset({EMPLOYER.lower()}))
    )

    assert EMPLOYER not in call.headers
    assert "X-Request-ID" in call.headers


@pytest.mark.parametrize("names", [frozenset(), frozenset({"authorization"})])
def test_headers_stay_as_they_are_where_the_token_or_nobody_knows_what_is_broken(
    names: frozenset[str],
) -> None:
    call = filled(draft(sound=False, broken=frozenset({HEADER}), broken_names=names))

    assert call.headers == {}


def test_call_that_will_be_refused_uses_nothing_up() -> None:
    feed = Feed()

    filled(draft(sound=False, broken=frozenset({BODY})), feed)

    assert feed.asked == [False]


def test_coverage_keeps_the_one_value_that_the_case_is_about() -> None:
    generated = {"name": "Z", "address": {"town": "T" * 40}, "size": 10}

    call = filled(draft(phase="coverage", tested_pointer="/address/town", body=generated))

    assert call.body["address"] == {"town": "T" * 40}
    assert call.body["name"] == "Ada"


def test_coverage_keeps_the_shape_of_a_whole_body() -> None:
    call = filled(draft(phase="coverage", body={"name": "Z", "nickname": "N"}))

    assert call.body == {"name": "Ada", "nickname": "N", "url": "http://127.0.0.1:9/"}


def test_sequence_keeps_to_the_link_that_led_to_it() -> None:
    filler = CaseFiller(Feed(), seed=1, run_id="r")
    filler.observe("create_thing", 201, {"items": [{"thingId": "linked"}]}, frozenset({"thingId"}))
    call = draft(phase="stateful", path={"thingId": "linked"})

    filler.fill(call)

    assert call.path == {"thingId": "linked"}


def test_request_ids_are_fresh_and_follow_from_seed_and_run() -> None:
    def ids(seed: int, run_id: str) -> list[str]:
        filler = CaseFiller(Feed(), seed=seed, run_id=run_id)
        calls = [draft() for _ in range(50)]
        for call in calls:
            filler.fill(call)
        return [call.headers["X-Request-ID"].lower() for call in calls]

    assert len(set(ids(1, "a"))) == 50
    assert ids(1, "a") == ids(1, "a")
    assert not set(ids(1, "a")) & set(ids(1, "b"))


def test_feed_that_ran_dry_leaves_the_call_as_generated_and_is_remembered() -> None:
    class Dry(Feed):
        def known(self, operation_id: str, *, fresh: bool) -> Known:
            raise FeedExhaustedError("no thing is left")

    filler = CaseFiller(Dry(), seed=1, run_id="r")
    call = draft(body=NO_BODY)

    filler.fill(call)

    assert call.path == {"thingId": "made up"}
    assert filler.gaps == {"amend_thing": "no thing is left"}


def test_pointer_is_set_only_where_its_parent_exists() -> None:
    assert replaced({"a": {"b": 1}}, "/a/b", 2) == {"a": {"b": 2}}
    assert replaced({"a": {}}, "/x/b", 2) == {"a": {}}
    assert replaced([1], "/a", 2) == [1]
