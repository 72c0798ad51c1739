import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inkread.errors import (
    CorruptSource,
    InkreadError,
    MissingExtra,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreadable,
    UnsupportedSource,
)
from inkread.inputs.limits import InputLimits
from inkread.inputs.sources import describe, expand_sources, is_address, open_stream


@pytest.fixture
def scans(tmp_path, encodings):
    """A folder of pictures, and of files that are none."""
    folder = tmp_path / "scans"
    (folder / "more" / "deep").mkdir(parents=True)
    for name in ("page10.png", "page2.PNG", "Page1.jpg", "more/a.png", "more/deep/b.tif"):
        (folder / name).write_bytes(encodings["PNG"])
    (folder / "notes.txt").write_text("12")
    (folder / "._page3.png").write_bytes(b"\0")
    (folder / "folder.png").mkdir()
    return folder


@contextmanager
def without_rights() -> Iterator[None]:
    """As somebody who may not read other people's files; root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def memory(files: dict[str, bytes]) -> Iterator[None]:
    """Files in fsspec's own store in memory, a real remote system without a network."""
    system = fsspec.filesystem("memory")
    for path, data in files.items():
        system.pipe(path, data)
    try:
        yield
    finally:
        system.rm("/", recursive=True)


def content(source, **limits):
    with open_stream(source, limits=InputLimits(**limits)) as (kind, stream):
        return kind, stream.read()


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a b.png", "a b.png"),
        (Path("scans") / "a.png", str(Path("scans") / "a.png")),
        (b"", "<bytes>"),
        (bytearray(3), "<bytes>"),
        (memoryview(b"abc"), "<bytes>"),
        (np.zeros(3), "<array>"),
        (Image.new("L", (1, 1)), "<image>"),
        (io.BytesIO(), "<file>"),
        (None, "<NoneType>"),
        ("https://host/a.png", "https://host/a.png"),
        ("s3://bucket/a.png?versionId=secret", "s3://bucket/a.png"),
        ("https://user:secret@host:81/a.png?sig=secret#secret", "https://host:81/a.png"),
        ("https://[secret", "https://…"),
    ],
)
def test_every_source_has_a_name_without_secrets(source, name):
    assert describe(source) == name


def test_an_open_file_is_called_by_its_name(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"1")
    with path.open("rb") as file:
        assert describe(file) == str(path)


@given(st.text())
def test_names_hold_no_password(secret):
    address = f"https://u:{secret}k3y@host/a.png?token=k3y"
    assert "k3y" not in describe(address) or "/" in secret or "?" in secret or "#" in secret or "\\" in secret


@pytest.mark.parametrize("path", ["C:/a.png", "c:\\a.png", "a://b"[:1] + "://x", "file:///a", "a.png", 7])
def test_paths_are_no_addresses(path):
    assert not is_address(path)


# -- one source -------------------------------------------------------------------------------------------------------


def test_the_same_bytes_come_out_of_every_way_in(tmp_path, encodings, serve):
    data = encodings["PNG"]
    path = tmp_path / "ein Bild.png"
    path.write_bytes(data)
    address = serve({"/a.png": data})
    with path.open("rb") as file, memory({"/a.png": data}):
        ways = [
            path,
            str(path),
            path.as_uri(),
            data,
            bytearray(data),
            memoryview(data),
            io.BytesIO(data),
            file,
            f"{address}/a.png",
            f"{address}/a.png?key=1",
            "memory://a.png",
        ]
        for way in ways:
            assert content(way) == ("PNG", data)


def test_standard_input_is_read(monkeypatch, encodings):
    reader, writer = os.pipe()
    os.write(writer, encodings["PNG"])
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
        assert content(sys.stdin.buffer) == ("PNG", encodings["PNG"])


def test_a_named_pipe_is_read_once(tmp_path, encodings):
    import threading

    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = threading.Thread(target=path.write_bytes, args=(encodings["PNG"],))
    thread.start()
    assert content(path) == ("PNG", encodings["PNG"])
    thread.join()


def test_a_file_is_read_from_where_it_stands_and_left_open(encodings):
    file = io.BytesIO(b"before" + encodings["PNG"])
    file.seek(6)
    assert content(file) == ("PNG", encodings["PNG"])
    assert not file.closed


def test_a_file_that_gives_little_at_a_time_is_read_whole(encodings):
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 7, 7))

    assert content(Slow(encodings["PNG"])) == ("PNG", encodings["PNG"])


@pytest.mark.parametrize("name", ["missing.png", "no folder/a.png", "x" * 5000, "a\0b.png", ""])
def test_a_name_behind_which_there_is_nothing(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceNotFound, match="there is no file") as caught:
        content(name)
    assert len(str(caught.value)) < 300


def test_a_file_used_as_a_folder_is_not_there(tmp_path, encodings):
    (tmp_path / "a.png").write_bytes(encodings["PNG"])
    with pytest.raises(SourceNotFound):
        content(tmp_path / "a.png" / "b.png")


def test_a_folder_points_to_read_many(tmp_path):
    with pytest.raises(UnsupportedSource, match="read_many"):
        content(tmp_path)


def test_a_file_that_may_not_be_read(tmp_path, encodings):
    path = tmp_path / "a.png"
    path.write_bytes(encodings["PNG"])
    path.chmod(0)
    with without_rights(), pytest.raises(SourceUnreadable, match="permission denied") as caught:
        content(path)
    assert caught.value.source == str(path)


def test_a_closed_file_is_unreadable(encodings):
    file = io.BytesIO(encodings["PNG"])
    file.close()
    with pytest.raises(SourceUnreadable, match="closed file"):
        content(file)


@pytest.mark.parametrize("source", [io.StringIO("12"), io.TextIOWrapper(io.BytesIO(b"12"))])
def test_a_file_opened_as_text_says_how_to_open_it(source):
    with pytest.raises(UnsupportedSource, match="'rb'"):
        content(source)


@pytest.mark.parametrize("source", [None, 7, 3.5, object(), [[0, 1]], {"a": 1}])
def test_what_is_no_source_says_what_is_one(source):
    with pytest.raises(UnsupportedSource, match=f"got {type(source).__name__}"):
        content(source)


@pytest.mark.parametrize("source", [b"", io.BytesIO()])
def test_an_empty_source_is_corrupt(source):
    with pytest.raises(CorruptSource, match="is empty"):
        content(source)


def test_an_empty_file_is_corrupt_whatever_its_name(tmp_path):
    path = tmp_path / "a.png"
    path.touch()
    with pytest.raises(CorruptSource, match="is empty"):
        content(path)


@pytest.mark.parametrize(("data", "what"), [(b"PK\x03\x04" + b"\0" * 30, "zip"), (b"seven and a half", "text")])
def test_something_else_with_the_name_of_a_picture_is_told_by_its_content(data, what, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(data)
    with pytest.raises(UnsupportedSource, match=what) as caught:
        content(path)
    assert "photo.png" in str(caught.value) and "JPEG" in str(caught.value)


def test_a_picture_of_another_kind_than_its_name_says_is_taken(tmp_path, encodings):
    path = tmp_path / "scan.pdf"
    path.write_bytes(encodings["JPEG"])
    assert content(path)[0] == "JPEG"


def test_the_limit_of_bytes_holds_for_every_way_in(tmp_path, encodings, serve):
    data = encodings["PNG"]
    path = tmp_path / "a.png"
    path.write_bytes(data)
    address = serve({"/a.png": data})
    for source in (path, data, f"{address}/a.png"):
        assert content(source, max_bytes=len(data))[1] == data
        with pytest.raises(SourceTooLarge, match="larger than the limit"):
            content(source, max_bytes=len(data) - 1)
    with pytest.raises(SourceTooLarge):
        content(io.BytesIO(data), max_bytes=len(data) - 1)


def test_an_endless_file_is_refused_by_its_beginning():
    with pytest.raises(UnsupportedSource):
        content("/dev/zero")


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (404, SourceNotFound, "nothing at"),
        (403, SourceUnreadable, "403"),
        (500, SourceUnreadable, "500"),
        (b"<html>log in</html>", UnsupportedSource, "web page"),
        (b"", CorruptSource, "empty"),
    ],
)
def test_what_a_server_may_answer(answer, kind, what, serve):
    address = serve({"/a.png": answer})
    with pytest.raises(kind, match=what) as caught:
        content(f"{address}/a.png?token=s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_server_that_does_not_answer_in_time(serve):
    address = serve({"/a.png": 1.0})
    with pytest.raises(SourceUnreadable, match="Timeout"):
        content(f"{address}/a.png", timeout_s=0.2)


def test_one_request_is_enough(serve, encodings):
    asked = []

    class Recorded(dict):
        def get(self, path, default=None):
            asked.append(path)
            return super().get(path, default)

    content(f"{serve(Recorded({'/a.png': encodings['PNG']}))}/a.png")
    assert asked == ["/a.png"]


def test_a_server_that_is_not_there():
    with pytest.raises(SourceUnreadable, match="cannot be fetched"):
        content("http://127.0.0.1:9/a.png?token=s3cret")


def test_an_unknown_kind_of_address():
    with pytest.raises(UnsupportedSource, match="nonsense://"):
        content("nonsense://a/b.png")


@pytest.mark.parametrize(("scheme", "package"), [("s3", "s3fs"), ("gs", "gcsfs")])
def test_a_store_without_its_package_says_what_to_install(scheme, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"inkread\[remote\]"):
        content(f"{scheme}://bucket/a.png")


def test_another_file_system_without_its_package_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "smbprotocol", None)
    with pytest.raises(MissingExtra, match="smbprotocol"):
        content("smb://host/share/a.png")


# -- many sources -----------------------------------------------------------------------------------------------------


def names(items):
    return [Path(name).name for name, _ in expand_sources(items)]


def test_a_folder_gives_its_pictures_in_natural_order(scans):
    assert names([scans]) == ["Page1.jpg", "page2.PNG", "page10.png"]
    assert names(str(scans)) == ["Page1.jpg", "page2.PNG", "page10.png"]


def test_a_pattern_gives_the_files_that_match(scans):
    assert names([f"{scans}/*.png"]) == ["page10.png"]
    assert names([f"{scans}/page?.*"]) == ["page2.PNG"]
    assert names([f"{scans}/**/*.png"]) == ["a.png", "page10.png"]
    assert names([f"{scans}/**/*.tif"]) == ["b.tif"]


def test_a_name_with_brackets_that_is_there_is_no_pattern(tmp_path, encodings):
    path = tmp_path / "scan[1].png"
    path.write_bytes(encodings["PNG"])
    assert list(expand_sources([str(path)])) == [(str(path), str(path))]


def test_names_stay_as_they_were_given(scans, monkeypatch):
    monkeypatch.chdir(scans.parent)
    assert next(name for name, _ in expand_sources(["scans"])) == str(Path("scans") / "Page1.jpg")
    assert [name for name, _ in expand_sources(["./scans/*.jpg"])] == ["./scans/Page1.jpg"]


def test_order_of_the_items_is_kept_and_nothing_hides_the_rest(scans, tmp_path):
    (tmp_path / "empty").mkdir()
    array = np.zeros((2, 2))
    found = list(expand_sources([tmp_path / "empty", array, "*.nothing", tmp_path / "missing.png", scans]))
    assert isinstance(found[0][1], SourceNotFound) and "holds no picture" in str(found[0][1])
    assert found[1][0] == "<array>" and found[1][1] is array
    assert isinstance(found[2][1], SourceNotFound) and "*.nothing" in str(found[2][1])
    assert found[3][1] == str(tmp_path / "missing.png")
    assert len(found) == 7


def test_a_folder_that_may_not_be_listed(scans):
    scans.chmod(0)
    try:
        with without_rights():
            ((_, outcome),) = expand_sources([scans])
    finally:
        scans.chmod(0o700)
    # Where even the folder above is closed, it cannot be told from a file; opening it then says why.
    if isinstance(outcome, InkreadError):
        assert isinstance(outcome, SourceUnreadable)
    else:
        with without_rights(), pytest.raises(SourceUnreadable):
            content(outcome)


def test_patterns_and_folders_of_stores(encodings):
    data = encodings["PNG"]
    with memory({"/scans/p10.png": data, "/scans/p2.png": data, "/scans/notes.txt": b"12"}):
        assert names(["memory://scans/*.png"]) == ["p2.png", "p10.png"]
        assert names(["memory://scans/"]) == ["p2.png", "p10.png"]
        for _, source in expand_sources(["memory://scans/*.png"]):
            assert content(source) == ("PNG", data)
        ((_, outcome),) = expand_sources(["memory://scans/*.jpg"])
        assert isinstance(outcome, SourceNotFound)


def test_a_query_of_http_is_no_pattern():
    address = "https://host/a.png?x=[1]*"
    assert list(expand_sources([address])) == [("https://host/a.png", address)]


def test_items_are_expanded_one_by_one(scans):
    def endless():
        while True:
            yield scans

    found = expand_sources(endless())
    assert len([next(found) for _ in range(20)]) == 20
