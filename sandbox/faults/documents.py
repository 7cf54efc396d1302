"""Spoils a JSON document as the next version of a contract would change it: with a property or a value that nobody knows yet."""

from typing import Any

ADDED_PROPERTY = "addedLater"
ADDED_VALUE = "ADDED_LATER"


def with_added_property(value: Any) -> Any:
    """The document, with a property that no contract knows in each of its objects."""
    if isinstance(value, dict):
        spoiled = {name: with_added_property(item) for name, item in value.items()}
        return {**spoiled, ADDED_PROPERTY: ADDED_VALUE}
    if isinstance(value, list):
        return [with_added_property(item) for item in value]
    return value


def with_new_value(value: Any, name: str) -> Any:
    """The document, with each text under the property `name` replaced by a value that no contract knows."""
    if isinstance(value, dict):
        return {
            key: ADDED_VALUE
            if key == name and isinstance(item, str)
            else with_new_value(item, name)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [with_new_value(item, name) for item in value]
    return value


def without_property(value: Any, name: str | None) -> Any:
    """The document without the property `name`, wherever it has one; without its own first property where no name is given."""
    if isinstance(value, dict):
        gone = next(iter(value), None) if name is None else name
        return {
            key: item if name is None else without_property(item, name)
            for key, item in value.items()
            if key != gone
        }
    if isinstance(value, list) and name is not None:
        return [without_property(item, name) for item in value]
    return value
