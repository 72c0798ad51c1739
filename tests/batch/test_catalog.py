"""The list of sources: what names stand for, in which order, each once."""

import io
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.batch.catalog import Catalog, natural_key, write_catalog
from inkread.errors import OutputError, SourceNotFound
from inkread.inputs import expand_sources


def names_of(sources, folder):
    path = folder / "list.jsonl"
    write_catalog([str(source) for source in sources], path)
    return [entry.name for part in range(Catalog(path, 3).parts) for entry in Catalog(path, 3).entries(part)]


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    (folder / "deep.png").mkdir(parents=True)
    names = ["p10.png", "p2.png", "P3.JPG", "p2b.tif", ".hidden.png", "note.txt", "007.pdf", "7.png", "ü.png", "z"]
    random.Random(1).shuffle(names)
    for name in names:
        (folder / name).write_bytes(b"")
    return folder


def test_folders_and_patterns_are_what_the_reader_takes_them_for(scans, tmp_path):
    for source in (str(scans), f"{scans}/p*", f"{scans}/**/*.p?g"):
        assert names_of([source], tmp_path) == [name for name, _ in expand_sources([source])]


@given(st.lists(st.text(alphabet="aB0129./_é", min_size=1), max_size=8))
def test_names_sort_as_people_count(names):
    from inkread.inputs.sources import _natural

    for one, other in itertools.combinations(names, 2):
        assert (natural_key(one) < natural_key(other)) == (_natural(one) < _natural(other))


def test_a_source_that_is_named_twice_is_one(scans, tmp_path):
    wanted = [f"{scans}/7.png", f"{scans}/007.pdf", f"{scans}/p2.png"]
    given_twice = [wanted[0], f"{scans}/7.*", wanted[1], f"{scans}/p2.png", f"{scans}/p2.png"]
    assert names_of(given_twice, tmp_path) == wanted


def test_what_is_not_there_keeps_its_place_with_the_reason(scans, tmp_path):
    sources = [f"{scans}/none*.png", f"{scans}/7.png", str(tmp_path / "nowhere" / "x.png"), str(scans / "deep.png")]
    assert names_of(sources, tmp_path) == sources
    first, _, third, last = (e for part in (0, 1) for e in Catalog(tmp_path / "list.jsonl", 3).entries(part))
    assert isinstance(first.error, SourceNotFound)
    assert "no file matches" in first.error.message
    assert third.error is None  # a file that is named is looked for when it is read
    assert "holds no picture" in last.error.message


def test_lists_name_sources_and_other_lists(scans, tmp_path):
    (tmp_path / "inner.txt").write_text(f"{scans}/p2.png\n", encoding="utf-8")
    text = f"\ufeff# all of them\n{scans}/7.png\n\n  {scans}/p1*.png  \n@{tmp_path}/inner.txt\n@{tmp_path}/gone.lst\n"
    (tmp_path / "list").write_text(text, encoding="utf-8")
    found = names_of([f"@{tmp_path}/list", f"{scans}/P3.JPG"], tmp_path)
    assert [name.rpartition("/")[2] for name in found] == ["7.png", "p10.png", "p2.png", "gone.lst", "P3.JPG"]


def test_a_list_that_names_itself_ends(tmp_path):
    (tmp_path / "list.txt").write_text(f"{tmp_path}/list.txt\n", encoding="utf-8")
    names_of([tmp_path / "list.txt"], tmp_path)
    (entry,) = Catalog(tmp_path / "list.jsonl", 3).entries(0)
    assert "does one name itself?" in entry.error.message


def test_a_list_may_come_from_standard_input(scans, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{scans}/7.png\n"))
    assert names_of(["@-"], tmp_path) == [f"{scans}/7.png"]


def test_addresses_are_named_without_what_may_be_secret(tmp_path):
    path = tmp_path / "list.jsonl"
    write_catalog(["https://me:word@host/a.png?key=1"], path)
    (entry,) = Catalog(path, 1).entries(0)
    assert (entry.name, entry.source) == ("https://host/a.png", "https://me:word@host/a.png?key=1")


def test_parts_cut_the_list_in_order(listed):
    catalog = Catalog(listed(8), 3)
    assert (catalog.count, catalog.parts, [catalog.size(part) for part in range(3)]) == (8, 3, [3, 3, 2])
    assert [entry.seq for part in range(3) for entry in catalog.entries(part)] == list(range(8))
    assert catalog.entries(2)[1].name == "p7.png"


def test_a_list_that_cannot_be_written_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_catalog(["a.png"], tmp_path / "nowhere" / "list.jsonl")
