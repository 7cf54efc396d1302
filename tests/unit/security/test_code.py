"""What no line of the program does, read from its syntax: each rule is shown to catch what it is there for."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(
    path for part in ("sandbox", "simulators", "loadtests") for path in (ROOT / part).rglob("*.py")
)

_SECRET = re.compile(r"(^|_)(token|password|secret|signature|assertion|hmac|authorization)$")
_RUNS_TEXT = frozenset({"eval", "exec", "compile", "__import__"})
_UNSAFE_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "telnetlib", "xmlrpc"})
_XML_READERS = frozenset({"parse", "fromstring", "iterparse", "XML", "XMLParser", "XMLPullParser"})
_TEMPORARY = frozenset({"mktemp", "tempnam", "tmpnam"})

OWN_AND_NO_GUARD = {
    "simulators/credentials.py": "a client compares the token it used with the one it holds now",
    "sandbox/conformance/fuzzing.py": "the fuzzer asks whether it sent the token that it was given",
}
"""Comparisons of secrets that let nobody in: the file, and why."""
ESCAPED_BEFORE = {
    "sandbox/console/words.py": "what stands between backticks becomes code, in a text that was escaped",
}
"""Where a text is marked as escaped: the file, and why it is."""


def _name(node: ast.expr) -> str:
    """The last name of an expression, in lower case."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name.lower()
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name.lower().replace("-", "_")
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
            return name.lower().replace("-", "_")
        case ast.Call(func=ast.Attribute(value=inner)):
            return _name(inner)
        case _:
            return ""


def _is_value(node: ast.expr) -> bool:
    """Whether a side of a comparison is more than a constant of the program: `token == ""` tells nobody a thing."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return not name.isupper()
        case _:
            return not isinstance(node, ast.Constant)


def secrets_compared(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            sides = [node.left, *node.comparators]
            if any(_SECRET.search(_name(side)) for side in sides) and all(map(_is_value, sides)):
                yield node


def text_run(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(name)) if name in _RUNS_TEXT:
                yield node
            case ast.Call(func=ast.Attribute(value=ast.Name("os"), attr="system" | "popen")):
                yield node
            case ast.Call(keywords=keywords) if any(
                each.arg == "shell" and getattr(each.value, "value", True) is not False
                for each in keywords
            ):
                yield node


def unsafe_modules(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                modules = [each.name for each in names]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case _:
                continue
        if any(module.split(".")[0] in _UNSAFE_MODULES for module in modules):
            yield node


def xml_read(tree: ast.AST) -> Iterator[ast.AST]:
    """Calls that read XML with the standard library, or with lxml."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names) if any(
                each.name.split(".")[0] == "lxml" or each.name.startswith(("xml.sax", "xml.dom"))
                for each in names
            ):
                yield node
            case ast.ImportFrom(module=str(module)) if module.startswith(
                ("lxml", "xml.sax", "xml.dom", "xml.parsers")
            ):
                yield node
            case ast.Call(func=ast.Attribute(value=ast.Name("ET" | "ElementTree"), attr=attr)) if (
                attr in _XML_READERS
            ):
                yield node


def yaml_loaded(tree: ast.AST) -> Iterator[ast.AST]:
    """YAML read with more than the safe loader."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name("yaml"), attr=attr) if attr in {
                *("load", "load_all", "unsafe_load", "full_load", "unsafe_load_all"),
                *(
                    "Loader",
                    "FullLoader",
                    "UnsafeLoader",
                    "CLoader",
                    "CFullLoader",
                    "CUnsafeLoader",
                ),
            }:
                yield node


def temporary_names(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name("tmp_path_factory"))):
                continue  # pytest's own, which makes the folder
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in _TEMPORARY:
                yield node


def unverified_tls(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="verify" | "verify_ssl" | "ssl", value=ast.Constant(value=False)):
                yield node
            case ast.Attribute(
                value=ast.Name("ssl"), attr="CERT_NONE" | "_create_unverified_context"
            ):
                yield node


def debugging(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="debug", value=value) if (
                getattr(value, "value", True) is not False
            ):
                yield node


def markup_unescaped(tree: ast.AST) -> Iterator[ast.AST]:
    """What a template would take as it is."""
    for node in ast.walk(tree):
        match node:
            case ast.Name("Markup") | ast.Attribute(attr="Markup") | ast.alias(name="Markup"):
                yield node
            case ast.keyword(arg="autoescape", value=ast.Constant(value=False)):
                yield node


RULES: dict[Callable[[ast.AST], Iterator[ast.AST]], tuple[str, ...]] = {
    secrets_compared: (
        "if token == self.operator_token: pass",
        "ok = headers['Authorization'] != expected",
        "ok = given.password.strip() == known",
        "ok = headers.get('authorization') == expected",
    ),
    text_run: (
        "eval(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "exec(compile(text, '', 'exec'))",
    ),
    unsafe_modules: ("import pickle", "from marshal import loads"),
    xml_read: (
        "ET.fromstring(body)",
        "ElementTree.parse(path)",
        "from lxml import etree",
        "import xml.dom.minidom",
    ),
    yaml_loaded: ("yaml.load(text, Loader=yaml.FullLoader)", "yaml.unsafe_load(text)"),
    temporary_names: ("tempfile.mktemp()",),
    debugging: ("app = Starlette(debug=True)", "app.run(debug=settings.debug)"),
    markup_unescaped: (
        "Markup(text)",
        "from markupsafe import Markup",
        "Environment(autoescape=False)",
    ),
    unverified_tls: ("httpx.get(url, verify=False)", "context.verify_mode = ssl.CERT_NONE"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_line_of_the_program_does_it(rule: Callable[[ast.AST], Iterator[ast.AST]]) -> None:
    found = [
        f"{name}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"
        for path in FILES
        for name in [path.relative_to(ROOT).as_posix()]
        for node in rule(_tree(path))
        if not (rule is secrets_compared and name in OWN_AND_NO_GUARD)
        and not (rule is markup_unescaped and name in ESCAPED_BEFORE)
    ]

    assert len(FILES) > 300
    assert found == []


@pytest.mark.parametrize(
    ("rule", "line"),
    [(rule, line) for rule, lines in RULES.items() for line in lines],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_line_that_does_it_is_found(
    rule: Callable[[ast.AST], Iterator[ast.AST]], line: str
) -> None:
    assert list(rule(ast.parse(line)))


DRAWN = {
    ("certificate.html.j2", "qr"),
    ("certification.html.j2", "block"),
    ("figure.html.j2", "figure.svg"),
    ("realism.html.j2", "charts[each.id]"),
}
"""What templates take as it is: drawings, whose texts the drawing library escapes, and pages of other templates."""


def test_templates_take_as_it_is_what_was_drawn_and_nothing_else() -> None:
    templates = [(path.name, path.read_text("utf-8")) for path in ROOT.glob("sandbox/**/*.j2")]

    taken = {
        (name, found)
        for name, text in templates
        for found in re.findall(r"\{\{\s*([^{}]+?)\s*\|\s*safe\b", text)
    }

    assert taken == DRAWN
    for name, text in templates:
        assert not re.search(r"autoescape\s+false|innerHTML", text), name
        # Only the console has scripts in files of its own; nothing comes from elsewhere.
        own = re.sub(r"""src="\{\{ url_for\('static', filename='?[^}]+\) \}\}\"""", "", text)
        assert not re.search(r"<script[^>]+src=|<link[^>]+href=.https?:", own), name


def test_every_exception_is_still_one() -> None:
    for name in OWN_AND_NO_GUARD:
        assert list(secrets_compared(_tree(ROOT / name))), name
    for name in ESCAPED_BEFORE:
        assert list(markup_unescaped(_tree(ROOT / name))), name


def test_secrets_are_drawn_by_the_operating_system_and_worlds_by_a_seed() -> None:
    """The module random draws worlds and faults again as they were; where something is to be guessed by nobody it is not used."""
    guarded = ("sandbox/identity", "sandbox/signatures.py", "sandbox/outgoing.py", "sandbox/tls.py")

    found = [
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if path.relative_to(ROOT).as_posix().startswith(guarded)
        and re.search(
            r"^\s*(import random|from random|import numpy)", path.read_text("utf-8"), re.MULTILINE
        )
    ]

    assert found == []


_TREES: dict[Path, ast.AST] = {}


def _tree(path: Path) -> ast.AST:
    if path not in _TREES:
        _TREES[path] = ast.parse(path.read_text("utf-8"))
    return _TREES[path]
