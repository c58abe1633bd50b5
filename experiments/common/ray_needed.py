"""Ray, which comes with an extra: without it there is neither a cluster nor a server on real processes."""

from importlib.util import find_spec

from theory.common.errors import InputError


def ray_is_installed() -> bool:
    """Whether Ray can be imported."""
    return find_spec("ray") is not None


def ray_is_missing(what: str) -> str:
    """The sentence for a user who has no Ray, of what needs it."""
    return f"{what} needs Ray. Install it with: pip install 'gradlag[cluster]'"


def require_ray(what: str) -> None:
    """InputError that says how to install Ray, if it is not there."""
    if not ray_is_installed():
        raise InputError(ray_is_missing(what))
