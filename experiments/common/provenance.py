"""What computed a result: the versions of gradlag and of what it stands on, and the commit of a checkout."""

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def _installed_versions() -> dict[str, str]:
    packages = {name: version(name) for name in ("gradlag", "numpy", "numba")}
    return packages | {"python": platform.python_version(), "commit": _commit()}


def current_versions() -> dict[str, str]:
    """Versions of gradlag and of what computes with it; the commit is empty outside a checkout."""
    return dict(_installed_versions())


def _commit() -> str:
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
