"""The gallery: every script of docs/gallery is run, its `picture` becomes an SVG, its docstring the text beside it."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from contextlib import chdir
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.figure import Figure

from figures.style import style

SCRIPTS = Path(__file__).parents[1] / "gallery"


def gallery_pages(folder: Path) -> dict[str, str]:
    """Path -> text: a page of pictures, and one for each script.

    Args:
        folder: where the pictures go; one that is newer than its script and the library is kept.
    """
    scripts = {path.stem: path for path in sorted(SCRIPTS.glob("*.py"))}
    pages = {f"gallery/{name}.md": "\n".join(_page(path, folder)) + "\n" for name, path in scripts.items()}
    return {"gallery/index.md": "\n".join(_index(scripts)) + "\n", **pages}


def _index(scripts: dict[str, Path]) -> Iterator[str]:
    yield from ("# Gallery", "", "Pictures from a few lines each; every script runs when this documentation is built.")
    yield from ("", "::::{grid} 1 1 2 2", ":gutter: 3", "")
    for name, path in scripts.items():
        title, _ = _told(path)
        yield from (f":::{{grid-item-card}} {title}", f":link: {name}", ":link-type: doc", "")
        yield from (*_picture(name, title), ":::", "")
    yield from ("::::", "", "```{toctree}", ":hidden:", "", *scripts, "```")


def _page(path: Path, folder: Path) -> Iterator[str]:
    title, text = _told(path)
    _draw(path, folder)
    code = path.read_text(encoding="utf-8").split('"""', 2)[2].strip()
    yield from (f"# {title}", "", text, "", *_picture(path.stem, f"{title}. {text}"), "")
    yield from ("```python", code, "```")


def _picture(name: str, alternative: str) -> Iterator[str]:
    """The drawing in the page itself, where it takes the colours of the page."""
    yield from ("```{raw} html", f'<div class="picture" role="img" aria-label="{escape(alternative)}">', "```")
    yield from ("```{raw} html", f":file: {name}.svg", "```", "```{raw} html", "</div>", "```")


def _told(path: Path) -> tuple[str, str]:
    title, _, text = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")
    return title.rstrip("."), " ".join(text.split())


def _draw(path: Path, folder: Path) -> None:
    """Run a script in an empty folder; what it calls `picture` is a figure, or the path of an SVG that a verb wrote."""
    drawn = folder / f"{path.stem}.svg"
    if drawn.exists() and drawn.stat().st_mtime > path.stat().st_mtime:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, chdir(scratch):
        picture = runpy.run_path(str(path))["picture"]
        text = style.svg(picture, path.stem) if isinstance(picture, Figure) else Path(picture).read_text("utf-8")
    drawn.write_text(style.themed(style.own_ids(text, path.stem)), encoding="utf-8")
