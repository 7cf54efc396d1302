"""Kills a sandbox over and over under a mixed load, and looks after each kill for what must not be lost, doubled or halved.

The moments are drawn from a seed: at random, or while something is under way that takes several transactions.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from receiving import Delivery, Receiver

from sandbox.server import Started
from tests.durability.acts import Gate
from tests.durability.load import (
    Filer,
    Keeper,
    Mover,
    Resetter,
    Role,
    Supplier,
    Tenant,
    new_tenant,
)
from tests.durability.looking import Looker

WAIT = 60.0
_SAMPLE = 12
_LONG = ("advance", "hour", "snapshot", "restore", "reset", "seed")


class Victim(Protocol):
    """What is killed."""

    running: Started

    def reader(self) -> sa.Engine:
        """An engine that reads what is committed."""

    def kill(self, draw: Random) -> str:
        """Ends it, or a part of it, without a word; answers which."""

    def revive(self) -> None:
        """Makes it whole again, under the same address."""

    def stop(self) -> None:
        """Ends it in order."""


@dataclass
class Counts:
    """What a run has seen."""

    kills: Counter[str] = field(default_factory=Counter)
    """By the moment."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    """By the act."""
    cut_done: int = 0
    """Acts that a kill left without an answer and that were found whole."""
    cut_undone: int = 0
    """The same, of which nothing was found."""
    sent_again: int = 0
    """Acknowledged acts that were sent once more and answered as before."""
    lost: int = 0
    doubled: int = 0
    delivered: int = 0
    delivered_again: int = 0

    def __str__(self) -> str:
        acts = ", ".join(f"{name} {count}" for name, count in sorted(self.acknowledged.items()))
        moments = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"{self.kills.total()} kills ({moments})\n"
            f"{self.acknowledged.total()} acknowledged writes ({acts}): {self.lost} lost, {self.doubled} doubled\n"
            f"{self.cut_done + self.cut_undone} writes were cut off: {self.cut_done} were there whole, "
            f"{self.cut_undone} not at all, none in part; {self.sent_again} were sent again and answered as before\n"
            f"{self.delivered} events delivered, {self.delivered_again} of them again under their id"
        )


@dataclass
class Crashing:
    """One run against one victim."""

    victim: Victim
    seed: int
    hub: Any = None
    tell: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        self.draw = Random(f"{self.seed}/kills")
        self.gate = Gate()
        self.counts = Counts()
        self._looker = Looker(self.victim.reader())
        self._flaky = Random(f"{self.seed}/receiver")
        self._failing = 0.15
        self._arrived = threading.Event()
        self._receiver = Receiver(answer=self._answer)
        self._again = 0
        self._followed = 0
        self._seen: dict[tuple[str, str], bytes] = {}
        self._orders: dict[tuple[str, str], str] = {}
        self._tenants: dict[str, Tenant] = {}
        self._roles: list[Role] = []
        self._populate()

    def _answer(self, delivery: Delivery) -> int:
        self._arrived.set()
        if delivery.url.endswith("/passing"):
            return 202
        if "/moving" in delivery.url and self._flaky.random() < self._failing:
            return 503
        if self._flaky.random() < 0.05:
            # So that a kill may fall between what was taken and what was answered.
            threading.Event().wait(0.05)
        return 202

    def _populate(self) -> None:
        url = self.victim.running.url
        names = {"going": False, "moving": True, "keeping": True, "ending": False}
        if self.hub is not None:
            names["filing"] = True
        self._tenants = {
            name: new_tenant(url, name, frozen=frozen) for name, frozen in names.items()
        }
        root = self._receiver.url
        common = (url, self.gate, self.seed)
        going, moving = self._tenants["going"], self._tenants["moving"]
        self._roles = [Supplier(going, *common, number, root) for number in (1, 2, 3)]
        self._roles += [
            Mover(moving, *common, 4),
            Keeper(self._tenants["keeping"], *common, 5),
            Resetter(self._tenants["ending"], *common, 6),
        ]
        if self.hub is not None:
            self._roles.append(Filer(self.hub, self._tenants["filing"], *common, 7))
        for role, path in ((self._roles[0], "going"), (self._roles[3], "moving")):
            body = {"url": f"{root}/{path}"}
            made = role.asker.esr("subscribe", "POST", "/event-subscriptions", body)
            assert made.is_done, made.answer

    def run(self, kills: int) -> Counts:
        """Kills it `kills` times. Raises AssertionError at once for what does not hold."""
        threads = [threading.Thread(target=role.run, daemon=True) for role in self._roles]
        for thread in threads:
            thread.start()
        try:
            while self.counts.kills.total() < kills:
                moment = self._moment()
                self._wait_for(moment)
                self._kill(moment)
                self._look()
                self.tell(f"{self.counts.kills.total()} of {kills}: {moment}")
                self.gate.open()
            self.gate.shut()
            self._check_trouble()
            self._wait_until_parked()
            self._end()
        finally:
            self.gate.open(over=True)
            for thread in threads:
                thread.join(WAIT)
            self._receiver.close()
        return self.counts

    def _moment(self) -> str:
        likely = {
            "at random": 6,
            "while a long act is under way": 4,
            "while an event is delivered": 3,
        }
        if hasattr(self.victim, "checkpoints"):
            likely |= {"at a checkpoint": 2, "while it starts": 3, "while it stops": 1}
        return self.draw.choices(list(likely), list(likely.values()))[0]

    def _wait_for(self, moment: str) -> None:
        # In any case a while of load, so that there is something to lose.
        self._idle(self.draw.uniform(0.2, 1.2))
        if moment == "while a long act is under way":
            wanted = self.draw.choice(_LONG)
            self._until(lambda: any(role.asker.sending == wanted for role in self._roles))
            self._idle(self.draw.expovariate(50))
        elif moment == "while an event is delivered":
            self._arrived.clear()
            self._until(self._arrived.is_set)
            self._idle(self.draw.uniform(0, 0.004))
        elif moment == "at a checkpoint":
            before = self.victim.checkpoints()  # type: ignore[attr-defined]
            self._until(lambda: self.victim.checkpoints() != before)  # type: ignore[attr-defined]
            self._idle(self.draw.uniform(0, 0.01))

    def _idle(self, seconds: float) -> None:
        threading.Event().wait(seconds)
        self._check_trouble()

    def _until(self, holds: Callable[[], bool]) -> None:
        """Waits for a moment; where it does not come the next one is as good."""
        deadline = time.monotonic() + 3.0
        while not holds() and time.monotonic() < deadline:
            threading.Event().wait(0.0005)

    def _kill(self, moment: str) -> None:
        self.gate.shut()
        what = "the process"
        if moment == "while it stops":
            self.victim.kill_while_it_stops(self.draw)  # type: ignore[attr-defined]
        else:
            what = self.victim.kill(self.draw)
        self.counts.kills[f"of {what} {moment}"] += 1
        if moment == "while it starts":
            for _ in range(self.draw.randrange(1, 3)):
                self.victim.kill_while_it_starts(self.draw)  # type: ignore[attr-defined]
                self.counts.kills[f"of {what} {moment}"] += 1
        self.victim.revive()
        self._wait_until_parked()

    def _wait_until_parked(self) -> None:
        deadline = time.monotonic() + WAIT
        while not self.gate.has_parked(len(self._roles), 0.2):
            self._check_trouble()
            sending = [role.asker.sending for role in self._roles]
            assert time.monotonic() < deadline, f"somebody goes on asking: {sending}"

    def _check_trouble(self) -> None:
        for role in self._roles:
            if role.trouble is not None:
                raise role.trouble

    def _look(self) -> None:
        self._check_trouble()
        ends = frozenset({"keeping", "ending"})
        # What is left waiting is done on its own; a look is one transaction, so it sees a whole.
        self._looker.look(list(self._tenants), ends)
        ended = self._resolve()
        self._acknowledged(ended)
        for role in self._roles:
            if role not in ended:
                if hasattr(role, "look"):
                    role.look()
                self._shown(role, 6)
        self._deliveries()

    def _resolve(self) -> list[Role]:
        """Sends what was cut off again: it is done now, or it was done before. Answers whose world has thereby ended."""
        ended = []
        for role in self._roles:
            act = role.asker.pending
            if act is None:
                continue
            before = self._looker.held(role.tenant.name).get(act.request_id)
            role.asker.send(act)
            if before is not None:
                self.counts.cut_done += 1
                self.counts.doubled += before != (act.status, act.answer)
                assert before == (act.status, act.answer), (act.name, before, act.answer)
            else:
                self.counts.cut_undone += 1
            role.asker.pending = None
            if act.name in ("reset", "restore"):
                ended.append(role)  # It has yet to hear of it itself.
        return ended

    def _acknowledged(self, ended: Sequence[Role] = ()) -> None:
        roles = [role for role in self._roles if role not in ended]
        for name in self._tenants:
            acts = [
                act for role in roles if role.tenant.name == name for act in role.asker.acknowledged
            ]
            lost = self._looker.lost(name, acts)
            self.counts.lost += len(lost)
            assert lost == [], (name, len(lost), lost[0])
        for role in roles:
            done = role.asker.acknowledged
            for act in self.draw.sample(done, min(len(done), _SAMPLE // len(self._roles) + 1)):
                assert role.asker.ask_until_answered(act) == (act.status, act.answer), act
                self.counts.sent_again += 1
        self.counts.acknowledged = Counter()
        for role in self._roles:
            self.counts.acknowledged.update(role.asker.counted)

    def _shown(self, role: Role, most: int | None = None) -> None:
        """What was told last of a record is what is read."""
        addresses = list(role.shown)
        if most is not None:
            addresses = self.draw.sample(addresses, min(len(addresses), most))
        for address in addresses:
            found = role.asker.read(address)
            told = role.shown[address]
            assert told.items() <= found.items(), (address, told, found)

    def _deliveries(self) -> None:
        """Each delivery of an event is the same, and those about one applicant come in order."""
        taken = list(self._receiver.deliveries)
        for delivery, status in taken[self._followed :]:
            if delivery.url.endswith("/passing"):
                continue
            event = delivery.event
            key = (delivery.url, str(event["id"]))
            if status == 202:
                self.counts.delivered += 1
            if key in self._seen:
                assert self._seen[key] == delivery.body, ("altered", key)
                self.counts.delivered_again += status == 202
                continue
            if status != 202:
                continue
            self._seen[key] = delivery.body
            of_subject = (delivery.url, str(event["subject"]))
            assert self._orders.get(of_subject, "") < event["sequence"], ("out of order", event)
            self._orders[of_subject] = event["sequence"]
        self._followed = len(taken)

    def _end(self) -> None:
        """After the last kill: all that was to be delivered is, and all that was ever told is there."""
        self._failing = 0.0
        mover = self._roles[3]
        mover.asker._gate = Gate()
        assert isinstance(mover, Mover)
        mover.asker.control("advance", "POST", "/clock/advance", {"by": "P7D"})
        self._acknowledged()
        for role in self._roles:
            if hasattr(role, "look"):
                role.look()
            self._shown(role)
        for name in ("going", "moving"):
            asker = next(role.asker for role in self._roles if role.tenant.name == name)
            self._wait_until_sent(name)
            self._deliveries()
            events = {event["id"]: event for event in self._looker.events(name)}
            got = {key[1]: body for key, body in self._seen.items() if key[0].endswith(name)}
            begin = min((int(orjson.loads(body)["sequence"]) for body in got.values()), default=0)
            due = {key for key, event in events.items() if int(event["sequence"]) >= begin}
            assert set(got) == due, (name, "not delivered", len(due - set(got)), "of", len(due))
            for key, body in got.items():
                assert orjson.loads(body) == events[key], (name, "delivered otherwise", key)
            assert asker.read(asker.control_url("/clock"))
        self._looker.look(list(self._tenants), frozenset({"keeping", "ending"}))
        self._looker.damage()

    def _wait_until_sent(self, name: str) -> None:
        deadline = time.monotonic() + WAIT
        while self._looker.waiting(name):
            assert time.monotonic() < deadline, f"{self._looker.waiting(name)} messages are left"
            threading.Event().wait(0.05)
