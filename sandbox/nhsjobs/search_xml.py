"""The XML of the public job search: element names and their order as public clients of the real one read them."""

import re
from typing import Any
from xml.etree import ElementTree as ET  # nosec B405  # it writes; nothing here reads XML

from sandbox.nhsjobs.domain.search import local_post_date, place, shortened

# XML 1.0 section 2.2: no other character may stand in a document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def search_document(adverts: list[dict[str, Any]], total_pages: int, total_results: int) -> bytes:
    """The document, in UTF-8: the adverts without an element around them, then the two totals."""
    root = ET.Element("nhsJobs")
    for advert in adverts:
        _add_advert(root, advert)
    _add(root, "totalPages", str(total_pages))
    _add(root, "totalResults", str(total_results))
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=False)
    return document


def _add_advert(root: ET.Element, advert: dict[str, Any]) -> None:
    details = ET.SubElement(root, "vacancyDetails")
    _add(details, "id", str(advert["advertId"]))
    _add(details, "reference", advert["reference"])
    _add(details, "title", advert["title"])
    _add(details, "description", shortened(advert["description"]))
    _add(details, "employer", advert["employer"])
    _add(details, "type", advert["contractType"])
    _add(details, "salary", advert["salary"]["text"])
    _add(details, "closeDate", advert["closeDate"])
    _add(details, "postDate", local_post_date(advert))
    _add(details, "url", advert["url"])
    locations = ET.SubElement(details, "locations")
    for location in advert["locations"]:
        _add(locations, "location", place(location))


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _NOT_XML.sub(_REPLACEMENT, text)
