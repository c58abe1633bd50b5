"""The data sets: what travels along is what the sources publish, and nothing malformed is ever used."""

import io
import subprocess
import sys
import zipfile
from importlib import resources

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits

from experiments.common import memory
from experiments.data.on_request import ON_REQUEST
from experiments.data.pictures import load_pictures
from experiments.data.sets import DATASETS, load, own_names, standardise, where
from experiments.data.tables import corpus, ratings
from experiments.workloads import get_workload
from experiments.workloads.images import images
from theory.common.errors import DataError, InputError, TooLargeError


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
    code = "from experiments.data.sets import load; print(load('digits').features.shape)"
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


# Images, stand-ins and sets on request


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that GRADLAG_DATA names; nothing is remembered from one test to the next."""
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    for kept in (ratings, corpus):
        kept.cache_clear()
    yield tmp_path
    for kept in (ratings, corpus):
        kept.cache_clear()


def jpeg_file(path, count=12, training=9):
    """Images of one colour each, encoded one after another."""
    parts = []
    for i in range(count):
        stream = io.BytesIO()
        Image.new("RGB", (8, 8), (20 * i, 0, 255)).save(stream, "JPEG", quality=95)
        parts.append(stream.getvalue())
    offsets = np.append(0, np.cumsum([len(part) for part in parts]))
    content = np.frombuffer(b"".join(parts), np.uint8)
    labels = (np.arange(count) % 3).astype(np.uint8)
    np.savez(path, jpeg=content, offsets=offsets, labels=labels, n_train=np.array(training))


def test_jpeg_re_encodes_stand_in_for_cifar_10_and_say_so(folder):
    jpeg_file(folder / "cifar10_jpeg.npz")
    data = load("cifar-10")
    assert data.features.shape == (12, 192)
    assert "JPEG re-encodes, which stand in for the original" in data.title
    assert "cifar10_jpeg.npz in $GRADLAG_DATA, not the original" in data.source
    assert where("cifar-10").startswith("cifar-10 is there already: a stand-in")
    assert "cifar10_jpeg" not in own_names()
    found = images("cifar10")
    assert (found.name, found.features.shape, found.held_out.shape) == ("cifar-10", (9, 192), (3, 192))
    assert (found.digest, found.source) == (data.digest, data.source)


def test_pixels_are_rows_columns_and_colours_and_a_row_is_one_colour_after_another(folder):
    jpeg_file(folder / "cifar10_jpeg.npz")
    found = images("cifar-10")
    train, held_out = found.pictures(np.dtype(np.float32))
    assert train.shape == (9, 8, 8, 3)
    assert held_out.shape == (3, 8, 8, 3)
    assert np.abs(train[8].mean(axis=(0, 1)) - [160 / 255, 0, 1]).max() < 0.02  # JPEG rounds colours
    np.testing.assert_array_equal(found.features[8], train[8].transpose(2, 0, 1).ravel())
    assert found.features.dtype == np.float32
    assert found.features.min() >= 0
    assert found.features.max() <= 1
    assert not found.features.flags.writeable


def test_the_published_file_is_found_before_its_stand_in(folder):
    jpeg_file(folder / "cifar10_jpeg.npz")
    pixels = np.arange(5 * 12, dtype=np.uint8).reshape(5, 2, 2, 3)
    first = images("cifar-10").digest
    np.savez(folder / "cifar-10.npz", images=pixels, labels=np.array([0, 1, 0, 1, 1]), n_train=4)
    found = load_pictures("cifar-10")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert (found.training, found.title) == (4, "cifar-10.npz, the user's own")
    (folder / "cifar-10.json").write_text("{}")
    assert load_pictures("cifar-10").title == ON_REQUEST["cifar-10"].title
    assert images("cifar-10").digest == found.digest != first


def test_images_without_a_published_split_are_what_the_same_rows_of_features_are(folder):
    installed, kept = load("mnist5k"), images("mnist-5k")
    np.savez(
        folder / "mnist5k.npz",
        images=installed.features.astype(np.uint8).reshape(-1, 28, 28),
        labels=installed.labels.astype(np.uint8),
    )
    again = images("mnist-5k")
    assert load("mnist5k").title == "mnist5k.npz, the user's own"
    assert (again.digest, again.shape) == (kept.digest, (28, 28, 1))
    np.testing.assert_array_equal(again.features, kept.features)


def test_the_users_own_rows_of_square_images_have_a_shape_and_others_are_refused_as_images(folder):
    labels = np.arange(10) % 2
    for name, columns, shape in (("grey", 9, (3, 3, 1)), ("colour", 12, (2, 2, 3)), ("neither", 10, None)):
        np.savez(folder / f"{name}.npz", features=np.random.default_rng(0).random((10, columns)), labels=labels)
        assert images(name).shape == shape
    with pytest.raises(InputError, match="a row of neither has 10 numbers"):
        images("neither").pictures(np.dtype(np.float32))


@pytest.mark.parametrize(
    ("arrays", "needle"),
    [
        ({"images": np.zeros((4, 2), np.uint8)}, r"shape \(4, 2\)"),
        ({"images": np.zeros((4, 2, 2))}, "type float64"),
        ({"images": np.zeros((0, 2, 2), np.uint8)}, r"shape \(0, 2, 2\)"),
        ({"images": np.zeros((4, 2, 2), np.uint8), "labels": np.zeros(3)}, "one for each of the 4 rows"),
        ({"images": np.zeros((4, 2, 2), np.uint8), "n_train": 4}, "from 1 to 3. Got 4"),
        ({"images": np.zeros((4, 2, 2), np.uint8), "n_train": 0.5}, "Got 0.5"),
        ({"jpeg": np.zeros(4, np.uint8)}, "lacks offsets"),
        ({"jpeg": np.zeros(4, np.uint8), "offsets": np.array([0, 9])}, "offsets in mnist.npz"),
    ],
)
def test_malformed_images_are_refused(folder, arrays, needle):
    np.savez(folder / "mnist.npz", **{"labels": np.zeros(4)} | arrays)
    with pytest.raises(DataError, match=needle):
        images("mnist")


def test_images_without_labels_are_refused(folder):
    np.savez(folder / "mnist.npz", images=np.zeros((4, 2, 2), np.uint8))
    with pytest.raises(DataError, match="It lacks labels"):
        load("mnist")


def test_more_rows_than_there_is_memory_for_are_refused(folder, monkeypatch):
    jpeg_file(folder / "cifar10_jpeg.npz")
    monkeypatch.setattr(memory, "available_memory", lambda: 16 * 12 * 192 - 1)
    with pytest.raises(TooLargeError, match="GB of memory"):
        load("cifar-10")


@pytest.mark.parametrize(
    ("workload", "name"),
    [
        ("mlr:data=mnist", "mnist"),
        ("dnn:data=fashion-mnist", "fashion-mnist"),
        ("vae:data=cifar-10", "cifar-10"),
        ("matrix-factorization:data=movielens-1m", "movielens-1m"),
        ("lda:data=newsgroups-20", "newsgroups-20"),
        ("problem:softmax:data=mnist", "mnist"),
    ],
)
def test_a_set_that_is_not_there_is_said_with_the_command_that_gets_it(folder, workload, name):
    with pytest.raises(DataError, match=f"Get it with: gradlag data get {name}"):
        get_workload(workload)


def test_a_set_of_another_kind_is_refused(folder):
    with pytest.raises(DataError, match="movielens-1m holds ratings, and rows of numbers with labels are needed"):
        get_workload("mlr:data=movielens-1m")
    with pytest.raises(DataError, match="mnist holds images, and words are needed"):
        get_workload("lda:data=mnist")
    with pytest.raises(DataError, match="on request movielens-1m"):
        get_workload("matrix-factorization:data=nothing")


def test_counts_of_all_newsgroups_stand_in_for_the_archive(folder):
    np.savez(
        folder / "newsgroups20_counts.npz",
        train_indptr=np.array([0, 2, 3], np.int32),
        train_indices=np.array([0, 2, 1], np.uint16),
        train_counts=np.array([2, 1, 3], np.uint16),
        test_indptr=np.array([0, 1], np.int32),
        test_indices=np.array([1], np.uint16),
        test_counts=np.array([9], np.uint16),
    )
    documents = get_workload("lda:data=newsgroups-20,topics=2").corpus
    assert (documents.documents, documents.vocabulary, documents.words.size) == (2, 3, 6)
    assert documents.source.startswith("newsgroups20_counts.npz in $GRADLAG_DATA, not the original")
    assert "newsgroups20_counts" not in own_names()
    assert "a stand-in" in where("newsgroups-20")


def test_ratings_that_were_downloaded_are_factorised(folder):
    np.savez(
        folder / "movielens-1m.npz",
        user=np.array([0, 1, 1], np.int32),
        movie=np.array([0, 0, 1], np.int32),
        rating_times_two=np.array([2, 4, 10], np.uint8),
        movie_id=np.array([5, 9]),
    )
    work = get_workload("matrix-factorization:data=movielens-1m,rank=2")
    assert work.ratings.shape == (2, 2)
    assert work.ratings.values.tolist() == [1, 2, 5]


def test_the_users_copy_of_a_small_set_is_found_under_its_installed_name(folder):
    np.savez(folder / "movielens_small.npz", user=np.array([0]), movie=np.array([0]), rating_times_two=np.array([8]))
    assert ratings("movielens-small").values.tolist() == [4]


def test_a_problem_learns_from_downloaded_images(folder):
    pixels = np.random.default_rng(3).integers(0, 256, (40, 3, 3), np.uint8)
    np.savez(folder / "mnist.npz", images=pixels, labels=np.arange(40) % 4, n_train=30)
    assert get_workload("problem:softmax:data=mnist").parameters == 4 * 10


def test_a_workload_refuses_a_data_name_that_no_file_system_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAG_DATA", str(tmp_path))
    with pytest.raises(DataError, match="at most 100"):
        get_workload(f"mlr:data={'x' * 9000}")
