"""The report in a real browser: values under the pointer and by keys, proofs that open, nothing for a mouse alone."""

import shutil

import pytest

from figures.report.build import build_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no browser")


@pytest.fixture(scope="module")
def opened(results):
    playwright = pytest.importorskip("playwright.sync_api")
    address = build_report(results).as_uri()
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.complaints = []
        page.on("console", lambda told: page.complaints.append(told.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(address)
        page.wait_for_selector(".opening svg")
        page.evaluate("for (const part of document.querySelectorAll('details.part')) part.open = true")
        yield page
        browser.close()


def test_the_value_nearest_to_the_pointer_is_told_and_goes_with_it(opened):
    drawing = opened.locator("figure#ladder .drawing")
    drawing.scroll_into_view_if_needed()
    drawing.press("ArrowRight")
    told = drawing.locator("output")
    told.wait_for()
    place = drawing.locator(".dot").bounding_box()
    first = told.inner_text()
    drawing.press("Escape")
    assert not told.is_visible()
    opened.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    told.wait_for()
    assert told.inner_text() == first and "number of steps T: " in first
    opened.mouse.move(1, 1)
    assert not told.is_visible()


def test_arrow_keys_go_along_a_series_and_from_one_to_the_next(opened):
    drawing = opened.locator("figure#ladder .drawing")
    shown = []
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        drawing.press(key)
        opened.wait_for_timeout(50)
        shown.append(drawing.locator("output").inner_text().split("\n"))
    (first, *_), (second, *_), (third, *_) = shown
    assert first == second != third and shown[0][1] != shown[1][1]
    drawing.press("Escape")


def test_a_proof_is_set_when_it_is_opened(opened):
    proof = opened.locator("details:has(> ol.proof)").first
    assert proof.locator("math").count() == 0
    proof.evaluate("each => { each.open = true }")
    proof.locator("li math").first.wait_for()
    assert proof.locator("li").count() > 1


def test_what_scrolls_sideways_can_be_reached_by_keys_and_nothing_is_complained_of(opened):
    opened.wait_for_timeout(300)
    unreached = opened.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter((each) => /auto|scroll/.test(getComputedStyle(each).overflowX))
          .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.tabIndex < 0)
          .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert unreached == []
    assert opened.locator(".panel[role=region][aria-label]").count() > 0
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    assert opened.complaints == []
