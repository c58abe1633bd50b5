"""What the tests of proofs share: instances and runs on which statements of the kernel are evaluated by brute force."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from theory.proofs.refuting.instances import Abstract, delay_maps, random_reads
from theory.proofs.refuting.runs import EnumeratedRun, worth


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    """What the tests of proofs share."""
    return SimpleNamespace(
        Abstract=Abstract, Run=EnumeratedRun, delay_maps=delay_maps, random_reads=random_reads, worth=worth
    )
