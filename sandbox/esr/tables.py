"""The rows of the mock ESR. `document` holds a record as the contract shows it; the columns beside it are what is looked up."""

import sqlalchemy as sa

from sandbox.database import metadata


def _workspace() -> sa.Column[str]:
    return sa.Column("workspace", sa.ForeignKey("workspaces.name"), primary_key=True)


organisations = sa.Table(
    "esr_organisations",
    metadata,
    _workspace(),
    sa.Column("ods_code", sa.String(5), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

positions = sa.Table(
    "esr_positions",
    metadata,
    _workspace(),
    sa.Column("position_id", sa.BigInteger, primary_key=True),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("cost_centre", sa.String(15), nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("esr_positions_by_change", "workspace", "change"),
)

vacancies = sa.Table(
    "esr_vacancies",
    metadata,
    _workspace(),
    sa.Column("vacancy_reference", sa.String(34), primary_key=True),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("status", sa.String(2), nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("esr_vacancies_by_record", "workspace", "record"),
)

people = sa.Table(
    "esr_people",
    metadata,
    _workspace(),
    sa.Column("person_key", sa.String(200), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
)

applicants = sa.Table(
    "esr_applicants",
    metadata,
    _workspace(),
    sa.Column("applicant_number", sa.String(8), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("vacancy_reference", sa.String(34), nullable=False),
    sa.Column("supplier_reference", sa.String(30), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    # One live applicant per person and vacancy: an invariant of the database, so that no race can break it.
    sa.Index(
        "esr_applicants_one_live",
        "workspace",
        "person_id",
        "vacancy_reference",
        unique=True,
        sqlite_where=sa.text("status <> 'TERMINATED'"),
        postgresql_where=sa.text("status <> 'TERMINATED'"),
    ),
    sa.Index("esr_applicants_by_supplier", "workspace", "supplier_reference"),
    sa.Index("esr_applicants_by_vacancy", "workspace", "vacancy_reference"),
)

employment_checks = sa.Table(
    "esr_employment_checks",
    metadata,
    _workspace(),
    sa.Column("applicant_number", sa.String(8), primary_key=True),
    sa.Column("check_type", sa.String(40), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

events = sa.Table(
    "esr_events",
    metadata,
    _workspace(),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("ods_code", sa.String(5)),
    sa.Column("document", sa.Text, nullable=False),
)

event_subscriptions = sa.Table(
    "esr_event_subscriptions",
    metadata,
    _workspace(),
    sa.Column("subscription_id", sa.String(36), primary_key=True),
    sa.Column("client", sa.String(60), nullable=False),
    sa.Column("record", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("esr_event_subscriptions_by_record", "workspace", "record"),
)
