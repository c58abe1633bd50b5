"""The readers of foreign formats: tiny archives made by hand give what was put in, and damaged ones are refused."""

import gzip
import io
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from experiments.data import archives
from experiments.data.archives import decode_jpegs, read_cifar, read_idx_pairs, read_movielens, read_newsgroups
from theory.common.errors import DataError, EnvironmentFailure

NAMES = (
    "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)  # fmt: skip


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """Four idx files of 5 and 3 images of 2 x 3 pixels."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (5, 2, 3)), np.arange(5), rng.integers(0, 256, (3, 2, 3)), np.array([9, 0, 1])]
    files = {name: tmp_path / name for name in NAMES}
    for path, array in zip(files.values(), arrays, strict=True):
        path.write_bytes(gzip.compress(idx(array)))
    return files, arrays


def tar(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {path.name: path}


BATCHES = [*(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)), "cifar-10-batches-bin/test_batch.bin"]


def cifar(path, records=None, names=BATCHES):
    rng = np.random.default_rng(1)
    records = rng.integers(0, 10, (6, 2, 3073), np.uint8) if records is None else records
    others = [("cifar-10-batches-bin/readme.html", b"<html>")]
    contents = [batch.tobytes() for batch in records]
    return tar(path, [*others, *reversed(list(zip(names, contents, strict=False)))]), records


def movielens(path, text):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ml-1m/README", "terms")
        archive.writestr("ml-1m/ratings.dat", text)
    return {path.name: path}


def news(path, train, test=("rare1 words",)):
    members = [(f"20news-bydate-train/sci.space/{i}", f"From: zzz\n\n{text}".encode()) for i, text in enumerate(train)]
    members += [(f"20news-bydate-test/alt.atheism/{i}", f"From: zzz\n\n{text}".encode()) for i, text in enumerate(test)]
    return tar(path, members)


def refuse(reader, files, *needles):
    with pytest.raises(DataError) as caught:
        reader(files)
    for needle in needles:
        assert needle in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_idx_files_give_training_images_before_held_out_ones(mnist):
    files, (images, labels, held, held_labels) = mnist
    found = read_idx_pairs(files)
    np.testing.assert_array_equal(found["images"], np.concatenate([images, held]))
    np.testing.assert_array_equal(found["labels"], np.concatenate([labels, held_labels]))
    assert found["n_train"] == 5
    assert found["images"].dtype == found["labels"].dtype == np.uint8


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        (b"plain", "cannot be read"),
        (gzip.compress(idx(np.zeros((5, 2, 3))))[:-12], "cannot be read"),
        (gzip.compress(idx(np.zeros((5, 2, 3)))[:-1]), "should hold 30 bytes"),
        (gzip.compress(idx(np.zeros((5, 2, 3))) + b"x"), "should hold 30 bytes"),
        (gzip.compress(idx(np.zeros((5, 2)))), "not an idx file"),
        (gzip.compress(b"\0\0\x0d\x03" + bytes(12)), "not an idx file"),
        (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), "not an idx file of bytes of a sensible size"),
        (gzip.compress(b"\0\0\x08"), "not an idx file"),
        (gzip.compress(idx(np.zeros((4, 2, 3)))), "one label for every image"),
    ],
    ids=[
        "plain",
        "cut off",
        "an image too short",
        "a byte too many",
        "two dimensions",
        "of another type",
        "huge",
        "no header",
        "labels missing",
    ],
)
def test_a_damaged_idx_file_is_refused(mnist, content, needle):
    files, _ = mnist
    files[NAMES[0]].write_bytes(content)
    refuse(read_idx_pairs, files, needle)


def test_cifar_records_become_images_of_rows_columns_and_colours(tmp_path):
    files, records = cifar(tmp_path / "cifar.tar.gz")
    found = read_cifar(files)
    assert found["images"].shape == (12, 32, 32, 3)
    assert found["n_train"] == 10
    np.testing.assert_array_equal(found["labels"], records.reshape(12, -1)[:, 0])
    red, green, blue = records[5, 1, 1:].reshape(3, 32, 32)
    np.testing.assert_array_equal(found["images"][11], np.stack([red, green, blue], axis=2))


def test_a_cifar_archive_that_is_cut_off_or_lacks_a_batch_is_refused(tmp_path):
    files, _ = cifar(tmp_path / "cifar.tar.gz")
    path = files["cifar.tar.gz"]
    path.write_bytes(path.read_bytes()[:-2000])
    refuse(read_cifar, files, "cifar.tar.gz cannot be read")
    refuse(read_cifar, cifar(path, names=BATCHES[:5])[0], "it lacks", "test_batch.bin")
    refuse(read_cifar, cifar(path, np.zeros((6, 3072), np.uint8))[0], "cannot be read")
    refuse(read_cifar, cifar(path, np.full((6, 2, 3073), 10, np.uint8))[0], "ten classes")


def test_members_with_other_names_are_never_read_nor_written(tmp_path):
    outside = tmp_path / "outside"
    path = tmp_path / "inner" / "cifar.tar.gz"
    path.parent.mkdir()
    refuse(read_cifar, tar(path, [("../outside", b"x"), (str(outside), b"x")]), "it lacks")
    assert not outside.exists()
    assert [each.name for each in tmp_path.rglob("*")] == ["inner", "cifar.tar.gz"]


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        for name in BATCHES:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/hostname"
            archive.addfile(member)
    refuse(read_cifar, {"cifar.tar.gz": tmp_path / "cifar.tar.gz"}, "it lacks")


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    files, _ = cifar(tmp_path / "cifar.tar.gz")
    monkeypatch.setattr(archives, "_MOST", 20_000)
    refuse(read_cifar, files, "unpacks to more than")
    refuse(read_movielens, movielens(tmp_path / "m.zip", "1::1::5::0\n" * 3000), "unpacks to more than")


def test_ratings_are_doubled_and_users_and_movies_numbered_by_their_identifiers(tmp_path):
    found = read_movielens(movielens(tmp_path / "ml-1m.zip", "7::50::5::978300760\n2::9::1::9\n7::9::3::8\n"))
    assert found["user"].tolist() == [1, 0, 1]
    assert found["movie"].tolist() == [1, 0, 0]
    assert found["rating_times_two"].tolist() == [10, 2, 6]
    assert found["movie_id"].tolist() == [9, 50]


@pytest.mark.parametrize(
    "text",
    ["", "1::2::3\n", "1::2::x::4\n", "1::2::6::4\n", "1::-2::3::4\n", "1::2::3::4\n1::2::3\n", "1::2::3.5::4\n"],
)
@pytest.mark.filterwarnings("ignore:loadtxt:UserWarning")
def test_lines_that_are_no_ratings_are_refused(tmp_path, text):
    refuse(read_movielens, movielens(tmp_path / "ml-1m.zip", text), "ml-1m.zip")


def test_a_zip_that_is_none_or_lacks_the_ratings_is_refused(tmp_path):
    path = tmp_path / "ml-1m.zip"
    path.write_bytes(b"PK" + bytes(100))
    refuse(read_movielens, {"ml-1m.zip": path}, "cannot be read")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ratings.dat", "1::2::3::4\n")
    refuse(read_movielens, {"ml-1m.zip": path}, "cannot be read", "ml-1m/ratings.dat")


def test_words_are_counted_by_the_stated_rule(tmp_path):
    """Ten documents; "the" is in two of them, so more than a tenth; the header's zzz does not count."""
    texts = ["The rocket rocket fuel", "the AB orbit ", *["" for _ in range(8)]]
    found = read_newsgroups(news(tmp_path / "n.tar.gz", texts, ["Orbit, rocket-fuel! the x1moon " + "q" * 30]))
    assert found["vocabulary"].tolist() == ["fuel", "orbit", "rocket"]
    assert found["train_indptr"].tolist() == [0, 2, 3, *[3] * 8]
    assert found["train_indices"].tolist() == [0, 2, 1]
    assert found["train_counts"].tolist() == [1, 2, 1]
    assert found["test_counts"].tolist() == [1, 1, 1]
    assert found["label_names"].tolist() == ["alt.atheism", "sci.space"]
    assert found["train_labels"].tolist() == [1] * 10
    assert found["test_labels"].tolist() == [0]


def test_only_the_most_frequent_words_are_kept_the_earlier_in_the_alphabet_at_a_tie(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_VOCABULARY", 2)
    texts = ["bbb aaa ccc ccc", *["" for _ in range(9)]]
    assert read_newsgroups(news(tmp_path / "n.tar.gz", texts))["vocabulary"].tolist() == ["aaa", "ccc"]


def test_documents_are_in_the_order_of_their_numbers(tmp_path):
    texts = [f"{'abcdefghijklmn'[i] * 3}" for i in range(12)]
    found = read_newsgroups(news(tmp_path / "n.tar.gz", texts))
    assert found["train_indices"].tolist() == list(range(12))


def test_news_without_one_of_the_parts_or_cut_off_are_refused(tmp_path):
    refuse(read_newsgroups, news(tmp_path / "n.tar.gz", ["word"], []), "for training and for testing")
    path = news(tmp_path / "n.tar.gz", ["word " * 3000])["n.tar.gz"]
    path.write_bytes(path.read_bytes()[:60])
    refuse(read_newsgroups, {"n.tar.gz": path}, "cannot be read")


def jpegs(*sizes):
    parts = []
    for place, size in enumerate(sizes):
        stream = io.BytesIO()
        Image.new("RGB", size, (40 * place, 100, 200)).save(stream, "JPEG", quality=95)
        parts.append(stream.getvalue())
    return np.frombuffer(b"".join(parts), np.uint8), np.append(0, np.cumsum([len(part) for part in parts]))


def test_jpeg_images_are_decoded_one_after_another():
    pixels = decode_jpegs(*jpegs((8, 6), (8, 6), (8, 6)), "x.npz")
    assert pixels.shape == (3, 6, 8, 3)
    assert np.abs(pixels[2].astype(int) - [80, 100, 200]).max() <= 3  # JPEG rounds colours


@pytest.mark.parametrize(
    ("spoil", "needle"),
    [
        (lambda content, offsets: (content[:-1], offsets), "offsets"),
        (lambda content, offsets: (content, offsets[::-1]), "offsets"),
        (lambda content, offsets: (content, offsets[:1]), "offsets"),
        (lambda content, offsets: (content.astype(int), offsets), "offsets"),
        (lambda content, offsets: (np.zeros_like(content), offsets), "Image 1 in x.npz cannot be decoded"),
        (lambda content, offsets: (content[:300], np.array([0, 300])), "cannot be decoded"),
    ],
)
def test_damaged_jpeg_images_are_refused(spoil, needle):
    with pytest.raises(DataError, match=needle):
        decode_jpegs(*spoil(*jpegs((8, 6), (8, 6))), "x.npz")


def test_jpeg_images_of_several_sizes_or_too_large_are_refused():
    with pytest.raises(DataError, match=r"one size. Image 2"):
        decode_jpegs(*jpegs((8, 6), (6, 8)), "x.npz")
    with pytest.raises(DataError, match="too large"):
        decode_jpegs(*jpegs((1200, 1)), "x.npz")


def test_without_pillow_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(EnvironmentFailure, match="pip install pillow"):
        decode_jpegs(*jpegs_kept, "x.npz")


jpegs_kept = jpegs((4, 4))


def mutated(content, rng):
    """The content with some bytes changed, some left out, or its end cut off."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(0, len(changed)))
        if rng.random() < 0.6:
            changed[place] = rng.integers(0, 256)
        else:
            del changed[place : place + int(rng.integers(1, 9))]
    return bytes(changed[: len(changed) if rng.random() < 0.8 else int(rng.integers(1, len(changed) + 1))])


def kinds(folder, mnist):
    files, _ = mnist
    small = {**files, NAMES[0]: folder / "images.gz"}
    yield read_idx_pairs, small, files[NAMES[0]].read_bytes(), small[NAMES[0]]
    for reader, one in (
        (read_cifar, cifar(folder / "cifar.tar.gz", np.zeros((6, 1, 3073), np.uint8))[0]),
        (read_movielens, movielens(folder / "ml-1m.zip", "1::2::3::4\n5::6::1::8\n")),
        (read_newsgroups, news(folder / "n.tar.gz", [f"word{i} some text" for i in range(12)])),
    ):
        (path,) = one.values()
        yield reader, one, path.read_bytes(), path


@pytest.mark.filterwarnings("ignore:loadtxt:UserWarning")
def test_whatever_happens_to_an_archive_it_is_read_or_refused(tmp_path, mnist):
    rng, refused = np.random.default_rng(4), 0
    for reader, files, content, path in kinds(tmp_path, mnist):
        for _ in range(300):
            path.write_bytes(mutated(content, rng))
            try:
                reader(files)
            except DataError:
                refused += 1
    assert refused > 600


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning", "ignore::UserWarning")
def test_whatever_happens_to_jpeg_bytes_they_are_decoded_or_refused():
    content, _ = jpegs((8, 6))
    rng, refused = np.random.default_rng(5), 0
    for _ in range(300):
        changed = np.frombuffer(mutated(content.tobytes(), rng), np.uint8)
        try:
            decode_jpegs(changed, np.array([0, changed.size]), "x.npz")
        except DataError:
            refused += 1
    assert refused > 100
