"""What a page tells of an answer of the control API."""

from sandbox.console.powers import Answer

_COUNTED = "The request breaks the contract in 2 places; see errors."


def test_a_refusal_in_several_places_names_each() -> None:
    errors = [
        {"location": "body", "pointer": "/name", "detail": "the value is too short"},
        {"location": "body", "pointer": "", "detail": "'odd' is not known"},
    ]

    told = Answer(400, {"detail": _COUNTED, "errors": errors}).sentence

    assert told == (
        "The request breaks the contract in 2 places: name: the value is too short; body: 'odd' is not known."
    )
