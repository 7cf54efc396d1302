"""For which employers a caller may act, and for which one it does.

A client that is let in for some employers of its workspace names the one for whom it acts with every operation that is an
employer's; one that is let in for a single employer need not. What is another employer's is to it as if it were not there.
The header is the NHS platform's: mandatory for clients that act for several organisations
(https://github.com/NHSDigital/personal-demographics-service-api, headers).
"""

from sandbox.errors import Code, Place, Refusal
from sandbox.web.call import Call

EMPLOYER = "NHSD-End-User-Organisation-ODS"
_HEADER = EMPLOYER.lower()


def headers_of(call: Call) -> dict[str, str]:
    """The headers of the call, with the only employer of its client where none is named."""
    employers = call.employers
    if employers is not None and len(employers) == 1 and _HEADER not in call.headers:
        return {**call.headers, _HEADER: next(iter(employers))}
    return call.headers


def check_employer(call: Call) -> None:
    """Raises Refusal EMPLOYER_NOT_NAMED or EMPLOYER_NOT_ENABLED, whether there is such an employer or not."""
    if call.employers is None or call.employer in call.employers:
        return
    if call.employer is None:
        detail = f"Your client acts for several employers: name one in {EMPLOYER}."
        code = Code.EMPLOYER_NOT_NAMED
    else:
        detail = f"Your client may not act for the employer {call.employer}."
        code = Code.EMPLOYER_NOT_ENABLED
    raise Refusal(code, detail, places=(Place("header", EMPLOYER, detail),))
