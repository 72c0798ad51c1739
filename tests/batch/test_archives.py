"""Pictures inside archives have addresses of their own."""

import tarfile
import zipfile

import pytest

from inkread.batch import archives
from inkread.batch.archives import find_members, open_member
from inkread.errors import SourceNotFound, SourceUnreadable, UnsupportedSource


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "scans.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("a.png", "march/b.png", "march/c.jpg", "march/.d.png", "note.txt"):
            file.writestr(name, name.encode())
    return path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("zip", {"a.png", "march/b.png", "march/c.jpg"}),
        ("zip://march/", {"march/b.png", "march/c.jpg"}),
        ("zip://march/*.png", {"march/b.png", "march/.d.png"}),
        ("zip://a.png", {"a.png"}),
    ],
)
def test_an_archive_stands_for_its_pictures(archive, pattern, found):
    assert set(find_members(f"{pattern}::{archive}")) == {f"zip://{name}::{archive}" for name in found}


def test_members_are_read_and_the_archive_is_opened_once(archive):
    archives._open_archive.cache_clear()
    for name in ("a.png", "march/b.png"):
        with open_member(f"zip://{name}::{archive}") as file:
            assert file.read() == name.encode()
    assert archives._open_archive.cache_info().misses == 1


def test_tar_works_too(tmp_path):
    (tmp_path / "a.png").write_bytes(b"pixels")
    with tarfile.open(tmp_path / "scans.tar", "w") as file:
        file.add(tmp_path / "a.png", "a.png")
    (member,) = find_members(f"tar::{tmp_path}/scans.tar")
    with open_member(member) as file:
        assert file.read() == b"pixels"


def test_what_is_wrong_is_said_without_secrets(archive, tmp_path):
    (tmp_path / "torn.zip").write_bytes(b"PK\3\4 and then nothing")
    with pytest.raises(SourceNotFound, match=r"there is nothing at zip://gone\.png"):
        open_member(f"zip://gone.png::{archive}")
    with pytest.raises(SourceNotFound, match=r"that matches zip://\*.tif"):
        list(find_members(f"zip://*.tif::{archive}"))
    with pytest.raises(SourceNotFound):
        list(find_members(f"zip::{tmp_path}/none.zip"))
    with pytest.raises(SourceUnreadable, match="BadZipFile"):
        list(find_members(f"zip::{tmp_path}/torn.zip"))
    with pytest.raises(UnsupportedSource):
        list(find_members("nonsense::a.bin"))
