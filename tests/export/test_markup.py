"""JSON against from_dict, ALTO against the official schema, hOCR against the rules of its specification 1.2."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
import xmlschema

from inkread.errors import CorruptSource
from inkread.export.markup import error_json, to_alto, to_hocr, to_json
from inkread.geometry import Box, Quad
from inkread.results import Digit, Document, Line, Number, Page, Problem

SCHEMAS = Path(__file__).parent / "schemas"
ALTO = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def alto_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(
        SCHEMAS / "alto-4-3.xsd",
        locations={"http://www.w3.org/1999/xlink": str(SCHEMAS / "xlink.xsd")},
        allow="local",
    )


def test_json_gives_the_same_document_back(document):
    assert Document.from_dict(json.loads(to_json(document))).to_dict() == document.to_dict()
    assert "\n" not in to_json(document, indent=None)


def test_json_of_a_name_that_is_not_unicode_can_be_written_anywhere():
    text = to_json(Document(source="caf\udce9 \N{SNOWMAN}.png", pages=()))
    text.encode("ascii")
    assert json.loads(text)["source"] == "caf\udce9 \N{SNOWMAN}.png"


def test_json_of_an_error_names_the_source_and_the_code():
    data = json.loads(error_json(CorruptSource("the picture ends early", source="a.png"), "a.png"))
    assert data == {"source": "a.png", "error": {"code": "CorruptSource", "message": "the picture ends early"}}


def test_alto_is_valid(document, alto_schema):
    alto_schema.validate(to_alto(document))


@pytest.mark.parametrize("name", ['<a & "b">.png', "bell\x07.png", "caf\udce9.png", "line\nbreak.png", ""])
def test_alto_of_any_name_is_valid(name, alto_schema):
    text = to_alto(Document(source=name, pages=(), problem=Problem("no_numbers")))
    text.encode("utf-8")
    alto_schema.validate(text)


def test_alto_holds_numbers_as_strings_and_digits_as_glyphs(document):
    root = ET.fromstring(to_alto(document))
    strings = root.findall(".//a:String", ALTO)
    assert [string.get("CONTENT") for string in strings] == ["1250", "07", "333", ""]
    assert strings[0].get("WC") == "0.9800"
    assert [glyph.get("CONTENT") for glyph in strings[0].findall("a:Glyph", ALTO)] == ["1", "2", "5", "0"]
    assert (strings[1].get("HPOS"), strings[1].get("VPOS")) == ("200", "10")
    assert (strings[1].get("WIDTH"), strings[1].get("HEIGHT")) == ("44", "40")
    assert strings[2].find("a:ALTERNATIVE", ALTO).text == "338"
    variants = strings[0].find("a:Glyph", ALTO).findall("a:Variant", ALTO)
    assert [variant.get("CONTENT") for variant in variants] == ["5"]


def test_alto_says_what_is_not_certain(document):
    root = ET.fromstring(to_alto(document))
    strings = root.findall(".//a:String", ALTO)
    assert strings[2].get("TAGREFS") == "not_accepted"
    assert strings[3].get("WC") is None
    assert root.findall(".//a:TextLine", ALTO)[2].get("TAGREFS") == "not_a_number"
    assert root.findall(".//a:Page", ALTO)[1].get("QUALITY_DETAIL").startswith("no_numbers: ")


def test_alto_ids_are_unique_and_positions_keep_their_places(alto_schema):
    box = Box(12345.67, 20000.25, 12400.5, 20100.75)
    digit = Digit(value="4", confidence=None, box=box, quad=Quad.of_box(box))
    line = Line(numbers=(Number(digits=(digit,), confidence=None),), confidence=None, quad=Quad.of_box(box))
    pages = tuple(Page(index=i, width=30000, height=30000, lines=(line, line)) for i in range(2))
    text = to_alto(Document(source="x.tif", pages=pages))
    alto_schema.validate(text)
    assert 'POINTS="12345.67,20000.25 12400.5,20000.25 12400.5,20100.75 12345.67,20100.75"' in text


def hocr_elements(document: Document) -> Iterator[tuple[str, ET.Element]]:
    for element in ET.fromstring(to_hocr(document)).iter():
        if element.get("class"):
            yield element.get("class"), element


def test_hocr_names_its_system_and_only_the_classes_it_uses(document):
    root = ET.fromstring(to_hocr(document))
    meta = {element.get("name"): element.get("content") for element in root.iter(f"{XHTML}meta")}
    assert meta["ocr-system"].startswith("inkread ")
    assert set(meta["ocr-capabilities"].split()) == {name for name, _ in hocr_elements(document)}
    assert meta["ocr-number-of-pages"] == "2"


def test_hocr_properties_follow_the_grammar(document):
    whole = r"\d+ \d+ \d+ \d+"
    percent = r"\d+\.\d\d"
    grammar = {
        "ocr_page": rf'image "[^"]*"; bbox {whole}; ppageno \d+(; scan_res \d+ \d+)?',
        "ocr_line": rf"bbox {whole}",
        "ocrx_word": rf"bbox {whole}(; x_wconf {percent})?",
        "ocrx_cinfo": rf"x_bboxes {whole}(; x_conf {percent})?",
    }
    for name, element in hocr_elements(document):
        assert re.fullmatch(grammar[name], element.get("title")), (name, element.get("title"))


def test_hocr_boxes_lie_inside_their_parents(document):
    def box(element: ET.Element) -> Box:
        return Box(*map(int, re.search(r"bbox(?:es)? (\d+) (\d+) (\d+) (\d+)", element.get("title")).groups()))

    for _, parent in hocr_elements(document):
        for child in parent:
            assert box(parent).union(box(child)) == box(parent)


def test_hocr_text_is_the_document_text(document):
    lines = [element for name, element in hocr_elements(document) if name == "ocr_line"]
    assert ["".join(line.itertext()).strip() for line in lines] == ["1250 07", "333", ""]
    assert [line.get("data-problem") for line in lines] == [None, None, "not_a_number"]
    words = [element for name, element in hocr_elements(document) if name == "ocrx_word"]
    assert [word.get("data-accepted") for word in words] == [None, None, "false"]


@pytest.mark.parametrize("name", ['a "quoted"; name.png', "bell\x07.png", "<b>&amp;.png"])
def test_hocr_of_any_name_is_well_formed(name):
    document = Document(source=name, pages=(Page(index=0, width=5, height=5),))
    (page,) = (element for _, element in hocr_elements(document))
    assert page.get("title").count('"') == 2


def test_hocr_of_a_box_outside_the_page_has_no_negative_number():
    box = Box(-3.5, -1, 8.2, 9)
    digit = Digit(value="4", confidence=0.5, box=box, quad=Quad.of_box(box))
    line = Line(numbers=(Number(digits=(digit,), confidence=0.5),), confidence=0.5, quad=Quad.of_box(box))
    document = Document(source="x.png", pages=(Page(index=0, width=20, height=20, lines=(line,)),))
    assert [element.get("title") for name, element in hocr_elements(document) if name == "ocr_line"] == ["bbox 0 0 9 9"]
