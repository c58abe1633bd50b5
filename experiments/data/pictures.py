"""Labelled images as they are stored: downloaded ones, their stand-ins, and the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.common.arrays import digest_of, frozen
from experiments.data.archives import decode_jpegs
from experiments.data.array_files import Arrays, check_labels, kind_of, own_file, read_arrays
from experiments.data.on_request import ON_REQUEST, Stored, missing, said, stored
from theory.common.errors import DataError


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled images as they are stored, read-only.

    Args:
        name: what `load_pictures` was asked for.
        pixels: uint8 (n, height, width, channels).
        labels: int64 (n,).
        training: the published number of training images, which come first; none if nothing was published.
        title, licence, source: where they come from and on which terms.
        digest: sha256 of pixels, labels and that number.
    """

    name: str
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    training: int | None
    title: str
    licence: str
    source: str
    digest: str

    @property
    def rows(self) -> NDArray[np.uint8]:
        """The images as rows of numbers: of each the red, the green and the blue plane one after another."""
        return self.pixels.transpose(0, 3, 1, 2).reshape(len(self.pixels), -1)


def load_pictures(name: str) -> Pictures | None:
    """The labelled images of this name, if it is a file of images.

    Args:
        name: a set of images on request, or NAME for NAME.npz in $GRADLAG_DATA with the arrays images, uint8 (n, h, w)
            or (n, h, w, channels), and labels; or the bytes of JPEG images one after another, jpeg, with offsets and
            labels. A number n_train says how many come first and are the published training images.

    Raises:
        DataError: a set that was not downloaded yet or holds no images, or a file that is damaged.
    """
    found = _stored_pictures(name)
    if found is None:
        return None
    arrays = read_arrays(found.path, found.path.name, ("images", "jpeg", "offsets", "labels", "n_train"))
    if not {"images", "jpeg"} & set(arrays):
        return None
    pixels = _check_pixels(arrays, found.path.name)
    labels = check_labels(arrays["labels"], len(pixels), found.path.name)
    training = _check_training(arrays.get("n_train"), len(pixels), found.path.name)
    digest = digest_of(pixels, labels, text=str(training))
    return Pictures(name, pixels, labels, training, *said(name, found), digest)


def _stored_pictures(name: str) -> Stored | None:
    """The file in which images of this name may be."""
    own = own_file(name)
    if own is not None or name not in ON_REQUEST:
        return None if own is None else Stored(own, stand_in=False)
    found, kind = stored(name), ON_REQUEST[name].kind
    if kind != "images":
        raise DataError(f"The data set {name} holds {kind}, and rows of numbers with labels are needed here.")
    if found is None:
        raise missing(name)
    return found


def _check_pixels(arrays: Arrays, shown: str) -> NDArray[np.uint8]:
    lacking = [key for key in ("labels", *(["offsets"] if "jpeg" in arrays else [])) if key not in arrays]
    if lacking:
        raise DataError(f"{shown} must hold the images with labels. It lacks {' and '.join(lacking)}.")
    jpeg = "jpeg" in arrays
    pixels = decode_jpegs(arrays["jpeg"], arrays["offsets"], shown) if jpeg else arrays["images"]
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or 0 in pixels.shape:
        raise DataError(
            f"The images in {shown} must be whole numbers 0..255 (uint8) of shape (n, height, width) or (n, height, "
            f"width, channels). Got an array of {kind_of(pixels)} and shape {pixels.shape}."
        )
    return frozen(pixels if pixels.ndim == 4 else pixels[..., None])


def _check_training(training: NDArray[Any] | None, rows: int, shown: str) -> int | None:
    if training is None:
        return None
    if training.ndim or training.dtype.kind not in "iu" or not 0 < training < rows:
        raise DataError(f"The number n_train in {shown} must be a whole number from 1 to {rows - 1}. Got {training}.")
    return int(training)
