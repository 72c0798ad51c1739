import io
import json
import zipfile

import pytest
from PIL import Image

import inkread
from inkread.results import Document
from inkread.serve.rest import region_of


def test_the_answer_is_the_document_that_python_gives(client, cheque):
    answer = client.post("/v1/read", files={"files": ("cheque.jpg", cheque)})
    assert answer.status_code == 200
    (given,) = answer.json()["documents"]
    wanted = inkread.read(cheque).to_dict()
    for changing in ("seconds", "source"):
        given.pop(changing), wanted.pop(changing)
    assert given == wanted
    assert answer.json()["errors"] == []


def test_a_form_a_raw_body_and_strokes_are_read(client, seven):
    form = client.post("/v1/read", files={"files": ("a.png", seven)}).json()["documents"][0]
    raw = client.post("/v1/read", content=seven, headers={"Content-Type": "image/png"}).json()["documents"][0]
    assert Document.from_dict(form).text == Document.from_dict(raw).text == "7"
    assert form["source"] == "a.png"
    stroke = [[10, 10, 0, 0.5], [10, 30, 100, 0.5], [10, 60, 200, 0.5]]
    drawn = client.post("/v1/strokes", json={"strokes": [stroke]})
    assert Document.from_dict(drawn.json()).text == "1"


def test_style_is_described_where_it_is_asked_for(client, seven):
    plain = client.post("/v1/read", content=seven).json()["documents"][0]["pages"][0]["lines"][0]
    assert "style" not in plain
    for answer in (
        client.post("/v1/read?style=true", content=seven),
        client.post("/v1/read", data={"style": "true"}, files={"files": seven}),
    ):
        line = answer.json()["documents"][0]["pages"][0]["lines"][0]
        assert -45 < line["style"]["slant_degrees"] < 45
        assert line["numbers"][0]["digits"][0]["style"]["loops"] == 0
    drawn = client.post("/v1/strokes", json={"strokes": [[[10, 10], [10, 60]]], "style": True}).json()
    assert drawn["pages"][0]["lines"][0]["style"]["spacing"] is None


def test_the_kind_is_told_by_content_not_by_name_or_header(client, seven):
    answer = client.post("/v1/read", files={"files": ("a.pdf", seven, "application/pdf")})
    assert answer.status_code == 200
    refused = client.post("/v1/read", files={"files": ("a.png", b"Dear Sir, ", "image/png")})
    assert refused.status_code == 415
    problem = refused.json()
    assert problem["code"] == "UnsupportedSource"
    assert problem["source"] == "a.png"
    assert "JPEG, PNG, WebP" in problem["detail"]


def test_one_bad_file_never_hides_the_others(client, seven):
    files = [("files", ("a.png", seven)), ("files", ("b.txt", b"text")), ("files", ("c.png", seven[:200]))]
    answer = client.post("/v1/read", files=files)
    assert answer.status_code == 200
    assert [document["source"] for document in answer.json()["documents"]] == ["a.png"]
    assert [(e["source"], e["index"], e["code"]) for e in answer.json()["errors"]] == [
        ("b.txt", 1, "UnsupportedSource"),
        ("c.png", 2, "CorruptSource"),
    ]


def test_parameters_come_from_the_query_and_from_the_form(client, seven):
    box = client.post("/v1/read?layout=digit", content=seven).json()["documents"][0]["pages"][0]["lines"][0]["box"]
    region = ",".join(str(edge) for edge in (0, 0, box[2] + 5, box[3] + 5))
    for answer in (
        client.post("/v1/read", params={"region": region, "min_confidence": "1"}, content=seven),
        client.post("/v1/read", data={"region": region, "min_confidence": "1"}, files={"files": seven}),
    ):
        (page,) = answer.json()["documents"][0]["pages"]
        assert (page["width"], page["height"]) == (280, 280)
        assert page["lines"][0]["numbers"][0]["accepted"] is False


@pytest.mark.parametrize(
    "query",
    ["layout=book", "region=1,2,3", "region=a,b,c,d", "min_confidence=2", "min_confidence=nan", "colour=red",
     "region=5,5,1,1", "region=900,900,999,999"],
)  # fmt: skip
def test_parameters_that_cannot_be_used_are_refused(client, seven, query):
    answer = client.post(f"/v1/read?{query}", content=seven)
    assert (answer.status_code, answer.json()["code"]) == (422, "InvalidOption")


def test_text_and_csv_are_given_when_asked_for(client, seven):
    text = client.post("/v1/read", content=seven, headers={"Accept": "text/plain"})
    assert (text.text, text.headers["content-type"]) == ("7\n", "text/plain; charset=utf-8")
    csv = client.post("/v1/read", files={"files": ("a.png", seven)}, headers={"Accept": "text/csv"})
    assert csv.text.splitlines()[0].startswith("source,page,line,number,text")
    assert csv.text.splitlines()[1].startswith("a.png,0,0,0,7,")
    assert client.post("/v1/read", content=seven, headers={"Accept": "audio/ogg"}).status_code == 406


def test_the_annotated_picture_is_given_and_a_zip_for_several(client, seven):
    one = client.post("/v1/read", content=seven, headers={"Accept": "image/png"})
    assert one.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(one.content)) as picture:
        assert picture.width >= 280
    files = [("files", ("a.png", seven)), ("files", ("a.png", seven)), ("files", ("b.txt", b"text"))]
    several = client.post("/v1/read", files=files, headers={"Accept": "image/png"})
    assert several.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        assert archive.namelist() == ["a-annotated.png", "a-annotated-2.png", "inkread.json"]
        assert json.loads(archive.read("inkread.json"))["errors"][0]["source"] == "b.txt"


def test_pages_of_a_document_come_in_order(client, seven):
    stream = io.BytesIO()
    with Image.open(io.BytesIO(seven)) as picture:
        page = picture.convert("L")
        page.save(stream, "TIFF", save_all=True, append_images=[page, page])
    answer = client.post("/v1/read", content=stream.getvalue()).json()
    assert [page["index"] for page in answer["documents"][0]["pages"]] == [0, 1, 2]
    drawn = client.post("/v1/read", content=stream.getvalue(), headers={"Accept": "image/png"})
    assert drawn.headers["content-type"] == "application/zip"


def test_limits_of_bytes_pixels_pages_and_files(serving, seven):
    with serving(max_body_bytes=30_000, max_pixels=50_000, max_pages=2, max_files=2).client() as client:
        assert client.get("/v1/limits").json()["max_pages"] == 2
        big = client.post("/v1/read", content=b"\x89PNG\r\n\x1a\n" + bytes(40_000))
        assert (big.status_code, big.json()["code"]) == (413, "SourceTooLarge")

        def chunks():
            for _ in range(40):
                yield bytes(1000)

        assert client.post("/v1/read", content=chunks()).status_code == 413  # no Content-Length to judge by
        assert client.post("/v1/read", content=seven).json()["code"] == "SourceTooLarge"  # 280 × 280 pixels
        files = [("files", ("a.png", b"x"))] * 3
        assert client.post("/v1/read", files=files).json()["code"] == "SourceTooLarge"
        stream = io.BytesIO()
        page = Image.new("L", (20, 20), 255)
        page.save(stream, "TIFF", save_all=True, append_images=[page, page])
        assert client.post("/v1/read", content=stream.getvalue()).json()["code"] == "SourceTooLarge"


def test_a_header_that_promises_too_many_pixels_is_refused_before_decoding(client):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 300_000, 300_000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    answer = client.post("/v1/read", content=bomb)
    assert (answer.status_code, answer.json()["code"]) == (413, "SourceTooLarge")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b'{"strokes": 7}', 422),
        (b'{"strokes": [[[1]]]}', 422),
        (b'{"strokes": [[[1, 2], [1, 2, 3]]]}', 422),
        (b'{"strokes": [[[1, 2, 0, 7]]]}', 422),
        (b'{"strokes": [[[1e400, 2]]]}', 422),
        (b'{"strokes": [], "colour": 1}', 422),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
    ],
)
def test_strokes_that_are_none_are_refused(client, body, status):
    answer = client.post("/v1/strokes", content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_strokes_give_a_document_without_numbers(client):
    assert client.post("/v1/strokes", json={"strokes": []}).json()["problem"]["code"] == "no_numbers"


def test_the_models_and_the_report_are_told(client):
    (card, *_) = client.get("/v1/models").json()["models"]
    assert card["task"] == "digit"
    assert len(card["sha256"]) == 64
    assert card["bytes"] > 1000
    assert isinstance(client.get("/v1/report").json()["reports"], list)


def test_the_limits_tell_the_chooser_what_is_taken(client):
    limits = client.get("/v1/limits").json()
    assert "image/png" in limits["media_types"]
    assert ".pdf" in limits["suffixes"]
    assert limits["max_body_bytes"] == 20_000_000


def test_regions_are_four_numbers():
    assert region_of(None) is None
    assert region_of(" 1, 2,3.5,-4") == (1.0, 2.0, 3.5, -4.0)
