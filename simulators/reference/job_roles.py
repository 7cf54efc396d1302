"""The job roles that the simulators recruit to, read from `job_roles.csv`, where each column names
its source.
"""

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

# Names of areas of work in the style of the National Workforce Data Set (an75). The grouping by
# kind of role is ours: NHS England states that there is no fixed relation between area of work and
# job role.
AREAS_OF_WORK = MappingProxyType(
    {
        "medical": (
            "General Medicine",
            "General Surgery",
            "Emergency Medicine",
            "Anaesthetics",
            "Paediatrics",
            "Obstetrics and Gynaecology",
            "Trauma and Orthopaedic Surgery",
            "General Psychiatry",
        ),
        "dental": ("Community Dental", "Special Care Dentistry"),
        "nursing": (
            "General Medicine",
            "General Surgery",
            "Emergency Medicine",
            "Critical Care",
            "Paediatrics",
            "Care of the Elderly",
            "General Psychiatry",
        ),
        "community": ("Community Health Services", "District Nursing", "School Nursing"),
        "maternity": ("Obstetrics and Gynaecology", "Community Midwifery"),
        "therapy": (
            "Rehabilitation",
            "Care of the Elderly",
            "Community Health Services",
            "Paediatrics",
        ),
        "imaging": ("Diagnostic Radiology", "Clinical Oncology"),
        "ambulance": ("Emergency Services", "Patient Transport Services", "Emergency Control Room"),
        "pharmacy": ("Pharmacy", "Medicines Management"),
        "laboratory": (
            "Pathology",
            "Haematology",
            "Clinical Biochemistry",
            "Physiological Measurement",
        ),
        "mental-health": (
            "General Psychiatry",
            "Child and Adolescent Psychiatry",
            "Psychological Therapies",
        ),
        "theatre": ("Theatres", "Anaesthetics"),
        "corporate": (
            "Corporate Services",
            "Finance",
            "Human Resources",
            "Informatics",
            "Clinical Support",
        ),
        "outpatients": ("Outpatients", "Clinical Support"),
        "facilities": ("Estates", "Hotel Services", "Catering"),
    }
)


@dataclass(frozen=True, slots=True)
class JobRole:
    """A job role and what depends on it. `weight` is its share of joiners in thousandths, `women`
    is in a hundred.
    """

    code: str
    title: str
    weight: int
    women: int
    bands: tuple[str, ...]
    ages: str
    register: str | None
    dbs_level: str | None
    dbs_workforce: str | None
    occupation_code: str
    areas: tuple[str, ...]

    @property
    def staff_group(self) -> str:
        """The first two digits of a job role code are its staff group (National Workforce Data
        Set).
        """
        return self.code[:2]


@lru_cache(maxsize=1)
def job_roles() -> tuple[JobRole, ...]:
    """Every job role, in the order of the file."""
    text = (files(__package__) / "job_roles.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(_job_role(row) for row in rows)


@lru_cache(maxsize=1)
def _by_code() -> dict[str, JobRole]:
    return {role.code: role for role in job_roles()}


def job_role(code: str) -> JobRole:
    """The role with this national code. Raises KeyError for one that the simulators do not recruit
    to.
    """
    return _by_code()[code]


@cache
def role_number(code: str) -> int:
    """The place in `job_roles` of the role with this national code. Raises KeyError as `job_role` does."""
    return job_roles().index(job_role(code))


def _job_role(row: dict[str, str]) -> JobRole:
    level, _, workforce = row["dbs"].partition(" ")
    if level in ("BASIC", "STANDARD"):
        workforce = "OTHER"
    return JobRole(
        code=row["code"],
        title=row["title"],
        weight=int(row["weight"]),
        women=int(row["women"]),
        bands=tuple(
            "MEDICAL" if band == "MEDICAL" else f"BAND_{band}" for band in row["bands"].split()
        ),
        ages=row["ages"],
        register=row["register"] or None,
        dbs_level=level or None,
        dbs_workforce=workforce or None,
        occupation_code=row["occupation"],
        areas=AREAS_OF_WORK[row["areas"]],
    )
