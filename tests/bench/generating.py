"""Applicants with their histories: ours, in the blocks in which a year streams, beside drawing each field from Faker
and from Mimesis.
"""

import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib import import_module
from itertools import chain, count

from faker import Faker

from simulators.world import TODAY
from simulators.year import Year
from tests.bench.measuring import SEED, Bench, strangers
from tests.bench.naive import Fields, applicant_with_history
from tests.bench.peers import PeerMissing
from tests.bench.table import Row, Target, of_rounds

_OURS, _FAKER, _MIMESIS = "ours", "Faker, each field", "Mimesis, each field"
_TARGETS = {_FAKER: Target(10), _MIMESIS: None}
_LEAST_SECONDS, _SMOKE_SECONDS = 2.0, 0.1
_AT_ONCE = 500


def measure(bench: Bench) -> list[Row]:
    """Applicants a second of processor time, so of one core, in turns; the first round warms up and does not count."""
    year = Year(SEED, strangers())
    histories = chain.from_iterable(year.histories() for _ in count())
    makers: dict[str, Callable[[], object]] = {_OURS: partial(next, histories)}
    left_out: dict[str, str] = {}
    makers[_FAKER] = _each(faker_fields())
    try:
        makers[_MIMESIS] = _each(_mimesis(bench))
    except (PeerMissing, ImportError) as problem:
        left_out[_MIMESIS] = str(problem)
        bench.tell(f"Mimesis is left out: {problem}")
    rates: dict[str, list[float]] = {}
    for turn in range(bench.rounds + 1):
        for name, make in makers.items():
            rate = _rate(make, _SMOKE_SECONDS if bench.smoke else _LEAST_SECONDS)
            if turn:
                rates.setdefault(name, []).append(rate)
            bench.tell_round(turn, f"{name} {rate:,.0f} applicants/s")
    return [
        Row(
            "applicants with histories",
            "applicants/s of a core",
            of_rounds(rates[_OURS]),
            name,
            of_rounds(rates.get(name, [])),
            target,
            left_out=left_out.get(name, ""),
        )
        for name, target in _TARGETS.items()
    ]


def _rate(make: Callable[[], object], least_seconds: float) -> float:
    made = 0
    began = time.process_time()
    while (took := time.process_time() - began) < least_seconds:
        for _ in range(_AT_ONCE):
            make()
        made += _AT_ONCE
    return made / took


def _each(draw: Fields) -> Callable[[], object]:
    return partial(applicant_with_history, draw, TODAY)


def faker_fields() -> Fields:
    fake = Faker("en_GB")
    fake.seed_instance(SEED)
    return Fields(
        title=fake.prefix,
        first_name=fake.first_name,
        last_name=fake.last_name,
        full_name=fake.name,
        date_of_birth=partial(fake.date_of_birth, minimum_age=17, maximum_age=69),
        country_code=fake.country_code,
        street_address=fake.street_address,
        city=fake.city,
        county=fake.county,
        postcode=fake.postcode,
        email=fake.email,
        mobile=fake.cellphone_number,
        company=fake.company,
        pattern=fake.numerify,
        element=fake.random_element,
        whole=fake.random_int,
        day_between=fake.date_between,
        chance=fake.boolean,
    )


def _mimesis(bench: Bench) -> Fields:
    """What Mimesis has no function for is drawn from its source of chance.

    Raises PeerMissing, or ImportError where it does not run here.
    """
    folder = str(bench.peers.mimesis())
    if folder not in sys.path:
        sys.path.append(folder)
    mimesis = import_module("mimesis")
    generic = mimesis.Generic(import_module("mimesis.locales").Locale.EN_GB, seed=SEED)
    person, address, chances = generic.person, generic.address, generic.random
    return Fields(
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        full_name=person.full_name,
        date_of_birth=partial(person.birthdate, min_year=1957, max_year=2008),
        country_code=address.country_code,
        street_address=address.address,
        city=address.city,
        county=address.state,
        postcode=address.postal_code,
        email=person.email,
        mobile=person.phone_number,
        company=generic.finance.company,
        pattern=lambda mask: chances.generate_string_by_mask(mask, digit="#", char="~"),
        element=chances.choice,
        whole=chances.randint,
        day_between=lambda first, last: date.fromordinal(
            chances.randint(first.toordinal(), last.toordinal())
        ),
        chance=lambda percent: chances.random() * 100 < percent,
    )
