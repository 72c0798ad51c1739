import pytest

from inkread.inputs.kinds import HEAD_BYTES, TAKEN_KINDS, sniff, taken_names, taken_suffixes, what_it_is


def test_every_kind_is_told_by_its_content(encodings):
    assert {name: sniff(data[:HEAD_BYTES]) for name, data in encodings.items()} == {name: name for name in encodings}


def test_every_kind_taken_is_tested(encodings):
    assert {kind.name for kind in TAKEN_KINDS} == set(encodings)


def test_the_usual_endings_of_photographs_are_known():
    assert {".jpg", ".jpeg", ".jfif", ".pjp", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".pdf", ".heic"} <= (
        taken_suffixes()
    )


def test_endings_belong_to_one_kind():
    endings = [suffix for kind in TAKEN_KINDS for suffix in kind.suffixes]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PK\x03\x04\x14\0", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"Dear Sir,\nplease find 12 attached", "text"),
        ("Grüße 7".encode(), "text"),
        ("Grüße".encode()[:3], "text"),
        (b"<?xml version='1.0'?>\n<svg>", "SVG"),
        (b"  <!DOCTYPE html><html>", "web page"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42", "video"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\x93NUMPY\x01\0", "NumPy"),
        (b"\x01\x02\x03\x04", "unknown"),
        (b"   ", "unknown"),
        (b"BMW is a maker of cars", "text"),
    ],
)
def test_what_is_not_taken_is_named(head, what):
    assert sniff(head) is None
    assert what in what_it_is(head)


def test_a_pdf_after_other_bytes_is_still_a_pdf():
    assert sniff(b"\n" * 500 + b"%PDF-1.4") == "PDF"


def test_the_message_names_every_kind():
    assert all(kind.name in taken_names() for kind in TAKEN_KINDS)
