import csv
import gzip
import io
import struct
import zipfile

import cv2
import numpy as np
import pytest

from inkread.data.cards import CARDS
from inkread.data.datasets import (
    Samples,
    StrokeSamples,
    data_folder,
    fingerprint,
    is_present,
    load,
    load_strokes,
    read_idx,
    verify,
)
from inkread.errors import DataError, InvalidArray, InvalidOption
from inkread.geometry import Stroke

PICTURES = [name for name, known in CARDS.items() if known.form in ("images", "lines")]
STROKES = [name for name, known in CARDS.items() if known.form == "strokes"]


def idx(array: np.ndarray) -> bytes:
    kind = {"u1": 8, "i4": 12}[array.dtype.str[1:]]
    return (
        bytes([0, 0, kind, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def pictures(count: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Small data sets in the layout of the data folder."""

    def place(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    mnist, qmnist = place("mnist"), place("qmnist")
    for stem, split, count in (("train", "train", 6), ("t10k", "test", 4)):
        labels = np.arange(count, dtype=np.uint8) % 10
        (mnist / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures(count, 28))))
        (mnist / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
        rows = np.zeros((count + 2, 8), np.int32)
        rows[:count, 0], rows[:count, 1], rows[:, 2] = labels, 4, 2000 + np.arange(count + 2)
        (qmnist / f"qmnist-{split}-labels-idx2-int.gz").write_bytes(gzip.compress(idx(rows)))
    emnist = place("emnist_digits")
    for split in ("train", "test"):
        images = np.zeros((2, 28, 28), np.uint8)
        images[:, 3, 20] = 255  # stored by columns: in the upright picture this is row 20, column 3
        (emnist / f"emnist-digits-{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        labels = np.array([7, 1], np.uint8)
        (emnist / f"emnist-digits-{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    np.savez(
        place("mdas_symbols") / "mdas_symbols.npz",
        images=pictures(3, 28),
        labels=np.array([0, 1, 1], np.uint8),
        classes=np.array(["addition_plus", "division_obelus"]),
        split=np.array(["train", "val", "test"]),
    )
    ink = np.zeros((2, 105, 105), np.uint8)
    ink[1, 10, 104] = 1
    np.savez(
        place("omniglot_small") / "omniglot_small.npz",
        image_bits=np.packbits(ink, axis=-1),
        labels=np.array([0, 1], np.uint16),
        classes=np.array(["Greek/character01", "Greek/character02"]),
        drawer=np.array([3, 9], np.uint8),
    )
    packed = np.full((2, 40, 42), 0xFF, np.uint8)
    packed[1, 0, 0] = 0x3A
    np.savez(
        place("mgr_rowid") / "mgr_rowid.npz",
        packed4=packed,
        hw=np.array([[20, 12], [4, 3]], np.uint8),
        labels=np.array(["7", "128"]),
        book=np.array(["K2697", "K2704"]),
        split=np.array(["train", "test"]),
    )
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows([["file", "char", "split"], ["a.jpg", "q", "train"], ["b.jpg", "3", "test"]])
    with zipfile.ZipFile(place("phone_chars62") / "phone_chars62.zip", "w") as archive:
        archive.writestr("labels.csv", table.getvalue())
        for name, grey in (("a.jpg", 200), ("b.jpg", 90)):
            color = np.full((9, 7, 3), grey, np.uint8)
            archive.writestr(f"images/{name}", cv2.imencode(".jpg", color)[1].tobytes())
    car = place("car_a")
    (car / "images").mkdir()
    (car / "images" / "a.jpg").write_bytes(cv2.imencode(".jpg", np.full((30, 80, 3), 240, np.uint8))[1].tobytes())
    (car / "labels.csv").write_text('file,split,label,boxes_xywh\na.jpg,val,25,"2,13,25,29 31,13,19,25"\n')
    xy = np.tile(np.array([[0, 100], [100, 40]], np.uint8), (4, 1)).reshape(1, 8, 2)
    np.savez(
        place("pendigits8") / "pendigits8.npz",
        train_xy=xy, train_y=np.array([4], np.uint8), test_xy=xy, test_y=np.array([1], np.uint8),
    )  # fmt: skip
    points = np.array(
        [[0, 0, 100, 1, 0], [5000, 10000, 900, 0, 20], [2000, 0, 500, 1, 300], [0, 0, 100, 0, 0], [1, 1, 1, 0, 32767]],
        np.int16,
    )
    np.savez(
        place("digilets_digits") / "digilets_digits.npz",
        points=points,
        offsets=np.array([0, 3, 5]),
        labels=np.array([7, 1], np.uint8),
        writer=np.array([2, 111], np.uint8),
        complete=np.array([True, False]),
        chars=np.array(list("0123456789")),
    )
    return tmp_path


def test_mnist_comes_with_its_writers_and_series(folder):
    samples = load("mnist", "train", folder=folder)
    assert samples.labels.tolist() == list("012345") and not samples.dark_ink
    assert samples.writers.tolist() == [2000, 2001, 2002, 2003, 2004, 2005]
    assert set(samples.series.tolist()) == {4}
    assert np.array_equal(samples.images, pictures(6, 28))
    (folder / "qmnist" / "qmnist-train-labels-idx2-int.gz").unlink()
    assert load("mnist", "train", folder=folder).writers is None


def test_labels_of_other_pictures_are_noticed(folder):
    rows = np.full((6, 8), 9, np.int32)
    (folder / "qmnist" / "qmnist-train-labels-idx2-int.gz").write_bytes(gzip.compress(idx(rows)))
    with pytest.raises(DataError, match="do not belong"):
        load("mnist", "train", folder=folder)


def test_all_joins_the_splits_in_the_order_of_the_card(folder):
    whole = load("mnist", folder=folder)
    assert whole.labels.tolist() == list("0123450123")
    assert whole.writers.tolist()[6:] == [2000, 2001, 2002, 2003]
    assert load("mdas_symbols", folder=folder).labels.tolist() == ["plus", "obelus", "obelus"]


def test_emnist_is_set_upright(folder):
    samples = load("emnist_digits", "train", folder=folder)
    assert samples.images[0, 20, 3] == 255 and samples.labels.tolist() == ["7", "1"]


def test_a_split_in_the_archive_is_chosen(folder):
    assert load("mdas_symbols", "val", folder=folder).labels.tolist() == ["obelus"]


def test_bits_are_unpacked_to_light_ink(folder):
    samples = load("omniglot_small", folder=folder)
    assert samples.images.shape == (2, 105, 105)
    assert np.argwhere(samples.images == 255).tolist() == [[1, 10, 104]]
    assert samples.labels[1] == "Greek/character02" and samples.writers.tolist() == [3, 9]


def test_half_bytes_are_unpacked_and_cropped(folder):
    samples = load("mgr_rowid", "test", folder=folder)
    assert samples.images[0].shape == (4, 3)
    assert samples.images[0][0].tolist() == [0x33, 0xAA, 0xFF]
    assert samples.labels.tolist() == ["128"] and samples.writers.tolist() == [2704]


def test_pictures_of_many_sizes_are_decoded_to_grey(folder):
    samples = load("phone_chars62", folder=folder)
    assert [image.shape for image in samples.images] == [(9, 7), (9, 7)]
    assert [int(image[4, 3]) for image in samples.images] == [200, 90]
    assert samples.is_digit.tolist() == [False, True]


def test_boxes_of_the_characters_come_along(folder):
    samples = load("car_a", "val", folder=folder)
    assert samples.labels.tolist() == ["25"]
    assert [box.to_list() for box in samples.boxes[0]] == [[2, 13, 27, 42], [31, 13, 50, 38]]


def test_pen_paths_point_down(folder):
    strokes = load_strokes("pendigits8", "train", folder=folder)
    assert strokes.strokes[0][0].y[:2].tolist() == [0, 60]


def test_pen_paths_are_parted_where_the_pen_is_put_down(folder):
    samples = load_strokes("digilets_digits", folder=folder)
    assert [[len(stroke.x) for stroke in sample] for sample in samples.strokes] == [[2, 1], [2]]
    first = samples.strokes[0][0]
    assert first.x.tolist() == [0, 0.5] and first.y.tolist() == [0, 1]
    assert first.t.tolist() == [0, 20] and first.pressure.tolist() == [0.1, 0.9]
    assert samples.strokes[1][0].t is None
    assert samples.writers.tolist() == [2, 111] and samples.complete.tolist() == [True, False]


def test_chosen_samples_keep_all_that_belongs_to_them(folder):
    samples = load("mnist", "train", folder=folder)
    chosen = samples.take(samples.writers > 2003)
    assert chosen.labels.tolist() == ["4", "5"] and chosen.writers.tolist() == [2004, 2005]
    assert np.array_equal(chosen.images, samples.images[4:])
    assert samples.take([3, 0]).labels.tolist() == ["3", "0"]
    assert len(samples.take([])) == len(samples.take(np.zeros(len(samples), bool))) == 0
    strokes = load_strokes("digilets_digits", folder=folder)
    assert strokes.take(strokes.complete).labels.tolist() == ["7"]


@pytest.mark.parametrize("name", [*PICTURES, "qmnist"])
def test_pictures_are_no_strokes(name):
    with pytest.raises(InvalidOption, match="no pen strokes"):
        load_strokes(name)


@pytest.mark.parametrize("name", [*STROKES, "qmnist"])
def test_what_has_no_pictures_says_how_to_read_it(name):
    with pytest.raises(InvalidOption, match="no pictures"):
        load(name)


def test_an_unknown_split_is_answered_with_those_there_are(folder):
    with pytest.raises(InvalidOption, match="it has train, test, all"):
        load("mnist", "val", folder=folder)


@pytest.mark.parametrize("name", PICTURES)
def test_missing_data_says_how_to_get_it(name, tmp_path):
    with pytest.raises(DataError, match="INKREAD_DATA") as caught:
        load(name, folder=tmp_path)
    message = str(caught.value)
    assert all(f"inkread data {way} {name}" in message for way in CARDS[name].obtain)
    assert not is_present(name, folder=tmp_path)


def test_the_folder_is_chosen_by_argument_then_environment_then_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path / "a"))
    assert data_folder(tmp_path / "b") == tmp_path / "b"
    assert data_folder() == tmp_path / "a"
    monkeypatch.delenv("INKREAD_DATA")
    monkeypatch.setenv("INKREAD_CACHE", str(tmp_path / "c"))
    assert data_folder() == tmp_path / "c" / "data"


@pytest.mark.parametrize("name", ["mdas_symbols/mdas_symbols.npz", "phone_chars62/phone_chars62.zip"])
@pytest.mark.parametrize("damage", ["empty", "cut", "text"])
def test_damaged_archives_are_named(name, damage, folder):
    path = folder / name
    data = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "text": b"12"}[damage])
    with pytest.raises(DataError, match=path.name):
        load(name.partition("/")[0], folder=folder)


@pytest.mark.parametrize("array", [pictures(3, 5), np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros(0, np.uint8)])
@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_read_packed_or_not(array, packed, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    found = read_idx(path)
    assert np.array_equal(found, array) and found.dtype == array.dtype


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\0\0", b"\0\0\x08\x03", b"\0\0\x09\x01\0\0\0\0", b"text", idx(pictures(2, 4))[:-1]),
        gzip.compress(b"", mtime=0)[:9],  # the same in every process, by whose names of tests they are told apart
    ],
)
def test_damaged_idx_files_are_refused(data, tmp_path):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DataError, match="file"):
        read_idx(tmp_path / "file")


def test_a_missing_idx_file_is_refused(tmp_path):
    with pytest.raises(DataError):
        read_idx(tmp_path / "file")


def test_parts_of_different_lengths_are_refused():
    with pytest.raises(InvalidArray):
        Samples(images=pictures(2, 3), labels=np.array(["1"]), dark_ink=True)
    with pytest.raises(InvalidArray):
        StrokeSamples(strokes=(), labels=np.array(["1"]))


def test_fingerprints_tell_pixels_sizes_labels_and_order_apart():
    base = {"images": pictures(2, 4), "labels": np.array(["1", "2"]), "dark_ink": True}
    others = [
        base | {"images": pictures(2, 4) ^ np.uint8(1)},
        base | {"images": tuple(image.reshape(2, 8) for image in pictures(2, 4))},
        base | {"labels": np.array(["1", "3"])},
        base | {"labels": np.array(["12", ""])},
        base | {"images": pictures(2, 4)[::-1]},
    ]
    prints = {fingerprint(Samples(**one)) for one in [base, *others]}
    assert len(prints) == 6
    ragged = base | {"images": tuple(pictures(2, 4))}
    assert fingerprint(Samples(**ragged)) == fingerprint(Samples(**base))


def test_fingerprints_tell_strokes_apart():
    def of(*strokes):
        return fingerprint(StrokeSamples(strokes=(strokes,), labels=np.array(["1"])))

    one, two = Stroke(x=[0, 1], y=[0, 1]), Stroke(x=[2, 3], y=[2, 3])
    joined = Stroke(x=[0, 1, 2, 3], y=[0, 1, 2, 3])
    assert len({of(one, two), of(two, one), of(joined), of(one)}) == 4


def test_a_count_that_differs_from_the_card_is_noticed(folder):
    with pytest.raises(DataError, match="mnist train has 6 samples, but its card says 60000"):
        verify("mnist", folder=folder)


# -- the real sets ----------------------------------------------------------------------------------------------------


def present(name, folder):
    if not is_present(name, folder=folder):
        pytest.skip(f"{name} is not in the folder that INKREAD_DATA names")
    return name


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in CARDS if name != "emnist_digits"])
def test_a_set_is_what_its_card_says(name, data_folder):
    assert list(verify(present(name, data_folder), folder=data_folder)) == list(CARDS[name].splits)


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in PICTURES if name != "emnist_digits"])
def test_ink_is_as_dark_as_the_card_says(name, data_folder):
    samples = load(present(name, data_folder), folder=data_folder)
    rng = np.random.default_rng(0)
    chosen = [samples.images[i] for i in rng.choice(len(samples), 200, replace=False)]
    # Paper covers more than ink; what deviates from it most is ink.
    darker = [np.median(image) - np.min(image) > np.max(image) - np.median(image) for image in chosen]
    assert (np.mean(darker) > 0.9) == samples.dark_ink
    assert (np.mean(darker) < 0.1) != samples.dark_ink


@pytest.mark.data
def test_no_writer_of_mnist_is_in_both_splits(data_folder):
    name = present("mnist", data_folder)
    train, test = (load(name, split, folder=data_folder) for split in ("train", "test"))
    assert len(set(train.writers)) == 539
    assert not set(train.writers) & set(test.writers)
    assert set(train.series) == {0, 4}


@pytest.mark.data
def test_no_book_of_the_row_numbers_is_in_both_splits(data_folder):
    name = present("mgr_rowid", data_folder)
    train, test = (load(name, split, folder=data_folder) for split in ("train", "test"))
    assert not set(train.writers) & set(test.writers)


@pytest.mark.data
@pytest.mark.parametrize("name", ["pendigits8", "digilets_digits"])
def test_sevens_begin_at_the_top(name, data_folder):
    samples = load_strokes(present(name, data_folder), folder=data_folder)
    sevens = samples.take(samples.labels == "7")
    starts = [sample[0].y[0] < sample[0].y[-1] for sample in sevens.strokes]
    assert np.mean(starts) > 0.95
