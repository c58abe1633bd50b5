"""docs/rates.md and the rate of each bound are what is derived today."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from rates import FILE, PAGE, lines, page

from theory.bounds.registry import REGISTRY


def test_rates_are_those_of_the_formulas():
    derived = lines()
    assert json.loads(FILE.read_text(encoding="utf-8")) == derived, "write them with python benchmarks/rates.py"
    assert PAGE.read_text(encoding="utf-8") == page(derived), "write it with python benchmarks/rates.py"


def test_no_bound_has_a_rate_typed_by_hand():
    assert [name for name, bound in REGISTRY.items() if bound.rate_text] == []
    assert REGISTRY["dai2019"].rate() == "O(log T/sqrt T), O(1/sqrt T) without noise"
