"""What a data set holds, as digests that travel with it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import xarray as xr

from experiments.common.arrays import digest_of


def content_digest(data: xr.Dataset) -> str:
    """Digest (sha256, hexadecimal) of all numbers and attributes, that of the digest itself apart."""
    told = {
        name: float(value) if isinstance(value, int | float | np.number) else str(value)
        for name, value in data.attrs.items()
        if name != "content"
    }
    return hashlib.sha256(f"{json.dumps(told, sort_keys=True)}{numbers_digest(data)}".encode()).hexdigest()


def numbers_digest(data: xr.Dataset) -> str:
    """Digest of all arrays, with their names."""
    names = sorted(map(str, data.variables))
    return digest_of(*(data[name].values for name in names), text=" ".join(names))
