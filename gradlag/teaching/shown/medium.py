"""On what a lesson is shown: opened as an app, as a page without Python, or on paper."""

from __future__ import annotations

from enum import Enum, auto
from html import escape


class Medium(Enum):
    """An app has a grader behind it, a page has not, and on paper nothing moves."""

    APP = auto()
    PAGE = auto()
    PAPER = auto()


def asked(kind: str, name: str, inside: str, button: str = "") -> str:
    """A part of an app that sends what its fields hold, when a button is pressed or else when a slider moves."""
    press = f'<button type="submit">{escape(button)}</button>' if button else ""
    shown = '<div class="gl-shown" aria-live="polite"></div>'
    return f'<form class="gl gl-text" data-kind="{kind}" data-name="{escape(name)}">{inside}{press}{shown}</form>'
