"""Every lesson runs from top to bottom, is what the syllabus says, and becomes a page and a sheet that need nothing."""

from __future__ import annotations

import ast
import re
import sys

import pytest

import gradlag as gl
from gradlag.teaching import sheet
from gradlag.teaching.notebook import COURSE, notebook, outputs, solutions, solved
from gradlag.teaching.parts.picture import Frame
from gradlag.teaching.parts.prediction import Revealed
from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.syllabus import SYLLABUS

LESSONS = pytest.mark.parametrize("number", SYLLABUS)


@pytest.fixture(scope="module")
def shown():
    """What the cells of each lesson show; run once."""
    return {number: outputs(entry) for number, entry in SYLLABUS.items()}


@LESSONS
def test_a_lesson_shows_all_its_pictures_predictions_and_three_exercises(shown, number):
    lesson = gl.teaching.lesson(number)
    frames = [each.picture.name for each in shown[number] if isinstance(each, Frame)]
    asked = [each.prediction.name for each in shown[number] if isinstance(each, Revealed)]
    marked = [each.exercise.name for each in shown[number] if hasattr(each, "exercise")]
    assert sorted(frames) == sorted(lesson.pictures) and frames
    assert sorted(asked) == sorted(lesson.predictions) and asked
    assert marked == ["1", "2", "3"] == list(lesson.exercises)


@LESSONS
def test_a_notebook_imports_the_door_and_marimo_alone(number):
    tree = ast.parse(notebook(SYLLABUS[number]).read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"marimo", "gradlag"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]


@LESSONS
@pytest.mark.parametrize("medium", Medium)
def test_a_page_points_nowhere_and_every_formula_is_set(shown, number, medium):
    page = sheet.page("A lesson", number, shown[number], medium)
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", page)
    assert "<math" in page and 'class="math"' not in page  # a formula that could not be set stands in such a <code>
    assert not re.search(r"<<|>>|\ue000|\$", re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL))
    assert len(page) < (400_000 if medium is Medium.PAPER else 5_000_000)


@LESSONS
def test_a_lesson_takes_ninety_minutes_and_has_aims(number):
    entry = SYLLABUS[number]
    assert entry.minutes == 90 and entry.number == number
    assert len(entry.aims) >= 2 and entry.proves and entry.shows


@LESSONS
def test_every_exercise_has_a_solution_that_is_marked_right(number):
    lesson, solved = gl.teaching.lesson(number), solutions(SYLLABUS[number])
    assert set(solved) == set(lesson.exercises)
    for name, exercise in lesson.exercises.items():
        mark = exercise.mark(solved[name]["answers"]).mark
        assert mark.outcome == "right", (name, mark.sentence)
        assert "$" not in re.sub(r"\$[^$]+\$", "", solved[name]["text"])


@LESSONS
def test_the_solutions_print_and_every_formula_of_them_is_set(number):
    printed = solved(SYLLABUS[number])
    assert printed.count("<h2>") == 3 and "<math" in printed and 'class="math"' not in printed
    assert not re.search(r"<<|>>|\$", re.sub(r"<(script|style).*?</\1>", "", printed, flags=re.DOTALL))


@LESSONS
def test_every_choice_of_the_sliders_is_drawn(number):
    from itertools import product

    for picture in gl.teaching.lesson(number).pictures.values():
        choices = list(product(*(slider.values for slider in picture.sliders.values())))
        assert len(choices) <= 400
        assert all(slider.start in slider.values for slider in picture.sliders.values())
        for choice in (choices[0], choices[-1], choices[len(choices) // 2]):
            drawn = picture.frame(choice)
            assert drawn.startswith("<svg") and "nan" not in drawn.lower() and 'class="math"' not in drawn


@pytest.mark.parametrize(("staleness", "theta", "steps"), [(1, 1.0, 4), (4, 0.5, 8), (8, 0.25, 3)])
def test_a_worst_case_of_the_ladder_is_what_the_solver_finds(staleness, theta, steps):
    from gradlag.teaching.pictures.lesson_02 import rungs

    found = gl.worst_case(f"{theta}/(s*L)", staleness=staleness, steps=steps, witness=False).to_dict()["value"]
    assert rungs(staleness, theta, steps)[2] == pytest.approx(found, rel=1e-5)  # it is kept with seven digits


def test_no_rung_of_the_ladder_lies_below_the_one_under_it():
    from gradlag.teaching.pictures.lesson_02 import HORIZONS, STALENESSES, THETAS, rungs

    for staleness in STALENESSES:
        for theta in THETAS:
            for steps in HORIZONS:
                parabola, slope, worst, b, a, _ = rungs(staleness, theta, steps)
                assert max(parabola, slope) <= worst * (1 + 1e-6) and worst <= b * (1 + 1e-6) and b <= a * (1 + 1e-12)


def test_the_tables_of_the_instructors_page_are_those_of_the_syllabus():
    sys.path.insert(0, str(COURSE.parent / "benchmarks"))
    from syllabus import BEGIN, END, PAGE, syllabus

    shown = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == syllabus(), "write them with python benchmarks/syllabus.py"


def test_answers_that_are_handed_in_as_a_table_are_graded(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(
        r"```python\n(.*?)```", (COURSE / "INSTRUCTOR.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    rows = "student,lesson,exercise,answers\nAda,1,1,2|1/5\nEmil,1,2,0.618\nJo,1,3,late\n"
    (tmp_path / "answers.csv").write_text(rows, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "INSTRUCTOR.md", "exec"), {})
    ada, emil, jo = capsys.readouterr().out.splitlines()
    assert ada.startswith("Ada; 1; 1; right;") and emil.startswith("Emil; 1; 2; wrong; This is a limit of $a$")
    assert jo.startswith("Jo; 1; 3; not read;")
