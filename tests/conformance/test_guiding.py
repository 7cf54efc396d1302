"""Guided mode through a folder: what is asked, what is answered, and a deadline that passes."""

import json
import threading
import time
from pathlib import Path
from typing import Any

from sandbox.conformance.driving import DONE, NO_ANSWER, NOT_OFFERED, Outcome
from sandbox.conformance.guiding import FolderGuide

STARTED = {"event": "case.started", "case": "recruitment-system.offers.a", "title": "An offer"}
ARGUMENTS = {"supplierReference": "C-1", "offerAcceptedDate": "2026-05-01"}


def performed(folder: Path, answer: str) -> tuple[Outcome, list[dict[str, Any]]]:
    """What comes of an order that somebody answers as soon as it is asked."""
    told: list[dict[str, Any]] = []
    guide = FolderGuide(folder, 20, told.append)
    guide.heard(told.append)(STARTED)

    def answers() -> None:
        deadline = time.monotonic() + 10
        while not (folder / "step-1.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        (folder / "answer-1").write_text(answer)

    person = threading.Thread(target=answers)
    person.start()
    outcome = guide.driver.perform("ACCEPT_OFFER", ARGUMENTS)
    person.join()
    return outcome, told


def test_a_step_is_asked_in_the_folder_and_its_answer_is_taken(tmp_path: Path) -> None:
    outcome, told = performed(tmp_path / "guide", "done")

    step = json.loads((tmp_path / "guide" / "step-1.json").read_text())
    assert (outcome.state, outcome.self_attested) == (DONE, True)
    assert "accepted the offer on 2026-05-01" in step["sentence"]
    assert (step["number"], step["case"]) == (1, STARTED["case"])
    assert told[1:] == [
        {"event": "guide.asked", **step},
        {"event": "guide.answered", "number": 1, "answer": "done"},
    ]


def test_a_step_that_is_not_possible_is_not_offered(tmp_path: Path) -> None:
    assert performed(tmp_path, "not-possible\n")[0].state == NOT_OFFERED


def test_a_step_has_no_answer_once_its_time_is_up(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    # What is left of an earlier run is no answer.
    (tmp_path / "answer-1").write_text("done")

    outcome = FolderGuide(tmp_path, 0.05, told.append).driver.perform("ACCEPT_OFFER", ARGUMENTS)

    assert outcome.state == NO_ANSWER
    assert told[-1] == {"event": "guide.answered", "number": 1, "answer": ""}
