"""The pages that come from the library's objects, written before Sphinx reads the others.

Nothing here is typed by hand that an object, a flag or a docstring says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.generate.atlas import atlas_pages
from docs.generate.command import command_page
from docs.generate.door import door_page
from docs.generate.gallery import gallery_pages
from docs.generate.lessons import lessons_page, write_lessons
from figures.report.mathematics import mathml

GENERATED = "generated"


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls: formulas as MathML, and the generated pages."""
    app.add_html_math_renderer("mathml", (_inline, None), (_displayed, None))
    app.connect("builder-inited", _write)
    app.connect("html-page-context", _level_captions, priority=900)  # after the theme has made it
    app.connect("build-finished", _add_lessons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write(app: Any) -> None:
    folder = Path(app.srcdir) / GENERATED
    pages = {**atlas_pages(), **command_page(), **door_page(), **lessons_page(), **gallery_pages(folder / "gallery")}
    for stale in {*folder.rglob("*.md")} - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _add_lessons(app: Any, failed: Exception | None) -> None:
    if failed is None and app.builder.format == "html":
        write_lessons(Path(app.outdir))


def _level_captions(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Captions of the contents are headings without a level, which screen readers cannot place."""
    if "furo_navigation_tree" in context:
        found = context["furo_navigation_tree"]
        context["furo_navigation_tree"] = found.replace('role="heading"', 'role="heading" aria-level="2"')


def _inline(writer: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(mathml(node.astext()))
    raise SkipNode


def _displayed(writer: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    writer.body.append(f'<div class="formula">{mathml(node.astext(), display=True)}</div>')
    raise SkipNode
