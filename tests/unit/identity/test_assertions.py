"""The bounds of an assertion's times, to the second."""

import pytest

from sandbox.identity.assertions import Assertion, check, check_audience, is_too_far
from sandbox.identity.faults import Fault, TokenRefused

NOW = 1_800_000_000
URL = "https://sandbox.example/oauth2/token"


def _assertion(**claims: object) -> Assertion:
    good = {"iss": "a", "sub": "a", "aud": URL, "jti": "1", "exp": NOW + 300}
    return Assertion("", {"alg": "RS512", "typ": "JWT", "kid": "k"}, {**good, **claims})


@pytest.mark.parametrize(("exp", "is_good"), [(NOW + 1, True), (NOW, False), (NOW - 1, False)])
def test_an_assertion_has_expired_in_the_second_that_it_names(exp: int, is_good: bool) -> None:
    if is_good:
        check(_assertion(exp=exp), NOW)
        return
    with pytest.raises(TokenRefused) as refused:
        check(_assertion(exp=exp), NOW)
    assert refused.value.fault is Fault.EXPIRED


@pytest.mark.parametrize(("ahead", "too_far"), [(300, False), (310, False), (311, True)])
def test_ten_seconds_are_allowed_beyond_five_minutes(ahead: int, too_far: bool) -> None:
    assert is_too_far(_assertion(exp=NOW + ahead), NOW) is too_far


@pytest.mark.parametrize(
    ("ahead", "is_good"), [(10, True), (11, False), ("x", False), (True, False)]
)
def test_an_assertion_may_begin_ten_seconds_ahead(ahead: object, is_good: bool) -> None:
    begins = ahead if isinstance(ahead, str | bool) else NOW + int(str(ahead))
    if is_good:
        check_audience(_assertion(nbf=begins), URL, NOW)
        return
    with pytest.raises(TokenRefused) as refused:
        check_audience(_assertion(nbf=begins), URL, NOW)
    assert refused.value.fault is Fault.UNKNOWN


def test_subject_and_jti_together_are_what_is_spent() -> None:
    # Whatever stands in the two, one pair is never taken for another.
    seen = {
        _assertion(sub=sub, jti=jti).identity
        for sub, jti in [("a", "b"), ("ab", ""), ("", "ab"), ('a", "b', ""), ("b", "a")]
    }

    assert len(seen) == 5
