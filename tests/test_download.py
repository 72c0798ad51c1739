"""Files are fetched over real HTTP from a server on this machine that can break off, lie and forget."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from inkread import download
from inkread.download import RemoteFile, cache_folder, fetch, is_offline
from inkread.errors import DownloadError, InvalidOption, OutputError

CONTENT = np.random.default_rng(7).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Mirror:
    """A server on this machine.

    Attributes
    ----------
    content
        What it sends.
    breaks
        After how many bytes it hangs up, for each of the first requests.
    ranges
        Whether it can send from the middle.
    status
        What it answers, in order; then 200.
    asked
        The Range header of each request, or "".
    """

    def __init__(self, content: bytes = CONTENT, *, ranges: bool = True) -> None:
        self.content = content
        self.ranges = ranges
        self.breaks: list[int] = []
        self.status: list[int] = []
        self.asked: list[str] = []
        self.length_known = True
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = self.headers.get("Range", "")
                mirror.asked.append(wanted)
                if mirror.status:
                    self.send_error(mirror.status.pop(0))
                    return
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
                if start and start >= len(mirror.content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(mirror.content)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = mirror.content[start:]
                self.send_response(206 if start else 200)
                if start:
                    end = len(mirror.content) - 1
                    self.send_header("Content-Range", f"bytes {start}-{end}/{len(mirror.content)}")
                if mirror.length_known:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: mirror.breaks.pop(0)] if mirror.breaks else body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/digits.gz"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def mirror():
    one = Mirror()
    yield one
    one.stop()


@pytest.fixture
def other():
    one = Mirror()
    yield one
    one.stop()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download, "_PAUSES_S", (0.0, 0.0))
    monkeypatch.delenv("INKREAD_OFFLINE", raising=False)


def remote(*addresses: str, sha256: str = SHA256) -> RemoteFile:
    return RemoteFile(name="digits.gz", sha256=sha256, addresses=addresses)


def test_a_file_is_fetched_once(mirror, tmp_path):
    path = fetch(remote(mirror.address), folder=tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "digits.gz"
    assert path.read_bytes() == CONTENT
    assert fetch(remote(mirror.address), folder=path.parent) == path
    assert len(mirror.asked) == 1
    assert [one.name for one in path.parent.iterdir()] == ["digits.gz"]


def test_nothing_is_said_on_the_terminal(mirror, tmp_path, capfd):
    fetch(remote(mirror.address), folder=tmp_path)
    assert capfd.readouterr() == ("", "")


def test_progress_ends_with_all_the_bytes(mirror, tmp_path):
    seen: list[tuple[int, int | None]] = []
    fetch(remote(mirror.address), folder=tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_wrong_hash_leaves_nothing_behind(mirror, tmp_path):
    mirror.content = b"something else"
    with pytest.raises(DownloadError, match="SHA-256 differs"):
        fetch(remote(mirror.address), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(mirror.asked) == 1


def test_a_damaged_file_is_fetched_again(mirror, tmp_path):
    (tmp_path / "digits.gz").write_bytes(CONTENT[:-1])
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT


def test_a_transfer_that_breaks_off_is_resumed(mirror, tmp_path):
    mirror.breaks = [100_000, 50_000]
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert mirror.asked == ["", "bytes=100000-", "bytes=150000-"]


def test_a_server_without_ranges_begins_again(tmp_path):
    mirror = Mirror(ranges=False)
    mirror.breaks = [100_000]
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    mirror.stop()


def test_a_later_call_goes_on_where_the_last_one_stopped(mirror, tmp_path):
    mirror.breaks = [1000, 1000, 1000]
    with pytest.raises(DownloadError, match="broke off"):
        fetch(remote(mirror.address), folder=tmp_path)
    assert not (tmp_path / "digits.gz").exists()
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert mirror.asked[-1] == "bytes=3000-"


def test_another_mirror_goes_on_where_the_first_one_stopped(mirror, other, tmp_path):
    mirror.breaks = [200_000, 0, 0]
    path = fetch(remote(mirror.address, other.address), folder=tmp_path)
    assert path.read_bytes() == CONTENT
    assert other.asked == ["bytes=200000-"]


def test_a_part_of_another_version_is_thrown_away(mirror, tmp_path):
    (tmp_path / "digits.gz.part").write_bytes(b"x" * 5000)
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert mirror.asked == ["bytes=5000-", ""]


@pytest.mark.parametrize("part", [CONTENT, CONTENT + b"more"])
def test_a_part_that_is_whole_or_too_long_is_settled_by_its_hash(part, mirror, tmp_path):
    (tmp_path / "digits.gz.part").write_bytes(part)
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert len(mirror.asked) == (1 if part == CONTENT else 2)


def test_a_silent_loss_without_a_stated_length_is_found_by_the_hash(mirror, tmp_path):
    mirror.length_known = False
    mirror.breaks = [100_000]
    with pytest.raises(DownloadError, match="SHA-256"):
        fetch(remote(mirror.address), folder=tmp_path)


def test_mirrors_are_tried_in_order(mirror, other, tmp_path):
    mirror.status = [404]
    assert fetch(remote(mirror.address, other.address), folder=tmp_path).read_bytes() == CONTENT
    assert len(mirror.asked) == 1 and len(other.asked) == 1


def test_a_mirror_with_the_wrong_content_is_passed_over(mirror, other, tmp_path):
    mirror.content = CONTENT[::-1]
    assert fetch(remote(mirror.address, other.address), folder=tmp_path).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(mirror, tmp_path):
    mirror.status = [503, 429]
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert len(mirror.asked) == 3


def test_every_mirror_that_failed_is_named_with_its_reason(mirror, tmp_path):
    mirror.status = [404]
    nobody = "http://127.0.0.1:9/digits.gz"
    with pytest.raises(DownloadError) as caught:
        fetch(remote(mirror.address, nobody, "ftp://127.0.0.1/digits.gz"), folder=tmp_path)
    message = str(caught.value)
    assert "answered 404" in message and nobody in message and "ftp://" in message


@pytest.mark.parametrize("switch", ["1", "true", "YES", "on"])
def test_offline_nothing_is_asked(switch, mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_OFFLINE", switch)
    assert is_offline()
    with pytest.raises(DownloadError, match="INKREAD_OFFLINE"):
        fetch(remote(mirror.address), folder=tmp_path)
    assert mirror.asked == []


def test_offline_what_is_there_is_used(mirror, tmp_path, monkeypatch):
    path = fetch(remote(mirror.address), folder=tmp_path)
    monkeypatch.setenv("INKREAD_OFFLINE", "1")
    assert fetch(remote(mirror.address), folder=tmp_path) == path


@pytest.mark.parametrize("switch", ["", "0", "false", "no"])
def test_the_offline_switch_can_be_off(switch, monkeypatch):
    monkeypatch.setenv("INKREAD_OFFLINE", switch)
    assert not is_offline()


def test_a_folder_that_cannot_be_made_is_an_output_error(mirror, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be made"):
        fetch(remote(mirror.address), folder=tmp_path / "file" / "folder")


def test_a_name_taken_by_a_folder_is_an_output_error(mirror, tmp_path):
    (tmp_path / "digits.gz.part").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(remote(mirror.address), folder=tmp_path)


def test_the_cache_folder_can_be_chosen(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_CACHE", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache"
    assert fetch(remote(mirror.address)) == tmp_path / "cache" / "digits.gz"
    monkeypatch.delenv("INKREAD_CACHE")
    assert cache_folder().name == "inkread"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../digits.gz"},
        {"name": ""},
        {"name": "a/b"},
        {"sha256": "abc"},
        {"sha256": SHA256.upper()},
        {"addresses": ()},
    ],
)
def test_a_remote_file_is_checked_when_made(wrong):
    with pytest.raises(InvalidOption):
        RemoteFile(**({"name": "digits.gz", "sha256": SHA256, "addresses": ("http://host/",)} | wrong))


def test_several_at_once_all_get_the_file(mirror, tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: fetch(remote(mirror.address), folder=tmp_path), range(24)))
    assert found == [tmp_path / "digits.gz"] * 24
    assert [one.name for one in tmp_path.iterdir()] == ["digits.gz"]
    assert (tmp_path / "digits.gz").read_bytes() == CONTENT


def test_a_lock_may_go_while_it_is_looked_at(mirror, tmp_path):
    lock, done = tmp_path / "digits.gz.lock", threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            lock.touch()
            lock.unlink(missing_ok=True)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(come_and_go)
        try:
            for _ in range(300):
                fetch(remote(mirror.address), folder=tmp_path).unlink()
        finally:
            sys.setswitchinterval(interval)
            done.set()
        others.result()


def test_a_second_process_does_not_touch_what_the_first_one_gathers(mirror, tmp_path):
    (tmp_path / "digits.gz.lock").touch()
    (tmp_path / "digits.gz.part").write_bytes(CONTENT[:70])
    assert fetch(remote(mirror.address), folder=tmp_path).read_bytes() == CONTENT
    assert mirror.asked == [""]
    assert (tmp_path / "digits.gz.part").read_bytes() == CONTENT[:70]


def test_the_lock_of_a_process_that_died_is_broken(mirror, tmp_path):
    lock = tmp_path / "digits.gz.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    (tmp_path / "digits.gz.part").write_bytes(CONTENT[:70])
    fetch(remote(mirror.address), folder=tmp_path)
    assert mirror.asked == ["bytes=70-"]
    assert [one.name for one in tmp_path.iterdir()] == ["digits.gz"]
