"""Results as JSON, ALTO XML and hOCR.

JSON holds everything and is read back by :meth:`inkread.results.Document.from_dict`. ALTO (version 4, Library of
Congress) and hOCR (version 1.2) are the forms that archives and OCR tools exchange: pages, lines, numbers as words,
digits as glyphs, with boxes and confidences. What they have no place for, such as the alternatives of a line of several
numbers, is only in the JSON.
"""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from importlib.metadata import version

from inkread.errors import InkreadError
from inkread.geometry import Box, Quad
from inkread.results import Digit, Document, Line, Number, Page, Problem

__all__ = ["error_json", "to_alto", "to_hocr", "to_json"]

ALTO_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
ALTO_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-3.xsd"
XSI_NAMESPACE = "http://www.w3.org/2001/XMLSchema-instance"
HOCR_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
NOT_ACCEPTED = "not_accepted"


def to_json(document: Document, *, indent: int | None = 2) -> str:
    """The document as JSON, without a newline at the end; on one line where ``indent`` is None.

    Only ASCII is written, so that any terminal, pipe and file name, even one that is not Unicode, survives.

    Examples
    --------
    >>> to_json(Document(source="a.png", pages=()), indent=None)
    '{"schema": 1, "source": "a.png", "model": {}, "seconds": 0.0, "problem": null, "pages": []}'
    """
    return json.dumps(document.to_dict(), indent=indent)


def error_json(error: InkreadError, source: str, *, indent: int | None = 2) -> str:
    """The JSON that stands in a document's place where its source could not be read.

    Examples
    --------
    >>> error_json(InkreadError("it is gone"), "a.png", indent=None)
    '{"source": "a.png", "error": {"code": "InkreadError", "message": "it is gone"}}'
    """
    return json.dumps({"source": source, "error": {"code": error.code, "message": error.message}}, indent=indent)


def to_alto(document: Document) -> str:
    """The document as ALTO XML, version 4.3, in pixels.

    A problem is a tag on its line, or the page's ``QUALITY_DETAIL``; a number under the caller's ``min_confidence``
    carries the tag ``not_accepted``; a line that could not be read has one empty string without a confidence.
    """
    root = ET.Element(
        "alto",
        {
            "xmlns": ALTO_NAMESPACE,
            "xmlns:xsi": XSI_NAMESPACE,
            "xsi:schemaLocation": f"{ALTO_NAMESPACE} {ALTO_SCHEMA}",
            "SCHEMAVERSION": "4.3",
        },
    )
    _alto_description(root, document)
    _alto_tags(root, document)
    layout = ET.SubElement(root, "Layout")
    for page in document.pages:
        _alto_page(layout, page, document.problem)
    if not document.pages:
        # The schema asks for a page; a document without any is an empty page of unknown size.
        detail = {"QUALITY_DETAIL": _sentence(document.problem)} if document.problem else {}
        ET.SubElement(layout, "Page", {"ID": "page_0", "PHYSICAL_IMG_NR": "1", **detail})
    return _serialized(root)


def _alto_description(root: ET.Element, document: Document) -> None:
    description = ET.SubElement(root, "Description")
    ET.SubElement(description, "MeasurementUnit").text = "pixel"
    information = ET.SubElement(description, "sourceImageInformation")
    ET.SubElement(information, "fileName").text = _xml_safe(document.source)
    processing = ET.SubElement(description, "Processing", {"ID": "inkread"})
    ET.SubElement(processing, "processingCategory").text = "contentGeneration"
    models = ", ".join(f"{task}: {model}" for task, model in document.model.items())
    if models:
        ET.SubElement(processing, "processingStepSettings").text = _xml_safe(models)
    software = ET.SubElement(processing, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "inkread"
    ET.SubElement(software, "softwareVersion").text = version("inkread")


def _alto_tags(root: ET.Element, document: Document) -> None:
    problems = {line.problem.code: line.problem.message for line in document.lines() if line.problem}
    if any(not number.accepted for number in document.numbers()):
        problems[NOT_ACCEPTED] = "The confidence is under the least that was asked for."
    if problems:
        tags = ET.SubElement(root, "Tags")
        for code, message in problems.items():
            ET.SubElement(tags, "OtherTag", {"ID": code, "TYPE": "problem", "LABEL": code, "DESCRIPTION": message})


def _alto_page(layout: ET.Element, page: Page, document_problem: Problem | None) -> None:
    name = f"page_{page.index}"
    size = {"HEIGHT": str(page.height), "WIDTH": str(page.width)}
    problem = page.problem or document_problem
    detail = {"QUALITY_DETAIL": _sentence(problem)} if problem else {}
    element = ET.SubElement(layout, "Page", {"ID": name, **size, "PHYSICAL_IMG_NR": str(page.index + 1), **detail})
    space = ET.SubElement(element, "PrintSpace", {**size, "HPOS": "0", "VPOS": "0"})
    if page.lines:
        around = Box.union_of(line.box for line in page.lines)
        block = ET.SubElement(space, "TextBlock", {"ID": f"{name}_block", **_alto_box(around)})
        for index, line in enumerate(page.lines):
            _alto_line(block, line, f"{name}_line_{index}")


def _alto_line(block: ET.Element, line: Line, name: str) -> None:
    tags = {"TAGREFS": line.problem.code} if line.problem else {}
    element = ET.SubElement(block, "TextLine", {"ID": name, **tags, **_alto_box(line.box)})
    _alto_shape(element, line.quad)
    if not line.numbers:
        ET.SubElement(element, "String", {"ID": f"{name}_string_0", **_alto_box(line.box), "CONTENT": ""})
    for index, number in enumerate(line.numbers):
        if index:
            ET.SubElement(element, "SP")
        _alto_number(element, number, f"{name}_string_{index}", line)


def _alto_number(parent: ET.Element, number: Number, name: str, line: Line) -> None:
    tags = {} if number.accepted else {"TAGREFS": NOT_ACCEPTED}
    confidence = {} if number.confidence is None else {"WC": _alto_probability(number.confidence)}
    attributes = {"ID": name, **tags, **_alto_box(number.box), "CONTENT": number.text, **confidence}
    element = ET.SubElement(parent, "String", attributes)
    # The alternatives are those of the whole line, so they fit a string only where the line is one number.
    if len(line.numbers) == 1:
        for alternative in line.alternatives:
            ET.SubElement(element, "ALTERNATIVE").text = alternative.value
    for index, digit in enumerate(number.digits):
        _alto_digit(element, digit, f"{name}_glyph_{index}")


def _alto_digit(parent: ET.Element, digit: Digit, name: str) -> None:
    confidence = {} if digit.confidence is None else {"GC": _alto_probability(digit.confidence)}
    element = ET.SubElement(parent, "Glyph", {"ID": name, **_alto_box(digit.box), "CONTENT": digit.value, **confidence})
    _alto_shape(element, digit.quad)
    for alternative in digit.alternatives:
        if alternative.value != digit.value:
            variant = {"CONTENT": alternative.value, "VC": _alto_probability(alternative.probability)}
            ET.SubElement(element, "Variant", variant)


def _alto_shape(parent: ET.Element, quad: Quad) -> None:
    points = " ".join(f"{_plain(x)},{_plain(y)}" for x, y in quad.to_list())
    ET.SubElement(ET.SubElement(parent, "Shape"), "Polygon", {"POINTS": points})


def _alto_box(box: Box) -> dict[str, str]:
    x0, y0, x1, y1 = box.to_list()
    return {"HEIGHT": _plain(y1 - y0), "WIDTH": _plain(x1 - x0), "HPOS": _plain(x0), "VPOS": _plain(y0)}


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _alto_probability(probability: float) -> str:
    return f"{probability:.4f}"


def to_hocr(document: Document) -> str:
    """The document as hOCR 1.2, an XHTML page with boxes in whole pixels, rounded outwards.

    A problem, and a number under the caller's ``min_confidence``, are in the attributes ``data-problem`` and
    ``data-accepted``.
    """
    html = ET.Element("html", {"xmlns": "http://www.w3.org/1999/xhtml", "lang": "en", "xml:lang": "en"})
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "title").text = _xml_safe(document.source)
    ET.SubElement(head, "meta", {"http-equiv": "Content-Type", "content": "text/html; charset=utf-8"})
    ET.SubElement(head, "meta", {"name": "ocr-system", "content": f"inkread {version('inkread')}"})
    capabilities = "ocr_page ocr_line ocrx_word ocrx_cinfo"
    ET.SubElement(head, "meta", {"name": "ocr-capabilities", "content": capabilities})
    ET.SubElement(head, "meta", {"name": "ocr-number-of-pages", "content": str(len(document.pages))})
    body = ET.SubElement(html, "body")
    for page in document.pages:
        _hocr_page(body, page, document)
    return _serialized(html, HOCR_DOCTYPE)


def _hocr_page(body: ET.Element, page: Page, document: Document) -> None:
    # The name stands between double quotes inside the title, which has no way to escape one.
    image = _xml_safe(document.source).replace('"', "%22")
    title = f'image "{image}"; bbox 0 0 {page.width} {page.height}; ppageno {page.index}'
    if page.dpi:
        title += f"; scan_res {page.dpi:g} {page.dpi:g}"
    problem = page.problem or document.problem
    name = f"page_{page.index + 1}"
    element = ET.SubElement(body, "div", {"class": "ocr_page", "id": name, "title": title, **_hocr_problem(problem)})
    for index, line in enumerate(page.lines):
        attributes = {"class": "ocr_line", "id": f"{name}_line_{index + 1}", "title": _hocr_bbox(line.box)}
        span = ET.SubElement(element, "span", {**attributes, **_hocr_problem(line.problem)})
        for place, number in enumerate(line.numbers):
            _hocr_number(span, number, f"{name}_word_{index + 1}_{place + 1}")


def _hocr_number(parent: ET.Element, number: Number, name: str) -> None:
    title = _hocr_bbox(number.box)
    if number.confidence is not None:
        title += f"; x_wconf {number.confidence * 100:.2f}"
    refused = {} if number.accepted else {"data-accepted": "false"}
    word = ET.SubElement(parent, "span", {"class": "ocrx_word", "id": name, "title": title, **refused})
    for digit in number.digits:
        title = _hocr_bbox(digit.box, "x_bboxes")
        if digit.confidence is not None:
            title += f"; x_conf {digit.confidence * 100:.2f}"
        ET.SubElement(word, "span", {"class": "ocrx_cinfo", "title": title}).text = digit.value
    word.tail = " "


def _hocr_problem(problem: Problem | None) -> dict[str, str]:
    return {"data-problem": problem.code} if problem else {}


def _hocr_bbox(box: Box, name: str = "bbox") -> str:
    # hOCR takes whole numbers that are not negative.
    x0, y0 = max(0, math.floor(box.x0)), max(0, math.floor(box.y0))
    return f"{name} {x0} {y0} {max(x0, math.ceil(box.x1))} {max(y0, math.ceil(box.y1))}"


def _sentence(problem: Problem) -> str:
    return f"{problem.code}: {problem.message}"


# What XML 1.0 cannot hold at all, escaped or not: control characters, lone surrogates, two non-characters.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _xml_safe(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _serialized(root: ET.Element, doctype: str = "") -> str:
    body = ET.tostring(root, encoding="unicode")
    return "\n".join(part for part in ('<?xml version="1.0" encoding="UTF-8"?>', doctype, body) if part) + "\n"
