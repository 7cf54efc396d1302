"""Every page of the console, as people use it who see, click and type in different ways."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe import violations
from harness import Workspace
from lived_in import Tenant
from packs_of_here import Office
from places import AT_SIGN_IN, NO_PAGES, PLACES, Prepared, endpoints
from playwright.sync_api import Browser, Page

from sandbox.server import Started, started

pytestmark = pytest.mark.prove

_EVERY = [name for name in endpoints() if name in PLACES]
_WIDTHS = (320, 768, 1280)
_FOCUSABLE = "a[href], button:enabled, input:not([type=hidden]):enabled, select, textarea, summary, [tabindex='0']"


@pytest.fixture(scope="session")
def prepared(
    sandbox: Started, make_workspace: Callable[..., Workspace], office: Office
) -> Prepared:
    """A workspace in which something of everything has happened."""
    tenant = Tenant(make_workspace(organisations=2), "lookedatA")
    tenant.live()
    return Prepared(sandbox.url, tenant, office=office)


def test_every_page_is_looked_at() -> None:
    known = {*PLACES, *AT_SIGN_IN, *NO_PAGES}

    assert known == set(endpoints())


@pytest.fixture
def troubles(page: Page) -> list[str]:
    """What the browser complains of: scripts that fail, and what the page's own policy forbids."""
    found: list[str] = []
    page.on("pageerror", lambda problem: found.append(str(problem)))
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    return found


@pytest.mark.parametrize("endpoint", _EVERY)
def test_page_has_no_accessibility_fault(
    endpoint: str, page: Page, prepared: Prepared, troubles: list[str], shots: Path
) -> None:
    answer = page.goto(PLACES[endpoint](prepared))

    assert answer is not None
    assert answer.status == 200
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=shots / f"{endpoint}-{width}.png", full_page=True)
        assert violations(page) == [], width
    assert troubles == []
    assert page.locator("h1").count() == 1
    assert page.title().endswith("ESR integration sandbox")


@pytest.mark.parametrize("endpoint", _EVERY)
def test_page_fits_a_narrow_screen_and_one_that_is_zoomed(
    endpoint: str, browser: Browser, prepared: Prepared
) -> None:
    # 1,280 pixels at 200 % are 640 of the page's own; 320 is 400 % (WCAG 2.2, 1.4.4 and 1.4.10).
    for width in (320, 640):
        context = browser.new_context(viewport={"width": width, "height": 900})
        page = context.new_page()
        page.goto(PLACES[endpoint](prepared))

        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        context.close()

        assert over <= 0, width


@pytest.mark.parametrize("endpoint", _EVERY)
def test_page_is_used_with_the_keyboard_alone(
    endpoint: str, page: Page, prepared: Prepared
) -> None:
    page.goto(PLACES[endpoint](prepared))
    page.evaluate(
        """css => document.querySelectorAll(css).forEach((each, place) => { each.dataset.place = place; })""",
        _FOCUSABLE,
    )
    shown = page.evaluate(
        # Of the radios of one group the arrow keys reach all, and Tab only one.
        """css => [...document.querySelectorAll(css)].filter(each => each.checkVisibility({checkVisibilityCSS: true})
             && each.tabIndex >= 0
             && !(each.type === 'radio' && each !== (document.querySelector(`input[name="${each.name}"]:checked`)
                  || document.querySelector(`input[name="${each.name}"]`))))
           .map(each => each.dataset.place)""",
        _FOCUSABLE,
    )
    reached: list[str] = []
    for _ in range(len(shown) + 5):
        page.keyboard.press("Tab")
        # Asked at once, since the focus may still be on its way.
        place, outlined, told = page.evaluate(
            """() => { const it = document.activeElement, s = getComputedStyle(it);
                 return [it.dataset.place || '', s.outlineStyle !== 'none' || s.boxShadow !== 'none'
                   || it.type === 'radio' || it.type === 'checkbox', it.outerHTML.slice(0, 200)]; }"""
        )
        if place:
            reached.append(place)
            assert outlined, told

    assert set(shown) <= set(reached), [
        page.evaluate("p => document.querySelector(`[data-place='${p}']`).outerHTML", place)[:200]
        for place in sorted(set(shown) - set(reached))
    ]


@pytest.mark.parametrize("endpoint", _EVERY)
def test_page_does_without_scripts(endpoint: str, browser: Browser, prepared: Prepared) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    answer = page.goto(PLACES[endpoint](prepared))

    assert answer is not None
    assert answer.status == 200
    assert page.locator("h1").is_visible()
    for form in page.locator("form").all():
        # A form without a button cannot be sent by everybody.
        assert form.locator("button:not([type=button]), input[type=submit]").count() > 0, (
            form.inner_html()
        )
    context.close()


@pytest.fixture(scope="session")
def where_people_sign_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("platform")
    with started("--world", "empty", folder=folder, level="platform") as running:
        yield running


@pytest.mark.parametrize("endpoint", sorted(AT_SIGN_IN))
def test_page_of_signing_in_has_no_accessibility_fault(
    endpoint: str, page: Page, where_people_sign_in: Started, shots: Path
) -> None:
    page.goto(f"{where_people_sign_in.url}{AT_SIGN_IN[endpoint]}")

    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=shots / f"{endpoint}-{width}.png", full_page=True)
        assert violations(page) == [], width


def test_esr_team_signs_in_and_out(page: Page, where_people_sign_in: Started) -> None:
    page.goto(f"{where_people_sign_in.url}/console/workspaces")
    page.get_by_label("Token", exact=True).fill(str(where_people_sign_in.operator_token))
    page.get_by_role("button", name="Sign in").click()

    assert page.get_by_role("heading", name="Workspaces", level=1).is_visible()

    page.get_by_role("button", name="Sign out").click()

    assert page.get_by_role("heading", name="Sign in", level=1).is_visible()
