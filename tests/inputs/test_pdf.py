import threading
import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from inkread.errors import CorruptSource, EncryptedSource, MissingExtra, SourceTooLarge
from inkread.inputs.limits import InputLimits
from inkread.inputs.pdf import pdf_pages


def pages(data, **limits):
    return list(pdf_pages(BytesIO(data), name="a document", limits=InputLimits(**limits)))


def document(*objects, trailer=""):
    """A PDF of the given objects, numbered from 1; the first is the catalog."""
    data = b"%PDF-1.6\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    return data + f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF".encode()


CATALOG = "<< /Type /Catalog /Pages 2 0 R >>"


def one_page(box, extra="", *objects, trailer=""):
    return document(
        CATALOG,
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] {extra} >>",
        *objects,
        trailer=trailer,
    )


def test_a_page_is_drawn_at_the_stated_dots_an_inch():
    ((pixels, dpi),) = pages(one_page("0 0 72 36"), pdf_dpi=150)
    assert pixels.shape == (75, 150, 3) and dpi == 150
    assert (pixels == 255).all()


def test_pictures_in_it_keep_their_color_and_place(encodings, seven):
    ((pixels, dpi),) = pages(encodings["PDF"], pdf_dpi=72)
    assert dpi == 72
    assert np.abs(pixels.astype(int) - seven).mean() < 6


def test_pages_come_in_order(encode):
    sheets = [Image.new("RGB", (30, 20), (80 * index, 0, 0)) for index in range(3)]
    found = pages(encode("PDF", sheets[0], save_all=True, append_images=sheets[1:]))
    assert [round(int(pixels[5, 5, 0]) / 80) for pixels, _ in found] == [0, 1, 2]


def test_pen_notes_are_drawn():
    note = (
        "<< /Type /Annot /Subtype /Ink /Rect [0 0 72 72] /InkList [[10 10 60 60]] /C [1 0 0] /F 4 /AP << /N 5 0 R >> >>"
    )
    stroke = "1 0 0 RG 6 w 10 10 m 60 60 l S"
    form = f"<< /Type /XObject /Subtype /Form /BBox [0 0 72 72] /Length {len(stroke)} >>\nstream\n{stroke}\nendstream"
    ((pixels, _),) = pages(one_page("0 0 72 72", "/Annots [4 0 R]", note, form))
    assert pixels[100, 100].tolist() == [255, 0, 0]
    assert pixels[10, 10].tolist() == [255, 255, 255]


def test_a_page_turned_by_the_document_is_upright():
    ((pixels, _),) = pages(one_page("0 0 72 36", "/Rotate 90"), pdf_dpi=72)
    assert pixels.shape == (72, 36, 3)


@pytest.fixture
def locked():
    """A document whose password is not the empty one."""
    junk = "41" * 32
    return one_page(
        "0 0 72 36",
        "",
        f"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{junk}> /U <{junk}> >>",
        trailer=f"/Encrypt 4 0 R /ID [<{junk[:32]}> <{junk[:32]}>]",
    )


def test_a_document_locked_with_a_password_is_told_apart(locked):
    with pytest.raises(EncryptedSource, match="password"):
        pages(locked)


def test_damage_after_a_locked_document_is_still_damage(locked):
    with pytest.raises(EncryptedSource):
        pages(locked)
    with pytest.raises(CorruptSource):
        pages(document(CATALOG, "<< /Type /Pages /Kids [] /Count 0 >>"))


def test_a_page_of_absurd_size_is_drawn_smaller():
    ((pixels, dpi),) = pages(one_page("0 0 1000000 1000000"), max_pixels=250_000)
    assert 490 <= pixels.shape[0] == pixels.shape[1] <= 500
    assert dpi == pytest.approx(72 * 500 / 1e6, rel=0.05)


@pytest.mark.parametrize("box", ["0 0 2000000 1", "0 0 0.01 2000000", "0 0 0.5 0.5", "0 0 0 0", "0 0 -5 nan"])
def test_pages_of_odd_shape_stay_within_the_limits(box):
    try:
        ((pixels, _),) = pages(one_page(box), max_pixels=10_000)
    except CorruptSource:
        return
    assert 1 <= pixels.shape[0] * pixels.shape[1] <= 10_000


def test_a_photograph_at_a_point_a_pixel_is_not_blown_up(encode):
    data = encode("PDF", Image.new("L", (4000, 3000), 255))
    ((pixels, dpi),) = pages(data)
    assert 4000 <= pixels.shape[1] <= 4700
    assert 72 <= dpi <= 90


def test_a_million_pages_are_refused_before_any_is_drawn():
    kids = "3 0 R " * 10
    many = document(
        CATALOG,
        f"<< /Type /Pages /Kids [{kids}] /Count 1000000 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
    )
    with pytest.raises(SourceTooLarge, match="1000000 pages"):
        pages(many)


def test_a_page_tree_that_leads_in_a_circle_ends():
    circle = document(CATALOG, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 3 >>")
    with pytest.raises(CorruptSource):
        pages(circle)


def test_a_document_without_pages_is_corrupt():
    with pytest.raises(CorruptSource):
        pages(document(CATALOG, "<< /Type /Pages /Kids [] /Count 0 >>"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_document_that_ends_early_is_corrupt(share, encodings):
    data = encodings["PDF"]
    with pytest.raises(CorruptSource, match="a document"):
        pages(data[: int(len(data) * share)])


def test_without_the_extra_the_message_says_what_to_install(monkeypatch, encodings):
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    with pytest.raises(MissingExtra, match=r"inkread\[pdf\]"):
        pages(encodings["PDF"])


def test_several_threads_may_draw_at_once(encode):
    sheets = [Image.new("RGB", (60, 40), (60 * index, 0, 0)) for index in range(4)]
    data = encode("PDF", sheets[0], save_all=True, append_images=sheets[1:])
    found: list[list[int]] = []

    def draw():
        found.append([round(int(pixels[5, 5, 0]) / 60) for pixels, _ in pages(data)])

    threads = [threading.Thread(target=draw) for _ in range(6)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [[0, 1, 2, 3]] * 6


def test_leaving_early_closes_the_document(encodings):
    found = pdf_pages(BytesIO(encodings["PDF"]), name="a document", limits=InputLimits())
    next(found)
    found.close()
    assert list(found) == []
