"""One source becomes one record, whatever it is."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.batch import Job
from inkread.batch.catalog import Entry
from inkread.batch.reading import SourceReader, annotated_paths, fetch, unexpected
from inkread.batch.records import error_of
from inkread.errors import ModelError, OutputError, SourceNotFound


@pytest.fixture(scope="module")
def reader():
    return SourceReader(Job(sources=("x",), out="n.csv"))


def read(reader, source, error=None):
    entry = Entry(seq=3, name=str(source), source=str(source), error=error)
    return reader.record(fetch(entry, reader.limits))


def test_a_record_holds_what_the_reader_reads(reader, pages):
    record = read(reader, pages / "p2.png")
    document = inkread.read(pages / "p2.png")
    assert (record["seq"], record["source"], record["pages"], record["error"]) == (3, str(pages / "p2.png"), 1, None)
    assert "".join(row[3] for row in record["rows"]) == document.text.replace("\n", "").replace(" ", "")
    assert record["rows"][0][6] == next(document.numbers()).box.to_list()
    assert record["seconds"] > 0
    assert json.loads(json.dumps(record)) == record


def test_pages_of_documents_and_members_of_archives_are_read(reader, pages, tmp_path):
    images = [Image.open(pages / f"p{place}.png") for place in (1, 2, 3)]
    images[0].save(tmp_path / "three.tif", save_all=True, append_images=images[1:])
    images[0].save(tmp_path / "three.pdf", save_all=True, append_images=images[1:])
    for name in ("three.tif", "three.pdf"):
        record = read(reader, tmp_path / name)
        assert record["pages"] == 3
        assert {row[0] for row in record["rows"]} == {0, 1, 2}
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.write(pages / "p2.png", "p2.png")
    inside = read(reader, f"zip://p2.png::{tmp_path}/a.zip")
    assert inside["rows"] == read(reader, pages / "p2.png")["rows"]
    assert inside["source"] == f"zip://p2.png::{tmp_path}/a.zip"


def test_failures_are_records_that_know_equal_bytes_by_no_name(reader, pages, tmp_path):
    torn = tmp_path / "torn.png"
    torn.write_bytes((pages / "p1.png").read_bytes()[:200])
    record = read(reader, torn)
    assert error_of(record)["code"] == "CorruptSource"
    assert str(torn) in error_of(record)["message"]
    assert str(torn) not in record["error"]["message"]
    assert record["sha256"]
    gone = read(reader, tmp_path / "gone.png")
    assert (error_of(gone)["code"], gone["sha256"]) == ("SourceNotFound", None)
    told = read(reader, "x*.png", SourceNotFound("no file matches x*.png"))
    assert error_of(told) == {"code": "SourceNotFound", "message": "no file matches x*.png"}


def test_a_mistake_inside_inkread_is_a_row_too(reader, pages, monkeypatch):
    class Broken:
        options = reader._reader.options

        def read(self, source):
            raise ZeroDivisionError("oh")

    monkeypatch.setattr(reader, "_reader", Broken())
    record = read(reader, pages / "p1.png")
    assert error_of(record)["code"] == "InkreadError"
    assert "ZeroDivisionError: oh" in error_of(record)["message"]
    assert "report" in unexpected(ValueError("x")).message


def test_a_network_that_became_another_is_not_mixed_with_the_first():
    with pytest.raises(ModelError, match="begun with the network digit-000000"):
        SourceReader(Job(sources=("x",), out="n.csv"), model="digit-000000")


def test_annotated_pictures_are_written_for_every_page(pages, tmp_path):
    images = [Image.open(pages / f"p{place}.png") for place in (1, 2)]
    images[0].save(tmp_path / "two.tif", save_all=True, append_images=images[1:])
    reader = SourceReader(Job(sources=("x",), out="n.csv", annotate=tmp_path / "drawn"))
    record = read(reader, tmp_path / "two.tif")
    drawn = list(annotated_paths(tmp_path / "drawn", 3, record["source"], 2))
    assert sorted(path for path in (tmp_path / "drawn").rglob("*") if path.is_file()) == drawn
    assert np.asarray(Image.open(drawn[0])).ndim == 3
    (tmp_path / "file").write_bytes(b"")
    reader = SourceReader(Job(sources=("x",), out="n.csv", annotate=tmp_path / "file"))
    with pytest.raises(OutputError, match="cannot be written"):
        read(reader, pages / "p1.png")


def test_annotated_names_are_safe_and_never_meet():
    (path,) = annotated_paths(Path("d"), 7, "zip://a<b>.png::x.zip", 1)
    assert path.as_posix() == "d/0000/0000007-ab.png"
    one, two = (next(annotated_paths(Path("d"), seq, "x/a.png", 1)) for seq in (1, 2))
    assert one != two
