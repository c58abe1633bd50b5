"""What an installation holds, and that Python finds it from every folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("theory", "experiments", "figures", "gradlag", "course")


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A clone named gradlag, without what a wheel does not hold."""
    place = tmp_path_factory.mktemp("home") / "gradlag"
    place.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICES.md"):
        shutil.copy(ROOT / name, place)
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, place / floor, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def test_a_source_distribution_holds_what_its_tests_and_documents_need(tmp_path):
    others = ("tests", "docs", "formal", "paper", "benchmarks")
    dropped = shutil.ignore_patterns("__pycache__", "generated", "*.vo*", "*.glob", ".*", "Assumptions.v")
    for name in (*FLOORS, *others):
        shutil.copytree(ROOT / name, tmp_path / "clone" / name, ignore=dropped)
    single = ("pyproject.toml", "README.md", "LICENSE", "NOTICES.md", "MANIFEST.in", "Makefile", "constraints.txt")
    for name in (*single, "CITATION.cff", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path / "clone")
    program = "from setuptools import build_meta; build_meta.build_sdist('..')"
    line = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(line, cwd=tmp_path / "clone", capture_output=True, check=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        held = {Path(*Path(name).parts[1:]) for name in archive.getnames()}
    there = {path.relative_to(tmp_path / "clone") for path in (tmp_path / "clone").rglob("*") if path.is_file()}
    assert {path for path in there - held if not any(part.endswith(".egg-info") for part in path.parts)} == set()


def built(clone: Path, kind: str) -> zipfile.ZipFile:
    """A wheel of the clone, as pip has it made."""
    program = f"from setuptools import build_meta; print(build_meta.build_{kind}('..'))"
    line = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(line, cwd=clone, capture_output=True, text=True, check=True)
    return zipfile.ZipFile(clone.parent / done.stdout.split()[-1])


def test_a_wheel_holds_the_types_and_the_data_and_no_tests(clone):
    with built(clone, "wheel") as wheel:
        held = set(wheel.namelist())
    wanted = {path.relative_to(ROOT).as_posix() for floor in FLOORS for path in (ROOT / floor).rglob("*.pyi")}
    wanted |= {f"{floor}/py.typed" for floor in FLOORS if floor != "course"}
    kept = (
        *(ROOT / "course").rglob("*.py"),
        *(ROOT / "gradlag/teaching").rglob("*.json"),
        ROOT / "course/INSTRUCTOR.md",
    )
    wanted |= {path.relative_to(ROOT).as_posix() for path in kept}
    wanted |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "experiments/datasets").glob("*.npz")}
    assert "gradlag/__init__.pyi" in wanted
    assert wanted - held == set()
    assert {name.partition("/")[0] for name in held if ".dist-info/" not in name} == set(FLOORS)


def test_from_the_folder_above_a_clone_named_gradlag_the_package_is_found_and_not_the_clone(clone):
    # An editable installation, which `make` makes: from there Python sees the clone as a package without an __init__.
    site = clone.parent / "site"
    with built(clone, "editable") as wheel:
        wheel.extractall(site)
    program = f"import site, sys; sys.path.insert(0, ''); site.addsitedir({str(site)!r}); import gradlag as gl\n"
    line = [sys.executable, "-I", "-S", "-c", program + "print(gl.__version__, gl.__file__, 'check' in dir(gl))"]
    told = subprocess.run(line, cwd=clone.parent, capture_output=True, text=True, check=True).stdout.split()
    assert told[1:] == [str(clone / "gradlag/__init__.py"), "True"]
