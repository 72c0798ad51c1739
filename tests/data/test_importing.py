import bz2
import gzip
import io
import lzma
import shutil
import struct
import subprocess
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkread.data import cards, importing
from inkread.data.cards import CARDS, Split
from inkread.data.datasets import load, load_strokes, read_idx, verify
from inkread.data.importing import fetch_dataset, import_dataset, uncompress_lzw
from inkread.errors import DataError, DownloadError, InvalidOption, MissingExtra, OutputError


@pytest.fixture
def small(monkeypatch):
    """Cards whose sets have two samples a split, of any content."""
    changed = {}
    for name, known in CARDS.items():
        fields = {field: getattr(known, field) for field in known.__slots__}
        changed[name] = type(known)(**fields | {"splits": {split: Split(count=2) for split in known.splits}})
    monkeypatch.setattr(cards, "CARDS", MappingProxyType(changed))


def idx(array):
    kind = {"u1": 8, "i4": 12}[array.dtype.str[1:]]
    big = array.astype(array.dtype.newbyteorder(">"))
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + big.tobytes()


def optdigits_text(images, labels):
    header = "BU handwritten digit database: E Alpaydin C Kaynak 1995\nTraining file\n\nentwidth = 32\nntot = 2\n"
    blocks = []
    for image, label in zip(images, labels, strict=True):
        rows = "\n".join("".join("1" if value else "0" for value in row) for row in image)
        blocks.append(f"{rows}\n {label}\n")
    return (header + "".join(blocks)).encode()


def pendigits_text(paths, labels):
    rows = np.column_stack([paths.reshape(len(paths), 16), labels])
    return "".join(", ".join(f"{value:3d}" for value in row) + "\n" for row in rows).encode()


def steps(images):
    """The three places of the original USPS, in [-1, 1], that become these bytes."""
    return np.rint(images.reshape(len(images), 256) / 255 * 2000) / 1000 - 1


def usps_text(images, labels):
    rows = np.column_stack([labels, steps(images)])
    return "".join(" ".join(f"{value:.4f}" for value in row) + " \n" for row in rows).encode()


def usps_libsvm(images, labels):
    """LIBSVM's edition: smoothed by a Gaussian of 0.75 pixels, six places, the digit plus one."""
    reach = np.arange(-16, 17)
    weights = np.exp(-(reach**2) / (2 * 0.75**2))
    weights /= weights.sum()
    paper = np.pad(steps(images).reshape(-1, 16, 16), ((0, 0), (16, 16), (16, 16)), constant_values=-1)
    smooth = [cv2.sepFilter2D(one, cv2.CV_64F, weights, weights)[16:32, 16:32].ravel() for one in paper]
    lines = []
    for label, row in zip(labels, smooth, strict=True):
        lines.append(f"{label + 1} " + " ".join(f"{i}:{value:.6f}" for i, value in enumerate(row, 1)))
    return ("\n".join(lines) + "\n").encode()


def usps_hdf5(parts):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for split, (images, labels) in parts.items():
            file[f"{split}/data"] = ((steps(images) + 1) / 2).astype(np.float32)
            file[f"{split}/target"] = labels.astype(np.int32)
    return buffer.getvalue()


def compress(data, *, widest=16):
    """What compress(1) makes of ``data``, clearing its table once, when that is full."""
    out = bytearray(b"\x1f\x9d" + bytes([0x80 | widest]))
    table = {bytes([value]): value for value in range(256)}
    free, width, held, bits, start = 257, 9, 0, 0, 3

    def emit(code):
        nonlocal held, bits
        held |= code << bits
        bits += width
        while bits >= 8:
            out.append(held & 255)
            held >>= 8
            bits -= 8

    def end_group():
        nonlocal held, bits, start
        if bits:
            out.append(held & 255)
            held = bits = 0
        out.extend(b"\0" * (-(len(out) - start) % width))
        start = len(out)

    word = b""
    for value in data:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        emit(table[word])
        if free < 1 << widest:
            table[longer] = free
            free += 1
            if free > 1 << width and width < widest:
                end_group()
                width += 1
        elif widest < 16:
            emit(256)
            end_group()
            table = {bytes([one]): one for one in range(256)}
            free, width = 257, 9
        word = bytes([value])
    if word:
        emit(table[word])
    if bits:
        out.append(held & 255)
    return bytes(out)


# -- packed files -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(max_size=2000), st.sampled_from([9, 10, 12, 16]))
def test_packed_by_compress_and_unpacked_again(data, widest):
    assert uncompress_lzw(compress(data, widest=widest)) == data


@pytest.mark.parametrize("symbols", [2, 16, 256])
@pytest.mark.parametrize("widest", [10, 16])
def test_unpacking_agrees_with_gzip(symbols, widest):
    data = np.random.default_rng(symbols).integers(0, symbols, 150_000).astype(np.uint8).tobytes()
    packed = compress(data, widest=widest)
    done = subprocess.run(["gzip", "-dc"], input=packed, capture_output=True, check=True)
    assert done.stdout == data == uncompress_lzw(packed)


@given(st.binary(max_size=100))
def test_damaged_packed_files_are_refused_or_unpacked(tail):
    for head in (b"", b"\x1f\x9d", b"\x1f\x9d\x90"):
        try:
            assert isinstance(uncompress_lzw(head + tail), bytes)
        except ValueError as error:
            assert str(error)


# -- the publisher's files --------------------------------------------------------------------------------------------


def digits(count, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side), dtype=np.uint8)


TWO = np.array([7, 2], np.uint8)


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("point", ["-", "."])
def test_idx_files_are_taken_packed_or_not(ending, point, small, tmp_path):
    pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[ending]
    given_files = tmp_path / "given" / "deep"
    given_files.mkdir(parents=True)
    for stem in ("train", "t10k"):
        (given_files / f"{stem}-images{point}idx3-ubyte{ending}").write_bytes(pack(idx(digits(2, 28))))
        (given_files / f"{stem}-labels{point}idx1-ubyte{ending}").write_bytes(pack(idx(TWO)))
    place = import_dataset("mnist", tmp_path / "given", folder=tmp_path / "data")
    assert place == tmp_path / "data" / "mnist"
    assert np.array_equal(load("mnist", "test", folder=tmp_path / "data").images, digits(2, 28))
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["mnist"]


def test_emnist_comes_from_its_zip_archive(small, tmp_path):
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        for split in ("train", "test"):
            images = gzip.compress(idx(digits(2, 28).transpose(0, 2, 1)))
            archive.writestr(f"gzip/emnist-digits-{split}-images-idx3-ubyte.gz", images)
            archive.writestr(f"gzip/emnist-digits-{split}-labels-idx1-ubyte.gz", gzip.compress(idx(TWO)))
            archive.writestr(f"gzip/emnist-letters-{split}-labels-idx1-ubyte.gz", b"something else")
    import_dataset("emnist_digits", tmp_path / "gzip.zip", folder=tmp_path / "data")
    assert np.array_equal(load("emnist_digits", "train", folder=tmp_path / "data").images, digits(2, 28))


def test_optdigits_come_from_packed_bitmaps(small, tmp_path):
    images = (digits(2, 32) > 127).astype(np.uint8)
    (tmp_path / "optdigits-orig.tra.Z").write_bytes(compress(optdigits_text(images, TWO)))
    (tmp_path / "optdigits-orig.cv.Z").write_bytes(compress(optdigits_text(images[::-1], TWO)))
    import_dataset("optdigits32", tmp_path, folder=tmp_path / "data")
    samples = load("optdigits32", folder=tmp_path / "data")
    assert samples.labels.tolist() == ["7", "2", "7", "2"]
    assert np.array_equal(samples.images, np.concatenate([images, images[::-1]]) * 255)


def test_pendigits_come_from_text(small, tmp_path):
    paths = np.random.default_rng(0).integers(0, 101, (2, 8, 2))
    for name in ("pendigits.tra", "pendigits.tes"):
        (tmp_path / name).write_bytes(pendigits_text(paths, TWO))
    import_dataset("pendigits8", tmp_path, folder=tmp_path / "data")
    samples = load_strokes("pendigits8", "test", folder=tmp_path / "data")
    assert samples.strokes[1][0].y.tolist() == (100 - paths[1, :, 1]).tolist()


def write_usps(form, folder, train, test):
    folder.mkdir(exist_ok=True)
    if form == "hdf5":
        (folder / "usps.h5").write_bytes(usps_hdf5({"train": train, "test": test}))
    elif form == "text":
        (folder / "zip.train.gz").write_bytes(gzip.compress(usps_text(*train)))
        (folder / "zip.test.gz").write_bytes(gzip.compress(usps_text(*test)))
    else:
        (folder / "usps.bz2").write_bytes(bz2.compress(usps_libsvm(*train)))
        (folder / "usps.t.bz2").write_bytes(bz2.compress(usps_libsvm(*test)))


@pytest.mark.parametrize("form", ["hdf5", "text", "libsvm"])
def test_three_editions_of_usps_give_the_same_pixels(form, small, tmp_path):
    train, test = (digits(2, 16, 1), TWO), (digits(2, 16, 2), TWO[::-1])
    write_usps(form, tmp_path / "given", train, test)
    import_dataset("usps", tmp_path / "given", folder=tmp_path / "data")
    for split, (images, labels) in (("train", train), ("test", test)):
        samples = load("usps", split, folder=tmp_path / "data")
        assert np.array_equal(samples.images, images)
        assert samples.labels.tolist() == [str(label) for label in labels]


def test_one_file_is_enough_where_it_holds_everything(small, tmp_path):
    write_usps("hdf5", tmp_path / "given", (digits(2, 16), TWO), (digits(2, 16), TWO))
    import_dataset("usps", tmp_path / "given" / "usps.h5", folder=tmp_path / "data")


def test_without_h5py_the_message_says_what_to_install(small, tmp_path, monkeypatch):
    write_usps("hdf5", tmp_path / "given", (digits(2, 16), TWO), (digits(2, 16), TWO))
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(MissingExtra, match="pip install h5py"):
        import_dataset("usps", tmp_path / "given", folder=tmp_path / "data")


@pytest.mark.parametrize(
    ("name", "files", "what"),
    [
        ("mnist", {}, "holds no train-images-idx3-ubyte"),
        ("mnist", {"train-images-idx3-ubyte.gz": b"no gzip"}, "cannot be unpacked"),
        ("optdigits32", {"optdigits-orig.tra": b"entwidth = 32\n", "optdigits-orig.cv": b""}, "bitmaps"),
        ("optdigits32", {"optdigits-orig.tra": bytes(range(256)), "optdigits-orig.cv": b""}, "not text"),
        ("optdigits32", {"optdigits-orig.tra.Z": b"\x1f\x9d\xff\0\0"}, "cannot be unpacked"),
        ("pendigits8", {"pendigits.tra": b"1,2,3\n"}, "17 were expected"),
        ("pendigits8", {"pendigits.tra": b"1,2,x\n"}, "17 numbers"),
        ("pendigits8", {"pendigits.tra": b"900," * 16 + b"1\n"}, "no coordinates"),
        ("usps", {"usps.h5": b"\x89HDF\r\n\x1a\n"}, "HDF5"),
        ("usps", {"usps": b"3 1:x\n"}, "LIBSVM"),
        ("usps", {"usps": b"3 999:0.5\n"}, "no pixel 999"),
        ("usps", {"usps": b"3 1:0.123456 2:0.5\n"}, "usps.h5 instead"),
        ("usps", {"zip.train": b""}, "257"),
        ("usps", {"zip.train": b"7 " + b"5 " * 256}, r"\[0, 1\]"),
    ],
)
def test_what_is_missing_or_damaged_is_said_and_nothing_is_left(name, files, what, small, tmp_path):
    (tmp_path / "given").mkdir()
    for file, content in files.items():
        (tmp_path / "given" / file).write_bytes(content)
    with pytest.raises(DataError, match=what):
        import_dataset(name, tmp_path / "given", folder=tmp_path / "data")
    assert not any((tmp_path / "data").iterdir())


def test_arrays_that_differ_from_the_card_are_refused_and_nothing_is_left(tmp_path):
    paths = np.zeros((2, 8, 2), np.int64)
    for name in ("pendigits.tra", "pendigits.tes"):
        (tmp_path / name).write_bytes(pendigits_text(paths, TWO))
    with pytest.raises(DataError, match="has 2 samples, but its card says 7494"):
        import_dataset("pendigits8", tmp_path, folder=tmp_path / "data")
    assert not any((tmp_path / "data").iterdir())


def test_what_was_there_stays_when_an_import_fails(small, tmp_path):
    place = tmp_path / "data" / "pendigits8"
    place.mkdir(parents=True)
    (place / "pendigits8.npz").write_bytes(b"mine")
    (tmp_path / "given").mkdir()
    with pytest.raises(DataError):
        import_dataset("pendigits8", tmp_path / "given", folder=tmp_path / "data")
    assert (place / "pendigits8.npz").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["bhmsds", "car_a"])
def test_sets_without_an_importer_say_which_have_one(name, tmp_path):
    with pytest.raises(DataError, match="mnist or optdigits32"):
        import_dataset(name, tmp_path)


def test_an_unknown_set_and_a_missing_path_are_said(tmp_path):
    with pytest.raises(InvalidOption, match="did you mean 'usps'"):
        import_dataset("uspss", tmp_path)
    with pytest.raises(DataError, match="there is no file or folder"):
        import_dataset("usps", tmp_path / "nowhere", folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_an_output_error(small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        import_dataset("usps", tmp_path, folder=tmp_path / "file")


# -- mirrors ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path):
    """A server on this machine for the files in a folder: (the folder, its address)."""
    served = tmp_path / "served"
    served.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(served), **options)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield served, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def published(small, mirror, monkeypatch):
    """Small QMNIST labels, published on the mirror."""
    import hashlib

    served, _ = mirror
    hashes = {}
    for split in ("train", "test"):
        content = gzip.compress(idx(np.arange(16, dtype=np.int32).reshape(2, 8)), mtime=0)
        name = f"qmnist-{split}-labels-idx2-int.gz"
        (served / name).write_bytes(content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(importing, "_PUBLISHED", hashes)
    monkeypatch.setattr(importing, "_MIRRORS", {"qmnist": ("http://127.0.0.1:9/",)})
    monkeypatch.setattr("inkread.download._PAUSES_S", (0.0, 0.0))


def test_a_set_is_fetched_from_a_mirror_and_then_stays(published, mirror, tmp_path, monkeypatch):
    _, address = mirror
    seen = []
    place = fetch_dataset(
        "qmnist",
        folder=tmp_path / "data",
        mirrors=[f"{address}/"],
        progress=lambda file: lambda done, total: seen.append((file, done == total)),
    )
    assert read_idx(place / "qmnist-test-labels-idx2-int.gz").shape == (2, 8)
    assert seen == [(file, True) for file in CARDS["qmnist"].files]
    monkeypatch.setenv("INKREAD_OFFLINE", "1")
    assert fetch_dataset("qmnist", folder=tmp_path / "data") == place


def test_the_known_mirrors_are_tried_when_the_given_ones_fail(published, mirror, tmp_path, monkeypatch):
    _, address = mirror
    monkeypatch.setattr(importing, "_MIRRORS", {"qmnist": (address,)})
    fetch_dataset("qmnist", folder=tmp_path / "data", mirrors=["http://127.0.0.1:9"])


def test_no_mirror_is_a_download_error(published, tmp_path):
    with pytest.raises(DownloadError, match="could not be fetched"):
        fetch_dataset("qmnist", folder=tmp_path / "data")


@pytest.mark.parametrize(("name", "what"), [("usps", "inkread data import usps"), ("bhmsds", "github.com")])
def test_what_cannot_be_fetched_says_how_else_it_comes(name, what, tmp_path):
    with pytest.raises(DataError, match=what):
        fetch_dataset(name, folder=tmp_path)


def test_a_damaged_set_that_is_there_is_said(published, tmp_path):
    place = tmp_path / "data" / "qmnist"
    place.mkdir(parents=True)
    for file in CARDS["qmnist"].files:
        (place / file).write_bytes(b"damaged")
    with pytest.raises(DataError, match="qmnist-train-labels"):
        fetch_dataset("qmnist", folder=tmp_path / "data")


def test_every_file_of_a_set_that_can_be_fetched_has_a_hash_and_a_mirror():
    for name, known in CARDS.items():
        assert ("fetch" in known.obtain) == (name in importing._MIRRORS)
        assert ("import" in known.obtain) == (name in importing._IMPORTERS)
        if "fetch" in known.obtain:
            assert set(known.files) <= set(importing._PUBLISHED)


# -- the real sets, there and back ------------------------------------------------------------------------------------


def archive(data_folder, name):
    path = data_folder / name / CARDS[name].files[0]
    if not path.exists():
        pytest.skip(f"{name} is not in the folder that INKREAD_DATA names")
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.mark.data
def test_optdigits_in_the_publishers_form_have_the_hash_of_the_card(data_folder, tmp_path):
    arrays = archive(data_folder, "optdigits32")
    (tmp_path / "optdigits-orig.tra").write_bytes(optdigits_text(arrays["tra_images"], arrays["tra_labels"]))
    packed = compress(optdigits_text(arrays["tes_images"], arrays["tes_labels"]))
    (tmp_path / "optdigits-orig.cv.Z").write_bytes(packed)
    import_dataset("optdigits32", tmp_path, folder=tmp_path / "data")


@pytest.mark.data
def test_pendigits_in_the_publishers_form_have_the_hash_of_the_card(data_folder, tmp_path):
    arrays = archive(data_folder, "pendigits8")
    for split, name in (("train", "pendigits.tra"), ("test", "pendigits.tes")):
        (tmp_path / name).write_bytes(pendigits_text(arrays[f"{split}_xy"], arrays[f"{split}_y"]))
    import_dataset("pendigits8", tmp_path, folder=tmp_path / "data")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("form", ["hdf5", "text", "libsvm"])
def test_usps_in_every_edition_has_the_hash_of_the_card(form, data_folder, tmp_path):
    arrays = archive(data_folder, "usps")
    parts = [(arrays[f"{split}_images"], arrays[f"{split}_labels"].astype(int)) for split in ("train", "test")]
    write_usps(form, tmp_path / "given", *parts)
    import_dataset("usps", tmp_path / "given", folder=tmp_path / "data")


@pytest.mark.data
def test_mnist_unpacked_has_the_hash_of_the_card(data_folder, tmp_path):
    given_files = tmp_path / "given"
    given_files.mkdir()
    for file in CARDS["mnist"].files:
        if not (data_folder / "mnist" / file).exists():
            pytest.skip("mnist is not in the folder that INKREAD_DATA names")
        (given_files / file.removesuffix(".gz")).write_bytes(
            gzip.decompress((data_folder / "mnist" / file).read_bytes())
        )
    import_dataset("mnist", given_files, folder=tmp_path / "data")
    verify("mnist", folder=tmp_path / "data")


@pytest.mark.data
def test_the_published_labels_of_qmnist_are_fetched_and_are_what_the_card_says(data_folder, mirror, tmp_path):
    served, address = mirror
    for file in CARDS["qmnist"].files:
        if not (data_folder / "qmnist" / file).exists():
            pytest.skip("qmnist is not in the folder that INKREAD_DATA names")
        shutil.copy(data_folder / "qmnist" / file, served)
    fetch_dataset("qmnist", folder=tmp_path / "data", mirrors=[address])
    verify("qmnist", folder=tmp_path / "data")
