"""Consumer rules over recorded traffic: what a recruitment system sent, held against what it must do.

    results = judge_traffic(read_recording(path), TrafficFacts(client="acme", enabled=frozenset({"X0A1B"})))

Each rule is a small automaton over the exchanges of one subject. Rules kept here:
- What was never exercised is inconclusive, and what cannot be seen on the wire is for a person to review: neither passes.
- A duty is judged by what went over the wire, never by what the subject says of itself.
- What the suite itself provoked (`TrafficFacts.provoked`) is no fault of the subject.
"""

from sandbox.conformance.traffic.facts import TrafficFacts
from sandbox.conformance.traffic.har import read_har
from sandbox.conformance.traffic.judging import judge_traffic, judged_requirements
from sandbox.conformance.traffic.reading import RecordingError, read_recording
from sandbox.conformance.traffic.rule import RuleResult

__all__ = [
    "RecordingError",
    "RuleResult",
    "TrafficFacts",
    "judge_traffic",
    "judged_requirements",
    "read_har",
    "read_recording",
]
