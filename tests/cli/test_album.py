"""The folder of drawn pages, and standard input that can be opened again."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import inkread
from inkread.cli.album import Album, Stdin
from inkread.errors import OutputError
from inkread.inputs import InputLimits


def drawn(image, page):
    return np.zeros((5, 7 + page.index, 3), np.uint8)


def test_every_page_is_drawn_under_a_name_of_its_own(tmp_path, picture, blank):
    two_pages = tmp_path / "two.tiff"
    with Image.open(blank) as page:
        page.save(two_pages, save_all=True, append_images=[page.copy()])
    album = Album(tmp_path / "out", kind="heat")
    for source in (picture, two_pages, picture):
        album.add(source, inkread.read(source), InputLimits(), drawn)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["numbers-heat-2.png", "numbers-heat.png", "two-page1-heat.png", "two-page2-heat.png"]
    with Image.open(tmp_path / "out" / "two-page2-heat.png") as second:
        assert second.size == (8, 5)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"heat pictures cannot be written into .*: it is a file"):
        Album(tmp_path / "file", kind="heat")


def test_standard_input_is_read_once_and_again(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"bytes of a picture")))
    stdin = Stdin(100)
    assert stdin.read() == b"bytes of a picture"
    stdin.seek(0)
    assert stdin.read(5) == b"bytes"
