"""The data sets: what travels along is what the sources publish, and nothing malformed is ever used."""

import subprocess
import sys
import zipfile
from importlib import resources

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

from experiments.data import DATASETS, load, own_names, standardise, where
from theory.errors import DataError


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write arrays as the user's own data set "mine" in $GRADLAG_DATA."""
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))

    def write(**arrays):
        np.savez(tmp_path / "mine.npz", **arrays)
        return tmp_path / "mine.npz"

    return write


@pytest.mark.parametrize("name", DATASETS)
def test_every_listed_set_is_there_with_the_size_and_classes_that_are_listed(name):
    entry, data = DATASETS[name], load(name)
    assert data.features.shape == (entry.rows, entry.columns)
    assert data.features.dtype == np.float64
    assert data.labels.dtype == np.int64
    assert data.classes == entry.classes
    assert (data.title, data.licence, data.source) == (entry.title, entry.licence, entry.source)
    assert not data.features.flags.writeable
    assert not data.labels.flags.writeable


@pytest.mark.parametrize(("name", "source"), [("breast_cancer", load_breast_cancer), ("digits", load_digits)])
def test_the_installed_values_are_those_of_scikit_learn(name, source):
    features, labels = source(return_X_y=True)
    np.testing.assert_array_equal(load(name).features, features)
    np.testing.assert_array_equal(load(name).labels, labels)


def test_mnist5k_has_500_images_a_class_with_pixels_from_0_to_255():
    data = load("mnist5k")
    np.testing.assert_array_equal(np.bincount(data.labels), np.full(10, 500))
    assert (data.features.min(), data.features.max()) == (0, 255)


def test_the_notices_credit_every_set():
    text = (resources.files("experiments") / "datasets" / "NOTICES.md").read_text()
    for name, entry in DATASETS.items():
        assert f"{name}.npz" in text
        assert f"({entry.licence})" in text


def test_the_sets_load_from_any_folder(tmp_path):
    code = "from experiments.data import load; print(load('digits').features.shape)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.strip() == "(1797, 64)", run.stderr


def test_standardised_columns_have_zero_mean_and_unit_variance_and_an_intercept():
    features = np.random.default_rng(1).normal(3, 10, (40, 5))
    scaled = standardise(features)
    np.testing.assert_allclose(scaled[:, :5].mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(scaled[:, :5].var(axis=0), 1, rtol=1e-13)
    np.testing.assert_array_equal(scaled[:, 5], 1)


def test_a_constant_column_becomes_exactly_zero_even_where_its_mean_rounds():
    assert not standardise(np.full((7, 1), 0.1))[:, 0].any()


def test_standardising_forgets_shift_and_scale():
    features = np.random.default_rng(2).normal(size=(30, 4))
    np.testing.assert_allclose(standardise(5 * features - 2), standardise(features), atol=1e-13)


def test_the_users_own_set_is_found_before_an_installed_one(own):
    path = own(features=np.eye(3), labels=np.array([0, 1, 1]))
    path.rename(path.with_name("digits.npz"))
    assert load("digits").features.shape == (3, 3)
    assert load("digits").digest != load("breast_cancer").digest
    assert own_names() == ("digits",)
    assert where("digits").startswith("digits is there already: it is your own file")
    assert where("mnist5k") == "mnist5k is there already: it came with gradlag (5000 rows, 784 columns)."


def test_the_digest_follows_the_values_and_nothing_else(own):
    own(features=np.eye(2), labels=np.array([0, 1]))
    first = load("mine").digest
    own(features=np.eye(2, dtype=np.int8), labels=np.array([0.0, 1.0]), other=np.ones(3))
    assert load("mine").digest == first
    own(features=np.eye(2), labels=np.array([1, 0]))
    assert load("mine").digest != first


def refuse(*needles):
    with pytest.raises(DataError) as caught:
        load("mine")
    for needle in needles:
        assert needle in str(caught.value)


def test_a_value_that_is_not_finite_is_named_by_row_and_column(own):
    features = np.ones((4, 3))
    features[2, 1] = np.nan
    own(features=features, labels=np.zeros(4))
    refuse("mine.npz", "Row 3, column 2 (counted from 1) holds nan")


@pytest.mark.parametrize(
    ("features", "labels", "needle"),
    [
        (np.array([["a", "b"]]), np.zeros(1), "Got an array of text"),
        (np.ones((2, 2), dtype=complex), np.zeros(2), "real numbers. Got an array of type complex128"),
        (np.ones((2, 2, 2)), np.zeros(2), "two dimensions, rows and columns, neither empty. Got shape (2, 2, 2)"),
        (np.ones((0, 2)), np.zeros(0), "neither empty"),
        (np.ones((2, 2)), np.zeros(3), "one for each of the 2 rows. Got shape (3,)"),
        (np.ones((2, 2)), np.array([0, 0.5]), "whole numbers. Row 2 holds 0.5"),
        (np.ones((2, 2)), np.array([0, np.inf]), "whole numbers. Row 2 holds inf"),
        (np.ones((2, 2)), np.array(["a", "b"]), "whole numbers. Got an array of text"),
        (np.full((2, 2), 1e200), np.zeros(2), "below 1e150"),
    ],
)
def test_malformed_arrays_are_refused_with_what_is_wrong(own, features, labels, needle):
    own(features=features, labels=labels)
    refuse("mine.npz", needle)


def test_a_missing_array_is_named(own):
    own(features=np.eye(2))
    refuse("It lacks labels.")


def test_objects_are_never_unpickled(own, tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("unpickled",), None)

    own(features=np.array([Trap()], dtype=object), labels=np.zeros(1))
    refuse("Python objects, which are never read")


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_truncated_file_is_refused(own, keep):
    path = own(features=np.eye(9), labels=np.zeros(9))
    path.write_bytes(path.read_bytes()[:keep])
    refuse("mine.npz is not an .npz file, or is cut off")


def test_a_damaged_member_is_refused(own):
    path = own(features=np.eye(9), labels=np.zeros(9))
    bytes_ = bytearray(path.read_bytes())
    bytes_[300] ^= 0xFF
    path.write_bytes(bytes_)
    refuse("mine.npz cannot be read: it is damaged")


def test_a_zip_of_something_else_is_refused(own):
    path = own(features=np.eye(2), labels=np.zeros(2))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("features.npy", "not an array")
    refuse("mine.npz")


@pytest.mark.parametrize("name", ["", "../digits", "a/b", ".hidden", "a b"])
def test_names_cannot_leave_the_folder(name):
    with pytest.raises(DataError, match="made of letters"):
        load(name)


def test_an_unknown_set_lists_those_that_there_are(own):
    refuse("There is no data set 'mine'", "breast_cancer, digits, mnist5k", "GRADLAG_DATA")


def test_a_folder_that_does_not_exist_is_refused(monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", "/nowhere/at/all")
    with pytest.raises(DataError, match="must name a folder that exists"):
        load("digits")
