"""The page as a file: `gradlag lesson --page` writes it, always the same, and refuses what makes no sense."""

import re

import pytest

from gradlag.teaching.page.build import MODULES, module, page
from gradlag.teaching.page.javascript import evaluator, size
from gradlag.teaching.page.library import BOUNDS
from theory.bounds import get


def test_the_page_is_one_file_of_less_than_500_kilobytes(gradlag, tmp_path):
    done = gradlag("lesson", "--page", "new/page.html", folder=tmp_path)
    assert (done.status, done.out.strip()) == (0, "new/page.html")
    written = (tmp_path / "new/page.html").read_bytes()
    assert written == page().encode() and len(written) < 500_000
    told = gradlag("lesson", "--page", "page.html", "--json", folder=tmp_path).json
    assert told == {"pages": [{"title": "Late gradients", "written": "page.html"}]}


def test_another_process_with_other_hashes_writes_the_same_bytes(shell, tmp_path):
    import os

    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        assert shell("lesson", "--page", f"{seed}.html", folder=tmp_path, env=environment).status == 0
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes() == page().encode()


@pytest.mark.parametrize("more", [["1"], ["--export", "x.html"], ["--sheets", "x"], ["--edit"]])
def test_the_page_is_asked_for_alone(gradlag, tmp_path, more):
    done = gradlag("lesson", *more, "--page", "page.html", folder=tmp_path)
    assert done.status == 2 and "Give --page FILE.html alone" in done.err
    assert not list(tmp_path.iterdir())


def test_every_module_takes_names_that_one_before_it_hands_on():
    declared = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.M)
    exported = {name: set(declared.findall(module(name))) for name in MODULES}
    taken = 0
    for place, name in enumerate(MODULES):
        for names, other in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";', module(name), re.M):
            assert other in MODULES[:place] and set(re.findall(r"\w+", names)) <= exported[other]
            taken += 1
    assert taken > 15


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_is_printed_from_its_formulas(name):
    bound, written = get(name), evaluator(get(name))
    for constant in bound.constants:
        assert re.search(rf"\be\.{constant}\b", written)
    assert written.count("[(") == len(bound.conditions) and all(
        size(one).startswith("(e) =>") for one in bound.conditions
    )
