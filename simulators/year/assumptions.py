"""What a year rests on, in words."""

from simulators.checks import UPDATES
from simulators.year.histories import RESENDS, START_DATE_CHANGES, WITHDRAWALS
from simulators.year.hours import HOUR_SHARES, WEEKDAY_SHARES
from simulators.year.seasons import LONGEST_LEAD, ROTATION, SHORTEST_LEAD

_JOINERS = "NHS England, NHS Workforce Statistics, 25 English trusts, April 2024 to March 2025"

ASSUMPTIONS: tuple[str, ...] = (
    (
        "A year has 250,000 applicants and 1,200,000 check updates, 4.8 for each (ESR News, March 2022); they are shared"
        f" out as {', '.join(f'{share} % with {number}' for number, share in UPDATES.items())} (assumed)."
    ),
    (
        f"Nurses and clinical support staff start in the months of the published joiners ({_JOINERS}); all other groups in"
        " the mean of the two (assumed), within a month in equal parts on the first working day of each week (assumed)."
    ),
    (
        f"Of doctors in training {ROTATION[8]:.0%} start on the first Wednesday of August, {ROTATION[2]:.0%} and"
        f" {ROTATION[4]:.0%} on that of February and April (assumed; the main changeover is on the first Wednesday of"
        " August)."
    ),
    (
        "Staff groups have their shares of joiners: stock by staff group (NHS England, June 2018) times joiner rate (as"
        " the months; other groups assumed)."
    ),
    (
        f"Applicants are sent {SHORTEST_LEAD} to {LONGEST_LEAD} days before they start, each day as likely (assumed, within"
        " the send window of doctors in training, 13 weeks to 2 days)."
    ),
    (
        "Nothing is sent on Saturdays, Sundays and bank holidays of England and Wales (assumed), but that a re-send may"
        " run past midnight."
    ),
    (
        f"Submissions from Monday to Friday: {' '.join(map(str, WEEKDAY_SHARES))} in a hundred, each day up to 15 % more or"
        " less by chance (assumed). What a weekend delays of the checks comes on the next working day."
    ),
    (
        f"Messages in each hour from midnight, UK time, in thousandths: {' '.join(map(str, HOUR_SHARES))} (assumed; none is"
        " published)."
    ),
    (
        "Checks begin one to five days after the submission and last as long as is published for DBS (mean 12.3 days for"
        " enhanced, April 2025), otherwise as assumed; all end before the start date."
    ),
    (
        f"{WITHDRAWALS:g} % of applicants withdraw, all of them with few updates; {START_DATE_CHANGES:g} % get a start date"
        " one to four weeks later (assumed; no share is published)."
    ),
    (
        f"{RESENDS:g} % of submissions and updates are sent again as a new request with the same body, within ten minutes"
        " (assumed)."
    ),
    "Nobody who applies is on ESR already, and nobody is hired while the year runs (assumed).",
)
