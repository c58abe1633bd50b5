"""How many examples a claim is tried on: all where the long tests run too, a third where they are left out."""

import os

_NAME = "GRADLAG_TESTS_ALL_EXAMPLES"


def choose(everything: bool) -> None:
    """Say it, before the tests are collected, for this process."""
    os.environ[_NAME] = str(int(everything))


def many(count: int) -> int:
    """This many, or a third."""
    return count if os.environ.get(_NAME, "1") == "1" else -(-count // 3)
