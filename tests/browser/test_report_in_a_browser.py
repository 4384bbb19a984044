"""The page in headless Chromium: accessible in both themes, on a phone, by keyboard and on paper."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from docs.screenshots import write_report
from tests.cli.report_pages import full, named, written
from tests.cli.statistics.records import record

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

type Theme = Literal["light", "dark"]

LAPTOP, PHONE = (1280, 900), (360, 740)
THEMES: tuple[Theme, ...] = ("light", "dark")
# Everything that axe-core knows: WCAG A and AA with contrast, and its best practices.
RULES = {"resultTypes": ["violations", "incomplete"]}


def sample(path: Path) -> None:
    write_report(path)


def everything(path: Path) -> None:
    path.write_text(written(full()), encoding="utf-8")


def nothing(path: Path) -> None:
    path.write_text(written(record()), encoding="utf-8")


PAGES: dict[str, Callable[[Path], None]] = {"sample": sample, "everything": everything, "nothing": nothing}


@contextmanager
def opened(browser: "Browser", file: Path, size: tuple[int, int], theme: Theme = "light") -> Iterator["Page"]:
    """The page as a file, in a window of that size."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, reduced_motion="reduce"
    )
    problems: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    try:
        yield page
    finally:
        page.close()
    assert problems == []
    assert requests == [file.as_uri()]


@pytest.fixture(scope="module", params=PAGES)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / f"{request.param}.html"
    PAGES[request.param](path)
    return path


def axe(page: "Page") -> dict[str, list[dict[str, Any]]]:
    """The findings of axe-core; it is evaluated by the browser, so the page's policy stays as it is."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, list[dict[str, Any]]] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return found


def faults(found: dict[str, list[dict[str, Any]]], kind: str) -> list[tuple[str, list[str]]]:
    """The rules that were broken, each with the first places."""
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found[kind]]


@pytest.mark.parametrize(
    ("theme", "size"), [("light", LAPTOP), ("dark", PHONE)], ids=["light on a laptop", "dark on a phone"]
)
def test_axe_finds_nothing_in_both_themes_with_contrast(
    browser: "Browser", file: Path, screenshots: Path, theme: Theme, size: tuple[int, int]
) -> None:
    with opened(browser, file, size, theme) as page:
        found = axe(page)
        page.screenshot(path=screenshots / f"{file.stem}-{theme}-{size[0]}.png", full_page=True)
    assert "color-contrast" in {one["id"] for one in (*found["passes"], *found["incomplete"])}
    assert faults(found, "violations") == []
    assert [one for one in faults(found, "incomplete") if one[0] != "color-contrast"] == []


def test_axe_notices_a_fault(browser: "Browser", tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    nothing(file)
    with opened(browser, file, LAPTOP) as page:
        page.evaluate("document.documentElement.removeAttribute('lang')")
        page.evaluate("document.querySelector('p').setAttribute('role', 'nonsense')")
        found = axe(page)
    assert {one["id"] for one in found["violations"]} >= {"html-has-lang", "aria-roles"}


def test_a_phone_scrolls_charts_and_tables_and_never_the_page(browser: "Browser", file: Path) -> None:
    with opened(browser, file, PHONE) as page:
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]


def test_the_keyboard_reaches_every_link_chart_and_table_and_shows_where_it_is(
    browser: "Browser", file: Path
) -> None:
    stops = "a[href], [tabindex='0']"
    with opened(browser, file, LAPTOP) as page:
        wanted = page.locator(stops).count()
        reached = []
        for _ in range(wanted):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(_FOCUSED, stops))
    assert reached == [[n, "solid"] for n in range(wanted)]


def test_a_link_leads_to_its_part(browser: "Browser", file: Path) -> None:
    with opened(browser, file, LAPTOP) as page:
        link = page.locator("nav a").last
        link.press("Enter")
        target = page.evaluate("document.querySelector(':target').id")
        assert f"#{target}" == link.get_attribute("href")


def test_a_screen_reader_hears_each_part_by_its_name_and_each_chart_as_a_picture(
    browser: "Browser", file: Path
) -> None:
    titles = [one.text for one in named(file.read_text(encoding="utf-8"), "h2")]
    with opened(browser, file, LAPTOP) as page:
        for title in titles:
            assert page.get_by_role("region", name=title, exact=True).count() == 1
        charts = page.get_by_role("img").count()
        assert charts == page.locator("svg[role=img]").count()
        tables = page.get_by_role("table").count()
        assert charts <= tables


def test_on_paper_it_is_light_whole_and_without_links(
    browser: "Browser", file: Path, screenshots: Path
) -> None:
    with opened(browser, file, LAPTOP, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert not page.locator("nav").is_visible()
        printed = page.pdf(path=screenshots / f"{file.stem}.pdf", format="A4", print_background=True)
    assert printed.startswith(b"%PDF")


# The number of the element that has the focus, and how its outline is drawn.
_FOCUSED = """stops => {
  const at = document.activeElement;
  return [[...document.querySelectorAll(stops)].indexOf(at), getComputedStyle(at).outlineStyle];
}"""


@pytest.mark.parametrize("theme", THEMES)
def test_shapes_and_colours_of_the_charts_stand_out_from_the_page(browser: "Browser", theme: Theme) -> None:
    """WCAG 1.4.11: what a chart draws has a contrast of 3 to 1; axe-core looks at texts alone."""
    with _of_everything(browser, theme) as page:
        found = page.evaluate(_CONTRASTS)
    assert found
    assert {kind: value for kind, value in found.items() if value < 3} == {}


@contextmanager
def _of_everything(browser: "Browser", theme: Theme) -> Iterator["Page"]:
    page = browser.new_page(color_scheme=theme)
    page.set_content(written(full()))
    try:
        yield page
    finally:
        page.close()


# The fill of each mark and bar against the page; budgets carry their text, and are measured by axe-core.
_CONTRASTS = """() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const page = light(getComputedStyle(document.body).backgroundColor);
  const found = {};
  for (const one of document.querySelectorAll('svg rect, svg polygon')) {
    const fill = light(getComputedStyle(one).fill);
    found[one.getAttribute('class')] =
      (Math.max(fill, page) + 0.05) / (Math.min(fill, page) + 0.05);
  }
  return found;
}"""
