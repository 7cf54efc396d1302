"""The rows of the mock NHS Jobs. `document` holds a record as the contract shows it; beside it is what is looked up."""

import sqlalchemy as sa

from sandbox.database import metadata


def _workspace() -> sa.Column[str]:
    return sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True)


employers = sa.Table(
    "nhsjobs_employers",
    metadata,
    _workspace(),
    sa.Column("ods_code", sa.String(5), primary_key=True),
    sa.Column("vpd", sa.String(3), nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
)

# What NHS Jobs knows of ESR's positions: those with which its world began, as ESR's events have changed them since.
positions = sa.Table(
    "nhsjobs_positions",
    metadata,
    _workspace(),
    sa.Column("position_id", sa.BigInteger, primary_key=True),
    sa.Column("esr_sequence", sa.String(12), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)

adverts = sa.Table(
    "nhsjobs_adverts",
    metadata,
    _workspace(),
    sa.Column("advert_id", sa.Integer, primary_key=True),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("reference", sa.String(13), nullable=False),
    sa.Column("supplier_reference", sa.String(30)),
    sa.Column("vacancy_reference", sa.String(34)),
    sa.Column("close_date", sa.String(10)),
    sa.Column("esr_sequence", sa.String(12), nullable=False),
    # Why ESR made no vacancy for the advert.
    sa.Column("vacancy_problem", sa.Text),
    sa.Column("document", sa.Text, nullable=False),
    sa.UniqueConstraint("workspace", "reference", name="nhsjobs_adverts_reference"),
    sa.UniqueConstraint(
        "workspace", "ods_code", "supplier_reference", name="nhsjobs_adverts_supplier_reference"
    ),
    sa.UniqueConstraint("workspace", "vacancy_reference", name="nhsjobs_adverts_vacancy"),
)

# The last reference number that an employer's adverts have had in a year.
advert_numbers = sa.Table(
    "nhsjobs_advert_numbers",
    metadata,
    _workspace(),
    sa.Column("ods_code", sa.String(5), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)

# What the public search looks at: one row for each advert that is published.
board = sa.Table(
    "nhsjobs_board",
    metadata,
    _workspace(),
    sa.Column("advert_id", sa.Integer, primary_key=True),
    sa.Column("employer", sa.String(5), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("places", sa.Text, nullable=False),
    sa.Column("staff_group", sa.String(2), nullable=False),
    sa.Column("contract_type", sa.String(20), nullable=False),
    sa.Column("pay_band", sa.String(10), nullable=False),
    sa.Column("working_patterns", sa.Text, nullable=False),
    sa.Column("salary_minimum", sa.Float),
    sa.Column("salary_maximum", sa.Float),
    sa.Column("internal_only", sa.Boolean, nullable=False),
    sa.Column("post_date", sa.String(24), nullable=False),
    sa.Column("local_post_date", sa.String(29), nullable=False),
    sa.Column("close_date", sa.String(10), nullable=False),
    sa.Index("nhsjobs_board_by_date", "workspace", "post_date"),
)

applications = sa.Table(
    "nhsjobs_applications",
    metadata,
    _workspace(),
    sa.Column("application_id", sa.Integer, primary_key=True),
    sa.Column("advert_id", sa.Integer, nullable=False),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("reference", sa.String(18), nullable=False),
    sa.Column("email_key", sa.String(254), nullable=False),
    sa.Column("applicant_number", sa.String(8)),
    # The version of ESR's applicant that was last taken over from an event.
    sa.Column("esr_version", sa.Integer, nullable=False),
    # What the candidate told NHS Jobs that an `Application` does not show.
    sa.Column("beside", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.UniqueConstraint("workspace", "reference", name="nhsjobs_applications_reference"),
    # One application per candidate and advert: an invariant of the database, so that no race can break it.
    sa.UniqueConstraint(
        "workspace", "advert_id", "email_key", name="nhsjobs_applications_one_each"
    ),
    sa.UniqueConstraint(
        "workspace", "applicant_number", name="nhsjobs_applications_applicant_number"
    ),
)

offers = sa.Table(
    "nhsjobs_offers",
    metadata,
    _workspace(),
    sa.Column("application_id", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

pre_employment_checks = sa.Table(
    "nhsjobs_pre_employment_checks",
    metadata,
    _workspace(),
    sa.Column("application_id", sa.Integer, primary_key=True),
    sa.Column("check_type", sa.String(40), primary_key=True),
    # The version of ESR's check that was last seen, and what it said where an update of ours was on its way.
    sa.Column("esr_version", sa.Integer, nullable=False),
    sa.Column("told", sa.Text),
    sa.Column("document", sa.Text, nullable=False),
)

# Updates that wait until ESR has given the applicant a number, in the order in which they were recorded.
waiting_updates = sa.Table(
    "nhsjobs_waiting_updates",
    metadata,
    _workspace(),
    sa.Column("record", sa.BigInteger, primary_key=True),
    sa.Column("application_id", sa.Integer, nullable=False),
    sa.Column("check_type", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Index("nhsjobs_waiting_updates_by_application", "workspace", "application_id", "record"),
)

# Every event that was received. A document is kept only as long as the event waits for something.
events = sa.Table(
    "nhsjobs_events",
    metadata,
    _workspace(),
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("event_id", sa.String(100), primary_key=True),
    sa.Column("sequence", sa.String(12), nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("waits_for", sa.String(220)),
    sa.Column("document", sa.Text),
    sa.Index("nhsjobs_events_waiting", "workspace", "waits_for", "sequence"),
)
