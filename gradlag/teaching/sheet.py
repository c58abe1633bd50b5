"""A lesson as one HTML file: an app with its own small server, a page that needs nothing, or a printable sheet."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from gradlag.teaching.shown.medium import Medium
from gradlag.teaching.shown.styles import DARK, MOVES, PAGE_STYLE, SENDS, STYLE

_NOTICE = "This page needs no network. Answers are graded where gradlag is installed: <code>gradlag lesson {}</code>."


def page(title: str, number: int, outputs: Iterable[Any], medium: Medium) -> str:
    """One HTML file of what the cells of a notebook show; it asks for nothing, and only an app sends anything.

    Args:
        title: of the page; number: of the lesson.
        outputs: of the cells, in order; the widgets of marimo among them are left out.
        medium: on what it is shown.
    """
    parts = [output.on(medium) for output in outputs if hasattr(output, "on")]
    if medium is Medium.PAGE:
        parts.append(f'<p class="gl gl-text gl-small">{_NOTICE.format(number)}</p>')
    dark = "" if medium is Medium.PAPER else f"<script>{DARK}</script>"
    script = {Medium.APP: MOVES + SENDS, Medium.PAGE: MOVES, Medium.PAPER: ""}[medium]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}{PAGE_STYLE}</style>{dark}</head>"
        f'<body class="gl"><main>{"".join(parts)}</main><script>{script}</script></body></html>\n'
    )
