"""The fuzzer finds what it claims to find, and says nothing where it saw nothing."""

import json
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from rich.console import Console

from sandbox.conformance.fuzz_report import as_document, print_result, write_json, write_junit
from sandbox.conformance.fuzz_results import FuzzProgress, FuzzResult, Result
from sandbox.conformance.fuzz_rules import (
    EXPECTED,
    POSITIVE,
    RULE_OF_CHECK,
    RULES,
    ExpectedStatuses,
)
from sandbox.conformance.fuzzing import FuzzConfigurationError, FuzzPlan, check_names, fuzz
from sandbox.conformance.world_feed import FeedExhaustedError, Known

from . import tiny_target as tiny
