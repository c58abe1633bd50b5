"""The look: the same bytes for the same figure, nothing from elsewhere, colours in order, labels apart."""

import base64
import io
import re
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from figures.style import labels, style
from figures.style.fonts import Face, characters, font_faces


def drawn():
    with style.style():
        figure = style.figure()
        axes = figure.add_subplot()
        style.log_axes(axes)
        axes.plot([1, 10, 100], [3, 2, 1], color=style.BLUE, label="$s = 2$")
        labels.label_ends(axes, [labels.Label(1.0, "one", style.BLUE), labels.Label(1.01, "two", style.INK)])
    return figure


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = style.save(drawn(), tmp_path / "a", "x"), style.save(drawn(), tmp_path / "b", "x")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_an_svg_refers_only_to_itself_and_all_its_references_resolve():
    text = style.svg(drawn(), "x", fonts=False)
    names = re.findall(r'\bid="([^"]+)"', text)
    assert len(names) == len(set(names))
    assert all(name.startswith("x-") for name in names)
    targets = re.findall(r'href="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert targets
    assert all(target.removeprefix("#") in names for target in targets)
    assert set(re.findall(r'https?://[^"\s]+', text)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_text_is_text_and_the_fonts_of_all_its_letters_come_with_it():
    text = style.svg(drawn(), "x")
    shown = characters([text])
    assert {face.family for face in shown} == set(re.findall(r'@font-face { font-family: "([^"]+)"', text))
    assert set("one") <= set(shown[Face("DejaVu Sans", "normal", "normal")])
    assert "@font-face" not in style.svg(drawn(), "x", fonts=False)
    assert font_faces([text]) in style.with_fonts(style.svg(drawn(), "x", fonts=False))


def test_numbers_in_words_keep_their_digits():
    with style.style():
        picture = style.figure()
        axes = picture.add_subplot()
        axes.set_yticks([0.9255, 0.975])
        axes.set_title("0.12345")
    text = style.svg(picture, "x")
    assert all(f">{told}</text>" in text for told in ("0.9255", "0.9750", "0.12345"))
    assert not re.search(r' d="[^"]*\d\.\d{3}', text)


def test_a_font_has_the_letters_that_are_shown_and_no_others():
    rule = font_faces(["""<text style="font-size: 7px; font-family: 'DejaVu Sans'; fill: x">a&amp;∇</text>"""])
    packed = base64.b64decode(re.findall(r"base64,([^)]+)", rule)[0])
    assert set(TTFont(io.BytesIO(packed)).getBestCmap()) == set(map(ord, "a&∇"))


def test_the_users_own_settings_come_back():
    with mpl.rc_context({"font.size": 31.0}):
        drawn()
        assert mpl.rcParams["font.size"] == 31.0


def test_a_theme_replaces_every_colour_by_a_variable_with_itself_as_default():
    text = style.themed(style.svg(drawn(), "x"))
    assert f"var(--blue, {style.BLUE})" in text
    assert not re.search(rf"(?<!, ){style.BLUE}", text)


def test_a_colour_without_a_name_has_a_counterpart_in_the_dark_that_can_be_told_from_the_ground():
    with style.style():
        picture = style.figure()
        picture.add_subplot().plot([1, 2], color="#46327e")
    assert "light-dark(#46327e, " in style.themed(style.svg(picture, "x"))
    ground = luminance("#181c26")
    inks, grounds = ("#46327e", "#365c8d", "#277f8e", "#1fa187", "#440154"), ("#f3f6fa", "#b9cfe3")
    assert all(luminance(style.in_the_dark(ink)) > ground + 0.35 for ink in inks)
    assert all(luminance(style.in_the_dark(light)) < ground + 0.25 for light in grounds)


def luminance(colour):
    return float(np.dot([0.2126, 0.7152, 0.0722], mpl.colors.to_rgb(colour)))


def test_ordered_colours_grow_lighter_with_the_staleness():
    colours = style.ordered_colours([32, 1, 8, 2, 4, 16])
    shades = [luminance(colours[s]) for s in (1, 2, 4, 8, 16, 32)]
    assert all(np.diff(shades[:5]) > 0.04)
    assert shades[5] > shades[3]


def test_a_staleness_keeps_its_colour_when_others_are_absent():
    assert style.ordered_colours([8])[8] == style.ordered_colours([1, 2, 4, 8])[8]
    assert len(set(style.ordered_colours([1, 3, 5, 7]).values())) == 4


@given(st.lists(st.floats(0, 1), max_size=12))
def test_labels_keep_their_order_and_stay_apart(heights):
    gap = 0.05
    places = labels.spread(sorted(heights), gap)
    assert len(places) == len(heights)
    assert all(after - before >= gap - 1e-9 for before, after in pairwise(places))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)


def test_labels_with_room_stay_where_they_are():
    assert labels.spread([0.1, 0.5, 0.9], 0.05) == pytest.approx([0.1, 0.5, 0.9])


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-5, "10⁻⁵"), (0.01, "0.01"), (1.0, "1"), (500.0, "500"), (1e4, "10⁴"), (2e6, "2·10⁶")],
)
def test_ticks_are_short(value, text):
    assert style.tick_label(value) == text


def test_a_narrow_range_still_has_ticks():
    ticks = style.Decades(numticks=8).tick_values(0.21, 0.9)
    assert ((ticks > 0.21) & (ticks < 0.9)).sum() >= 1


def test_the_last_bits_of_the_layout_do_not_show(tmp_path, monkeypatch):
    """The solver's places differ by rounding, as its variables lie elsewhere in memory; the ids in a file must not."""
    found, noises = ConstrainedLayoutEngine.execute, [0.0, 1e-14, -3e-15]

    def disturbed(self, figure):
        found(self, figure)
        for axes in figure.axes:
            place = axes.get_position(original=True).get_points()
            axes._set_position(Bbox(place * (1 + noises[-1])), which="original")

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", disturbed)
    files = set()
    while noises:
        files.add((style.svg(drawn(), "x"), style.pdf(drawn())))
        noises.pop()
    assert len(files) == 1
