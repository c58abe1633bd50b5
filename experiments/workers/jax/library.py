"""JAX, where it is installed: the one place that imports it, and the precision in which it computes here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from theory.common.errors import EnvironmentFailure

# Without the extra, the modules that use these can be imported, but nothing in them called: `need_jax` comes first.
jax: Any
jnp: Any
try:
    jax, jnp = import_module("jax"), import_module("jax.numpy")
except ImportError:
    jax = jnp = None


def need_jax(what: str) -> None:
    """Refuse what cannot be done without JAX.

    Raises:
        EnvironmentFailure: JAX is not installed.
    """
    if jax is None:
        raise EnvironmentFailure(f"{what} needs JAX. Install it with: pip install 'gradlag[nn]'")


@contextmanager
def computing_in(precision: np.dtype[Any]) -> Iterator[None]:
    """Numbers of this precision, and 32-bit products of matrices that are 32-bit products.

    Accelerators would round the factors to 10 bits by default; whoever wants that (it is faster) sets the environment
    variable JAX_DEFAULT_MATMUL_PRECISION=tensorfloat32.
    """
    wide = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64
    products = jax.config.jax_default_matmul_precision or "float32"
    with wide(precision == np.float64), jax.default_matmul_precision(products):
        yield
