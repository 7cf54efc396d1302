"""What the journal leaves out, and what may still be seen of it."""

import orjson
import pytest

from sandbox.journal.masking import is_mask, masked_body, masked_headers, masked_query, masked_text

KEY = b"default/1"
PERSON = {
    "title": "Ms",
    "firstName": "Amara",
    "lastName": "Fielding",
    "dateOfBirth": "1994-05-17",
    "gender": "2",
    "niNumber": "PZ900001A",
    "nationality": "GB",
    "ethnicOrigin": "A",
    "emailAddress": "amara.fielding@example.org",
    "mobileNumber": "07700 900123",
    "address": {"line1": "1 Example Street", "town": "Northmere", "postcode": "XN1 2AB"},
}


def masked(document: object, key: bytes = KEY) -> object:
    text = masked_body(orjson.dumps(document), key)
    assert text is not None
    return orjson.loads(text)


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("place", ["person", "candidate"])
def test_nothing_of_a_person_is_left(place: str) -> None:
    found = leaves(masked({place: PERSON}))

    assert len(found) == len(leaves(PERSON))
    assert all(isinstance(text, str) and is_mask(text) for text in found)


def test_every_text_in_a_container_that_is_personal_is_masked() -> None:
    document = masked({"person": {"firstName": ["Amara"], "niNumber": {"is": ["PZ900001A"]}}})

    assert document == {
        "person": {
            "firstName": [masked_text("Amara", KEY)],
            "niNumber": {"is": [masked_text("PZ900001A", KEY)]},
        }
    }


def test_what_is_no_text_stays_so_that_its_kind_can_be_judged() -> None:
    document = {"person": {"firstName": None, "niNumber": 7, "gender": 2.5, "disability": True}}
    containers = {"person": {"firstName": [None, 3], "niNumber": {"is": {}}, "title": []}}

    assert masked(document) == document
    assert masked(containers) == containers


def test_a_mask_can_be_made_of_an_expected_text() -> None:
    assert masked({"person": {"lastName": "O\u2019Brien"}}) == {
        "person": {"lastName": masked_text("O\u2019Brien", KEY)}
    }


def test_what_is_not_personal_stays() -> None:
    document = {
        "title": "Staff Nurse",
        "supplierReference": "APP-1",
        "startDate": "2026-06-01",
        "positionId": 7,
        "openings": None,
    }

    assert masked(document) == document


def test_numbers_of_registrations_and_certificates_are_masked() -> None:
    document = masked(
        {
            "registrations": [{"body": "09", "number": "99Z0001Z"}],
            "dbs": {"level": "ENHANCED", "certificateNumber": "001234567890"},
            "rightToWork": {"shareCode": "W12345678"},
            "checkedBy": "Jo Bloggs",
        }
    )

    text = orjson.dumps(document).decode()
    assert not any(value in text for value in ("99Z0001Z", "001234567890", "W12345678", "Bloggs"))
    assert "ENHANCED" in text


def test_equal_values_have_equal_masks_under_one_key_alone() -> None:
    first = masked({"person": {"lastName": "Fielding"}})

    assert masked({"candidate": {"lastName": "Fielding"}}) == {"candidate": first["person"]}  # type: ignore[index]
    assert masked({"person": {"lastName": "Field"}}) != first
    assert masked({"person": {"lastName": "Fielding"}}, b"other/1") != first


def test_what_is_not_json_is_left_out() -> None:
    assert masked_body(b"", KEY) is None
    assert masked_body(b'{"person": {"lastName": "Field', KEY) == "[not JSON, 30 bytes]"
    assert masked_body(b"\xff\xfe", KEY) == "[not JSON, 2 bytes]"


def test_xml_is_kept_of_our_own_answers_alone() -> None:
    xml = b"<person>Amara Fielding</person>"

    assert masked_body(xml, KEY) == f"[not JSON, {len(xml)} bytes]"
    assert masked_body(xml, KEY, "application/xml") == xml.decode()


def test_credentials_in_headers_are_masked() -> None:
    headers = {"Authorization": "Bearer secret", "cookie": "a=b", "accept": "application/json"}

    assert masked_headers(headers) == {
        "Authorization": "[masked]",
        "cookie": "[masked]",
        "accept": "application/json",
    }


def test_a_query_keeps_what_is_not_personal() -> None:
    found = masked_query("limit=5&ni%4Eumber=PZ900001A&flag&location=XN1%202AB", KEY)

    first, second, *rest = found.split("&")
    assert [first, *rest] == ["limit=5", "flag", "location=XN1%202AB"]
    assert second.startswith("ni%4Eumber=")
    assert is_mask(second.partition("=")[2])
