import gzip

import pytest
from starlette.applications import Starlette

from inkread.serve.pages import PAGE_ADDRESSES, PAGE_ROOMS, WEB, page_routes
from inkread.serve.problems import NotFound, problem_response


@pytest.fixture
def web(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "index.html").write_text("<!DOCTYPE html>home")
    (tmp_path / "draw.html").write_text("<!DOCTYPE html>draw")
    (tmp_path / "js" / "a.js").write_text("let a;" * 100)
    (tmp_path / ".hidden").write_text("secret")
    (tmp_path / "link.js").symlink_to("/etc/passwd")
    return tmp_path


@pytest.fixture
def browse(web, serving_app):
    app = Starlette(
        routes=page_routes(web), exception_handlers={NotFound: lambda request, error: problem_response(error)}
    )
    with serving_app(app).client() as client:
        yield client


def test_each_room_is_its_own_file_or_the_first_page(browse):
    assert browse.get("/").text.endswith("home")
    assert browse.get("/draw").text.endswith("draw")
    assert browse.get("/upload").text.endswith("home")
    assert browse.get("/draw/").headers["location"] == "/draw"


@pytest.mark.parametrize(
    "path", ["nothing.js", ".hidden", "link.js", "../pages.py", "js", "js/", "", "%2e%2e/pages.py", "js/../.hidden"]
)
def test_only_the_files_of_the_page_are_served(browse, path):
    assert browse.get(f"/static/{path}").status_code == 404


def test_files_have_their_kind_and_are_not_sent_twice(browse):
    first = browse.get("/static/js/a.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = browse.get("/static/js/a.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_text_travels_compressed_where_that_is_understood(browse, web):
    packed = browse.get("/static/js/a.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < 60
    assert packed.text == (web / "js" / "a.js").read_text()
    plain = browse.get("/static/js/a.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(gzip.compress(plain.content)) < 60


def test_a_file_that_is_changed_is_read_again(browse, web):
    before = browse.get("/").headers["etag"]
    (web / "index.html").write_text("<!DOCTYPE html>a new home")
    assert browse.get("/").text.endswith("a new home")
    assert browse.get("/").headers["etag"] != before


def test_the_rooms_of_the_package_are_served(client):
    assert (WEB / "index.html").is_file()
    for address in sorted({"/", *(f"/{name}" for name in PAGE_ROOMS)} & PAGE_ADDRESSES):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"].startswith("text/html")
