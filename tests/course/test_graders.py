"""Graders: whatever is right is accepted, what is wrong is told why, and nothing readable is misjudged."""

from __future__ import annotations

from importlib import import_module

import pytest

import gradlag as gl
from gradlag.teaching.syllabus import SYLLABUS

ANSWERS = {number: import_module(f"tests.course.answers.{entry.stem}").ANSWERS for number, entry in SYLLABUS.items()}
CASES = [(number, name) for number in ANSWERS for name in ANSWERS[number]]
EACH = pytest.mark.parametrize(("number", "name"), CASES)


def marked(number, name, answers):
    exercise = gl.teaching.lesson(number).exercises[name]
    return [(answer, exercise.mark(answer).mark) for answer in answers]


def test_every_exercise_is_tried_with_five_right_and_five_wrong_answers():
    assert {number: set(tried) for number, tried in ANSWERS.items()} == {number: {"1", "2", "3"} for number in SYLLABUS}
    assert all(len(tried.right) >= 5 and len(tried.wrong) >= 5 for each in ANSWERS.values() for tried in each.values())


@EACH
def test_what_is_right_is_marked_right(number, name):
    for answer, mark in marked(number, name, ANSWERS[number][name].right):
        assert mark.outcome == "right", (answer, mark.sentence)


@EACH
def test_what_is_wrong_is_marked_wrong_by_a_hint_that_names_the_error(number, name):
    hints = [hint for _, hint in ANSWERS[number][name].wrong]
    marks = marked(number, name, [answer for answer, _ in ANSWERS[number][name].wrong])
    for (answer, mark), hint in zip(marks, hints, strict=True):
        assert mark.outcome == "wrong", (answer, mark.sentence)
        assert hint in mark.sentence, (answer, mark.sentence)
    assert len({mark.sentence for _, mark in marks}) >= 3


@EACH
def test_what_cannot_be_decided_or_read_is_not_marked_wrong(number, name):
    tried = ANSWERS[number][name]
    assert {mark.outcome for _, mark in marked(number, name, tried.undecided)} <= {"not decided"}
    for answer, mark in marked(number, name, tried.unread):
        assert mark.outcome == "not read" and len(mark.sentence) > 20, (answer, mark.sentence)
