import gzip
import json
import os
import pty
import struct
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from inkread.data.cards import CARDS


def test_every_data_set_is_listed_with_its_use_and_whether_it_is_here(inkread, tmp_path):
    (tmp_path / "data" / "usps").mkdir(parents=True)
    (tmp_path / "data" / "usps" / "usps.npz").touch()
    env = {"INKREAD_DATA": str(tmp_path / "data")}
    done = inkread("data", "list", env=env)
    assert done.returncode == 0
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:]}
    assert list(rows) == list(CARDS)
    assert all(rows[name][0] == CARDS[name].use for name in CARDS)
    assert rows["usps"][3] == "yes" and rows["mnist"][3:6] == ["fetch", "or", "import"] and rows["car_a"][3] == "no"
    assert str(tmp_path / "data") in done.stderr
    done = inkread("data", "list", "--format", "json", env=env)
    listed = json.loads(done.stdout)
    assert [row["name"] for row in listed] == list(CARDS)
    assert {row["name"]: row["here"] for row in listed}["usps"] is True


def test_the_table_lines_up(inkread, tmp_path):
    lines = inkread("data", "list", env={"INKREAD_DATA": str(tmp_path)}).stdout.splitlines()
    start = lines[0].index("WHAT")
    assert all(line[start - 2 : start] == "  " and line[start] != " " for line in lines)


def test_a_card_is_shown(inkread, tmp_path):
    env = {"INKREAD_DATA": str(tmp_path)}
    shown = json.loads(inkread("data", "show", "mnist", "--format", "json", env=env).stdout)
    assert shown["splits"]["test"] == {"count": 10000, "sha256": CARDS["mnist"].splits["test"].sha256}
    text = inkread("data", "show", "mnist", env=env).stdout
    assert "licence: CC BY-SA 3.0" in text
    assert "obtain: inkread data fetch mnist, inkread data import mnist PATH" in text
    assert CARDS["mnist"].splits["train"].sha256 in text
    assert "ink: light on dark" in text
    assert "obtain: by hand" in inkread("data", "show", "dida", env=env).stdout


@pytest.mark.parametrize("command", ["show", "fetch"])
def test_a_name_with_a_typo_is_a_usage_error_with_the_nearest(command, inkread):
    done = inkread("data", command, "mnits")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'mnist'?" in done.stderr


def test_verifying_a_set_that_is_not_here_fails(inkread, tmp_path):
    done = inkread("data", "show", "usps", "--verify", env={"INKREAD_DATA": str(tmp_path)})
    assert (done.returncode, done.stdout) == (1, "")
    assert "inkread data import usps PATH" in done.stderr


@pytest.mark.data
def test_verifying_a_set_that_is_here_says_so(inkread, data_folder):
    done = inkread("data", "show", "usps", "--verify", env={"INKREAD_DATA": str(data_folder)})
    assert done.returncode == 0
    assert "is what its card says" in done.stderr


def test_offline_a_fetch_fails_with_the_reason(inkread, tmp_path):
    done = inkread("data", "fetch", "qmnist", env={"INKREAD_DATA": str(tmp_path), "INKREAD_OFFLINE": "1"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "INKREAD_OFFLINE" in done.stderr


def test_what_cannot_be_fetched_says_how_else_it_comes(inkread, tmp_path):
    done = inkread("data", "fetch", "usps", env={"INKREAD_DATA": str(tmp_path)})
    assert done.returncode == 1
    assert "inkread data import usps" in done.stderr


@pytest.fixture
def mirror(tmp_path, data_folder):
    """The address of a server on this machine that serves the published labels of QMNIST."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, directory=str(data_folder / "qmnist"), **options)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.data
def test_a_set_is_fetched_and_its_folder_printed(inkread, mirror, tmp_path):
    env = {"INKREAD_DATA": str(tmp_path / "data")}
    done = inkread("data", "fetch", "qmnist", "--mirror", mirror, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(tmp_path / "data" / "qmnist")
    assert inkread("data", "fetch", "qmnist", env=env | {"INKREAD_OFFLINE": "1"}).stdout == done.stdout


@pytest.mark.data
def test_on_a_terminal_a_bar_shows_how_far_it_is(command, mirror, tmp_path):
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*command, "data", "fetch", "qmnist", "--mirror", mirror],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "INKREAD_DATA": str(tmp_path / "data"), "TERM": "xterm", "COLUMNS": "120"},
        check=True,
    )
    os.close(theirs)
    # On a slow machine there are more bars than are read at once.
    talk = os.read(ours, 65536).decode(errors="replace")
    os.close(ours)
    assert done.stdout.decode().strip() == str(tmp_path / "data" / "qmnist")
    assert "qmnist-train-labels-idx2-int.gz" in talk and "kB" in talk


def pendigits(count):
    return ("1, 2, " * 8 + "7\n") * count


def test_an_import_that_differs_from_the_card_fails(inkread, tmp_path):
    (tmp_path / "given").mkdir()
    for name in ("pendigits.tra", "pendigits.tes"):
        (tmp_path / "given" / name).write_text(pendigits(3))
    done = inkread("data", "import", "pendigits8", "given", env={"INKREAD_DATA": str(tmp_path / "data")})
    assert (done.returncode, done.stdout) == (1, "")
    assert "has 3 samples, but its card says 7494" in done.stderr


def test_an_import_of_nothing_fails(inkread, tmp_path):
    done = inkread("data", "import", "usps", "nowhere", env={"INKREAD_DATA": str(tmp_path / "data")})
    assert done.returncode == 1
    assert "there is no file or folder nowhere" in done.stderr


@pytest.mark.data
def test_unpacked_labels_are_imported(inkread, data_folder, tmp_path):
    (tmp_path / "given").mkdir()
    for file in CARDS["qmnist"].files:
        content = gzip.decompress((data_folder / "qmnist" / file).read_bytes())
        assert struct.unpack(">I", content[4:8]) == (60000,)
        (tmp_path / "given" / file.removesuffix(".gz")).write_bytes(content)
    done = inkread("data", "import", "qmnist", "given", env={"INKREAD_DATA": str(tmp_path / "data")})
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "data" / "qmnist"))


@pytest.mark.parametrize("command", ["list", "show", "fetch", "import"])
def test_every_help_has_an_example(command, inkread):
    done = inkread("data", command, "--help")
    assert done.returncode == 0
    assert f"inkread data {command}" in done.stdout.split("Examples:")[1]


def test_listing_loads_nothing_heavy():
    code = (
        "import sys; from inkread.cli import data; data.list_datasets(format='text'); "
        "print([m for m in ('torch', 'cv2', 'onnxruntime', 'requests', 'h5py') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "INKREAD_DATA": "/nowhere"}
    )
    assert done.stderr.decode().strip().endswith("[]")
