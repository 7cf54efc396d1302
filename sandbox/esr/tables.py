"""The rows of the mock ESR. `document` holds a record as the contract shows it; the columns beside it are what is looked up."""

import sqlalchemy as sa

from sandbox.database import metadata

ON_THE_WAY = "status <> 'TERMINATED' AND status <> 'HIRED'"
"""Of an applicant; a query has to say it in these words for the index of those to be followed."""


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
    sa.Column("person_id", sa.BigInteger, primary_key=True),
    sa.Column("ni_number", sa.String(9)),
    # Last name, first name and date of birth, folded: what tells somebody without an NI number.
    sa.Column("name_key", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    sa.Column("previous_last_name", sa.Text),
    sa.Column("date_of_birth", sa.String(10), nullable=False),
    # Loaded while an ESR user still has to say who this is; such a one may share another's NI number.
    sa.Column("provisional", sa.Boolean, nullable=False),
    sa.Index(
        "esr_people_one_of_a_number",
        "workspace",
        "ni_number",
        unique=True,
        sqlite_where=sa.text("NOT provisional AND ni_number IS NOT NULL"),
        postgresql_where=sa.text("NOT provisional AND ni_number IS NOT NULL"),
    ),
    sa.Index("esr_people_by_number", "workspace", "ni_number"),
    sa.Index("esr_people_by_name", "workspace", "name_key"),
)

employees = sa.Table(
    "esr_employees",
    metadata,
    _workspace(),
    sa.Column("employee_number", sa.String(8), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("position_id", sa.BigInteger, nullable=False),
    sa.Column("start_date", sa.String(10), nullable=False),
    sa.Column("end_date", sa.String(10)),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("esr_employees_by_person", "workspace", "person_id"),
    sa.Index("esr_employees_by_position", "workspace", "position_id"),
)

applicants = sa.Table(
    "esr_applicants",
    metadata,
    _workspace(),
    sa.Column("applicant_number", sa.String(8), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=False),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("vacancy_reference", sa.String(34), nullable=False),
    sa.Column("position_id", sa.BigInteger, nullable=False),
    sa.Column("supplier_reference", sa.String(30), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
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
    # A list is read in the order of the numbers: with the number in the index a page is found without sorting.
    sa.Index("esr_applicants_by_employer", "workspace", "ods_code", "applicant_number"),
    sa.Index("esr_applicants_by_supplier", "workspace", "supplier_reference", "applicant_number"),
    sa.Index("esr_applicants_by_vacancy", "workspace", "vacancy_reference", "applicant_number"),
    sa.Index("esr_applicants_by_person", "workspace", "person_id"),
    # The few whom somebody waits for, among the many.
    sa.Index("esr_applicants_by_status", "workspace", "status", "applicant_number"),
    # Who is on the way into a position, however many were once.
    sa.Index(
        "esr_applicants_by_position",
        "workspace",
        "position_id",
        sqlite_where=sa.text(ON_THE_WAY),
        postgresql_where=sa.text(ON_THE_WAY),
    ),
)

employment_checks = sa.Table(
    "esr_employment_checks",
    metadata,
    _workspace(),
    sa.Column("applicant_number", sa.String(8), primary_key=True),
    sa.Column("check_type", sa.String(40), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

register_entries = sa.Table(
    "esr_register_entries",
    metadata,
    _workspace(),
    sa.Column("body", sa.String(2), primary_key=True),
    sa.Column("number", sa.String(32), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

transfers = sa.Table(
    "esr_transfers",
    metadata,
    _workspace(),
    sa.Column("applicant_number", sa.String(8), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

signing_keys = sa.Table(
    "esr_signing_keys",
    metadata,
    _workspace(),
    sa.Column("key_id", sa.String(60), primary_key=True),
    sa.Column("private_key", sa.Text, nullable=False),
    sa.Column("created_at", sa.String(24), nullable=False),
    sa.Column("retired_at", sa.String(24)),
)

events = sa.Table(
    "esr_events",
    metadata,
    _workspace(),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    sa.Column("ods_code", sa.String(5)),
    # Whom it is about; null for what is about no applicant.
    sa.Column("applicant_number", sa.String(8)),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("esr_events_by_employer", "workspace", "ods_code", "sequence"),
    sa.Index(
        "esr_events_by_applicant",
        "workspace",
        "applicant_number",
        "sequence",
        sqlite_where=sa.text("applicant_number IS NOT NULL"),
        postgresql_where=sa.text("applicant_number IS NOT NULL"),
    ),
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

files = sa.Table(
    "esr_files",
    metadata,
    _workspace(),
    sa.Column("file_id", sa.BigInteger, primary_key=True),
    sa.Column("ods_code", sa.String(5), nullable=False),
    sa.Column("direction", sa.String(3), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("file_type", sa.String(3)),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("code", sa.String(40)),
    sa.Column("text", sa.String(200)),
    # The moment of creation in the header of a file that came in.
    sa.Column("created_at", sa.String(24)),
    sa.Column("noted_at", sa.String(24), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("rows_done", sa.Integer, nullable=False),
    sa.Column("rows_failed", sa.Integer, nullable=False),
    # The file that a confirmation answers.
    sa.Column("answers", sa.BigInteger),
    # Whether the folders show what stands here; until then `content` is kept.
    sa.Column("is_filed", sa.Boolean, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.Index("esr_files_unfiled", "workspace", "is_filed"),
    sa.Index("esr_files_by_digest", "workspace", "ods_code", "digest"),
)

file_rows = sa.Table(
    "esr_file_rows",
    metadata,
    _workspace(),
    sa.Column("file_id", sa.BigInteger, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    # The record that the row changed, and the version that it made.
    sa.Column("subject", sa.String(80)),
    sa.Column("version", sa.Integer),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Index("esr_file_rows_by_subject", "workspace", "subject", "version"),
    # Those that changed nothing: whoever looks for a row that was refused has nothing else to find it by.
    sa.Index(
        "esr_file_rows_without_subject",
        "workspace",
        "file_id",
        "ordinal",
        sqlite_where=sa.text("subject IS NULL"),
        postgresql_where=sa.text("subject IS NULL"),
    ),
)

file_sequences = sa.Table(
    "esr_file_sequences",
    metadata,
    _workspace(),
    sa.Column("ods_code", sa.String(5), primary_key=True),
    sa.Column("file_type", sa.String(3), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    # How far the last file went: in the order of changes, and in that of events.
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("event_mark", sa.BigInteger, nullable=False),
    sa.Column("made_at", sa.String(24)),
)
