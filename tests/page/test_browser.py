"""The page in a real browser: it works from disk, asks for nothing, runs nothing of what people wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import NASTY, Watched

pytestmark = pytest.mark.xdist_group("browser")
ALL = ["example", "hostile", "corpus"]


def file_of(pages: dict[str, Path], name: str) -> Path:
    if name not in pages:
        pytest.skip("no corpus: $VERTA_GITOPS_CORPUS names no folder that has it")
    return pages[name]


def rows(page: Page) -> list[str]:
    """The first column of the table of workspaces."""
    return page.locator("[data-table=workspaces] tbody th").all_inner_texts()


@pytest.mark.parametrize("name", ALL)
def test_it_is_silent_and_asks_for_nothing(
    pages: dict[str, Path], watched: Watched, name: str, record_property: Callable[[str, object], None]
) -> None:
    file = file_of(pages, name)
    page = watched.open(file)
    page.wait_for_timeout(200)
    assert watched.said == []
    assert watched.requests == [file.as_uri()]
    milliseconds = page.evaluate("document.documentElement.dataset.ready")
    record_property("usable-after-ms", milliseconds)
    print(f"{name}: usable after {milliseconds} ms, {file.stat().st_size:,} bytes")  # noqa: T201


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ALL)
def test_no_known_barrier(pages: dict[str, Path], browser: Browser, name: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = Watched(context).open(file_of(pages, name))
    found = Axe().run(page).response["violations"]
    context.close()
    assert [(each["id"], each["impact"], each["nodes"][0]["html"][:200]) for each in found] == []


@pytest.mark.parametrize("width", [360, 768])
@pytest.mark.parametrize("name", ALL)
def test_it_fits_a_narrow_window(pages: dict[str, Path], watched: Watched, name: str, width: int) -> None:
    watched.page.set_viewport_size({"width": width, "height": 800})
    page = watched.open(file_of(pages, name))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_charts_can_be_read_in_a_narrow_window(pages: dict[str, Path], watched: Watched) -> None:
    watched.page.set_viewport_size({"width": 360, "height": 800})
    page = watched.open(pages["example"])
    ways = page.locator("[data-chart=ways]")
    assert ways.evaluate("each => each.scrollWidth") >= 560, "its names do not lie upon each other"
    assert ways.evaluate("each => { each.scrollLeft = 100; return each.scrollLeft; }") == 100
    ticks = page.locator("[data-chart=capacity] svg text", has_text="%").all_text_contents()
    assert ticks == ["0 %", "50 %", "100 %"]


def test_nothing_that_people_wrote_runs_or_is_markup(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["hostile"])
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main b, main i").count() == 0
    assert page.locator("script").count() == 3
    assert NASTY in page.locator("[data-table=workspaces] tbody").text_content().__str__()
    assert "<b>bold</b> </title><script>" in (page.locator(".about").text_content() or "")
    assert watched.said == []


def test_the_policy_stops_what_would_get_in_all_the_same(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s)"
    )
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.com/x.png\">')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.hacked = 2\" id=\"p\">x</p>')")
    page.locator("#p").click()
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("fetch('https://example.com/').then(() => 'sent', () => 'stopped')") == "stopped"
    assert [url for url in watched.answered if not url.startswith("file:")] == []
    assert all("Content Security Policy" in said for said in watched.said)


def test_searching(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    page.get_by_label("Search workspaces").first.fill("FRAUD leads")
    expect(page.locator("[data-table=workspaces] .shown")).to_have_text("2 of 11 workspaces")
    assert rows(page) == ["fraud-detection", "fraud-research"]
    page.get_by_label("Search workspaces").first.fill("no such thing")
    expect(page.locator("[data-table=workspaces] tbody")).to_have_text("Nothing matches.")


def test_filtering(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    page.locator("[data-table=workspaces]").get_by_label("State").select_option("frozen")
    assert rows(page) == ["demand-forecasting"]
    page.locator("[data-table=workspaces]").get_by_label("State").select_option("all")
    page.locator("[data-table=workspaces]").get_by_label("Tier").select_option("gpu")
    assert rows(page) == ["claims-vision", "service-assistant"]


def test_sorting_is_by_amount_and_said_to_screen_readers(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    head = page.locator("[data-table=workspaces] th", has=page.get_by_role("button", name="memory", exact=True))
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    column = page.locator("[data-table=workspaces] thead th").all_inner_texts().index("memory")
    cells = [each.split("\t") for each in page.locator("[data-table=workspaces] tbody tr").all_inner_texts()]
    amounts = [int(each[column].removesuffix("Gi")) for each in cells if each[column] != "–"]
    assert len(amounts) == 10
    assert amounts == sorted(amounts, reverse=True)
    assert len(set(amounts)) > 2


def test_a_long_table_shows_its_rest_when_asked_and_on_paper(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(file_of(pages, "corpus"))
    assert len(rows(page)) == 100
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) == 1022
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(rows(page)) == 100
    page.locator("[data-table=workspaces]").get_by_role("button", name="Show all 1,022").click()
    assert len(rows(page)) == 1022
    page.get_by_label("Search workspaces").first.fill("aaronf")
    expect(page.locator("[data-table=workspaces] .shown")).to_have_text("1 of 1,022 workspaces")


def test_who_may_do_what(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    matrix = page.locator("#matrix")
    matrix.get_by_label("Show a group").fill("model-risk")
    matrix.get_by_label("Show a group").fill("fraud-ds")
    assert matrix.locator("thead th").all_inner_texts() == ["Workspace", "model-risk", "fraud-ds"]
    assert [each.split("\t") for each in matrix.locator("tbody tr").all_inner_texts()] == [
        ["fraud-detection", "auditor", "data-scientist"],
        ["fraud-research", "auditor", "maintainer"],
        ["pricing", "auditor", ""],
    ]
    matrix.get_by_role("button", name="Do not show fraud-ds").click()
    assert matrix.locator("thead th").all_inner_texts() == ["Workspace", "model-risk"]
    matrix.get_by_role("button", name="Reset").click()
    assert matrix.locator("thead th").count() == 11


def test_the_charts_are_drawn_and_described(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    for name, word in (("capacity", "nvidia.com/gpu 12 of 24 (50 %)"), ("ways", "fraud"), ("cost", "4100 38.2 %")):
        chart = page.locator(f"[data-chart={name}] [role=img]")
        assert word in (chart.get_attribute("aria-label") or "")
        assert chart.locator("svg path").count() > 3


def test_dark_is_the_systems_and_can_be_chosen(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    dark = page.evaluate(background)
    assert dark != light
    page.get_by_role("button", name="Switch to light colours").click()
    assert page.evaluate(background) == light
    for _ in range(5):  # the browser keeps the choice in another process, and may take a moment to hand it over
        page.reload()
        page.wait_for_selector("html[data-ready]", state="attached")
        if page.evaluate(background) == light:
            break
    assert page.evaluate(background) == light, "what was chosen holds the next time"


def test_the_keyboard_is_enough(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_label("Search workspaces").first.focus()
    page.keyboard.type("claims-leads claims-ds platform")
    expect(page.locator("[data-table=workspaces] .shown")).to_have_text("2 of 11 workspaces")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Namespace":
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert rows(page) == ["claims-vision", "claims-triage"]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "where the keyboard is can be seen"


def test_it_prints(pages: dict[str, Path], watched: Watched) -> None:
    page = watched.open(pages["example"])
    data = page.pdf(prefer_css_page_size=True)
    assert data.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.get_by_label("Search workspaces").first.is_visible()
    assert page.locator("[data-table=workspaces] tbody tr").count() == 11
