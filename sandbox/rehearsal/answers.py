"""What ESR answered to each applicant's messages through one door, beside what it answered through the other."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.rehearsal.messages import Answer, Message


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """An applicant of whom the doors were not told the same; each side says what the other did not."""

    reference: str
    files: tuple[str, ...]
    api: tuple[str, ...]


@dataclass(slots=True)
class Answers:
    """Everything that was answered through one door."""

    said: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By the applicant's reference: how often which answer came to which kind of message."""

    def note(self, message: Message, answer: Answer) -> None:
        """Counts an answer."""
        self.said[message.reference][f"{message.what}: {answer.said}"] += 1

    @property
    def count(self) -> int:
        """How many answers there were."""
        return sum(counter.total() for counter in self.said.values())

    @property
    def by_code(self) -> dict[str, int]:
        """How often each answer came, whatever it was about."""
        found: Counter[str] = Counter()
        for counter in self.said.values():
            for answer, times in counter.items():
                found[answer.split(": ", 1)[1]] += times
        return dict(found.most_common())


def compare_answers(files: Answers, api: Answers) -> tuple[AnswerDifference, ...]:
    """The applicants of whom the two doors were told differently."""
    references = sorted(files.said.keys() | api.said.keys())
    return tuple(_differences(references, files, api))


def _differences(
    references: Iterable[str], files: Answers, api: Answers
) -> Iterable[AnswerDifference]:
    for reference in references:
        left, right = files.said[reference], api.said[reference]
        if left != right:
            yield AnswerDifference(reference, _only(left, right), _only(right, left))


def _only(these: Counter[str], those: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted((these - those).elements()))
