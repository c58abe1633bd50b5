"""The page as its readers use it: one file, no network, by keyboard, on a telephone, in the dark, on paper."""

import json
import re
import shlex
from html import unescape

import pytest

from gradlag.teaching.page.build import page
from gradlag.teaching.page.words import PRESETS
from theory.staleness.stability import fixed_delay_limit

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def at_rest(tab):
    """The page after its words have caught up with what was moved."""
    tab.wait_for_timeout(600)
    return tab


def seen(tab):
    return at_rest(tab).locator("#seen").inner_text()


def test_nothing_is_loaded_and_nothing_complains(opened):
    heard = opened()
    tab = heard.page
    for preset in PRESETS:
        tab.get_by_role("button", name=preset.name, exact=True).click()
    tab.get_by_label("waiting").check()
    tab.locator("#race-question button").click()
    at_rest(tab)
    assert len(heard.asked) == 1 and heard.elsewhere == [] and heard.complaints == []
    told = unescape(page())
    assert "default-src 'none'" in told and not re.search(r'(src|href)="(?!#)|url\((?!#)|@import|fetch\(|XMLHttp', told)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_situation_shows_what_its_note_says(opened, preset):
    heard = opened()
    tab = heard.page
    tab.get_by_role("button", name=preset.name, exact=True).click()
    words = seen(tab)
    assert tab.locator("#note").inner_text() == preset.note
    beyond = preset.name in ("Just beyond", "Far beyond", "Momentum", "An adversary", "Hills")
    assert ("beyond the limit" in words) == beyond
    assert ("diverge" in words) == (beyond and preset.name != "Hills")
    assert ("allows" in words) == (preset.name in ("No delay", "A delay of four", "Noise"))
    assert heard.complaints == []


def test_divergence_is_a_picture_with_a_word_and_never_blank(opened):
    tab = opened("delay=0&step=4&steps=400").page
    assert "diverged: the gradient grew without end" in seen(tab)
    assert tab.locator("#norm .told").text_content() == "diverges"
    assert "leaves the picture" in tab.locator("#path .told").text_content()
    for path in ("#path .run", "#norm .measured", "#norm .least"):
        drawn = tab.locator(path).get_attribute("d")
        assert len(drawn) > 40 and "NaN" not in drawn and "Infinity" not in drawn


def test_a_link_brings_back_the_situation_and_dragging_writes_the_link(opened):
    tab = opened("delay=7&step=0.11&noise=0.35&momentum=-0.2&delays=uniform&problem=hills&steps=350&seed=4").page
    values = {
        name: tab.locator(f"#{name}").input_value()
        for name in ("delay", "noise", "momentum", "delays", "problem", "steps")
    }
    assert values == {
        "delay": "7",
        "noise": "0.35",
        "momentum": "-0.2",
        "delays": "uniform",
        "problem": "hills",
        "steps": "350",
    }
    assert tab.locator("#step-shown").inner_text() == "0.11/L" and tab.locator("#seed").inner_text() == "4"
    tab.locator("#delay").fill("9")
    at_rest(tab)
    assert "delay=9" in tab.url and "step=0.11" in tab.url
    tab.evaluate("location.hash = '#delay=3'")
    at_rest(tab)
    assert tab.locator("#delay").input_value() == "3" and tab.locator("#noise").input_value() == "0"


def test_what_is_not_understood_in_a_link_is_said_and_left_out(opened):
    heard = opened("delay=1e9&step=abc&weather=fine&noise=-3&steps=199&delays=none&momentum=NaN")
    tab = heard.page
    words = tab.locator("#ignored").inner_text()
    assert all(part in words for part in ("step=abc", "weather=fine", "delays=none", "momentum=NaN"))
    assert tab.locator("#delay").input_value() == "16" and tab.locator("#noise").input_value() == "0"
    assert tab.locator("#steps").input_value() == "200" and heard.complaints == []


def test_the_command_that_is_shown_is_one_of_gradlag_and_makes_the_same_run(opened, gradlag, tmp_path):
    tab = opened("delay=3&step=0.2&noise=0.4&delays=uniform&seed=5&steps=50").page
    line = shlex.split(at_rest(tab).locator("#command").inner_text())
    assert line[0] == "gradlag"
    answer = gradlag(*line[1:], "--json", folder=tmp_path)
    least = tab.evaluate("gradlag.situation(gradlag.parsed(location.hash).state).least.at(-1)")
    assert min(json.loads(answer.out)["measured"]) == pytest.approx(least, rel=1e-9)


def test_everything_is_reached_and_moved_by_keyboard_alone(opened):
    heard = opened(reduced_motion="reduce")
    tab = heard.page
    reached = set()
    for _ in range(120):
        tab.keyboard.press("Tab")
        told = tab.evaluate(
            """() => { const one = document.activeElement, box = one.getBoundingClientRect();
            const bar = document.getElementById("controls").getBoundingClientRect().top;
            const seen = one.closest("#controls") || (box.bottom > 0 && box.top < bar);
            const name = one.id || one.textContent.trim() || one.value;
            return [name, Boolean(seen), getComputedStyle(one).outlineStyle]; }"""
        )
        if told[0] == "noise":
            break
        assert told[1] and told[2] != "none", told
        reached.add(told[0])
    assert {preset.name for preset in PRESETS} | {
        "skip",
        "problem",
        "delays",
        "steps",
        "other",
        "copy",
        "update",
        "play",
        "boldness",
    } <= reached
    assert {"delay", "step", "momentum"} <= reached
    tab.keyboard.press("End")
    assert at_rest(tab).locator("#noise-shown").inner_text() == "2"
    tab.locator("#skip").focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowLeft")
    assert (
        at_rest(tab).locator("#delay-shown").inner_text() == "5" and "0.248" in tab.locator("#step-shown").inner_text()
    )
    assert heard.complaints == []


def test_questions_are_answered_by_keyboard_and_a_prediction_comes_before_the_reveal(opened):
    tab = opened().page
    hidden = tab.locator("#momenta .of-delay.hidden")
    assert hidden.count() == 3
    tab.locator("#momentum-question button").focus()
    tab.keyboard.press("Enter")
    assert "Choose an answer first" in tab.locator("#momentum-question-told").inner_text()
    tab.locator("#momentum-question input").first.focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    assert tab.locator("#momentum-question-told").inner_text().startswith("No.") and hidden.count() == 0
    assert tab.locator("#race-results").is_hidden() and tab.locator("#race .racer").count() == 0
    tab.locator("#race-question input[value=counter]").focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    assert tab.locator("#race-told").inner_text().startswith("As you said: the least is reached by counter-momentum")
    assert tab.locator("#race .racer").count() == 4
    tab.get_by_role("button", name="Predict again").press("Enter")
    assert tab.locator("#race-results").is_hidden()
    assert tab.evaluate("document.activeElement.name") == "answer"


def test_each_answer_about_momentum_is_the_right_one_exactly_where_the_library_says_so(opened):
    tab, share = opened().page, fixed_delay_limit(4, 0.9) / fixed_delay_limit(4)
    right = []
    for choice in tab.locator("#momentum-question input").all():
        choice.check()
        tab.locator("#momentum-question button").click()
        if tab.locator("#momentum-question-told").inner_text().startswith("Yes."):
            right.append((float(choice.get_attribute("data-above")), float(choice.get_attribute("data-below"))))
    assert len(right) == 1 and right[0][0] < share <= right[0][1]


def test_the_map_is_dragged(opened):
    tab = opened().page
    box = tab.locator("#map").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] - 19, box["y"] + 40, steps=5)
    tab.mouse.up()
    at_rest(tab)
    assert tab.locator("#delay").input_value() == "16" and tab.evaluate("gradlag.parsed(location.hash).state.step") > 2


def test_updates_are_stepped_through_and_what_was_read_is_named(opened):
    tab = opened("delay=6", reduced_motion="reduce").page
    tab.locator("#update").fill("20")
    assert "6 updates old, read at update 14" in tab.locator("#update-told").inner_text()
    tab.locator("#play").click()
    at_rest(tab)  # without motion a press is one update
    assert tab.locator("#update-shown").inner_text() == "21" and tab.locator("#play").inner_text() == "Play"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_the_width_of_a_telephone_nothing_is_cut_off_or_too_small(opened, scheme):
    heard = opened("delay=8&step=0.6", color_scheme=scheme, **PHONE)
    tab = heard.page
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    small = tab.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=range], summary")]
        .filter((one) => one.id !== "skip" && one.checkVisibility() && one.getBoundingClientRect().height < 24)
        .map((one) => one.id)"""
    )
    assert small == [] and heard.complaints == []
    assert tab.locator("#controls").bounding_box()["height"] < 150


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own && one.checkVisibility() && !one.closest("math, script, style")) {
      const style = getComputedStyle(one);
      found.push([ratio(one.closest("svg") ? style.fill : style.color, ground(one)), one.textContent.slice(0, 30)]);
    }
  }
  for (const line of [".run", ".least", ".allowed", ".limit", ".you", ".racer.wait", ".of-delay path"]) {
    const one = document.querySelector("svg " + line);
    if (one) found.push([ratio(getComputedStyle(one).stroke, ground(one)) * 1.5, line]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground_by_4_5_and_lines_by_3(opened, scheme):
    tab = opened(color_scheme=scheme).page
    tab.get_by_label("waiting").check()
    tab.locator("#race-question button").click()
    tab.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    found = tab.evaluate(CONTRAST)
    assert len(found) > 100
    assert [one for one in found if one[0] < 4.5] == []


def test_every_control_and_picture_has_a_name_for_those_who_do_not_see_it(opened):
    tab = opened().page
    at_rest(tab)
    nameless = tab.evaluate(
        """() => [...document.querySelectorAll("input, select, button, svg")].filter((one) => {
        const by = one.getAttribute("aria-labelledby");
        const name = one.getAttribute("aria-label") ?? (by ? document.getElementById(by).textContent : null)
          ?? (one.labels?.length ? one.labels[0].textContent : one.textContent);
        return !name.trim(); }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert tab.locator("[role=status]").count() >= 3 and tab.locator("html").get_attribute("lang") == "en"
    assert "diverge" not in tab.locator("#path").get_attribute("aria-label")
    tab.locator("#delay").fill("16")
    at_rest(tab)
    assert "diverge" in tab.locator("#path").get_attribute("aria-label")
    assert tab.locator("#delay").get_attribute("aria-valuetext") == "16"


def test_on_paper_the_controls_stand_still_the_buttons_are_left_out_and_the_ground_is_white(opened):
    tab = opened(color_scheme="dark").page
    tab.emulate_media(media="print")
    assert tab.locator("body").evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.locator("#controls").evaluate("(one) => getComputedStyle(one).position") == "static"
    assert tab.locator(".presets").is_hidden() and tab.locator("#path").is_visible()
    assert len(tab.pdf()) > 20_000
