"""`inkread read` as people run it: good and bad input, every format, pipes and interrupts."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkread as package


@pytest.fixture(scope="module")
def expected(picture: Path) -> package.Document:
    """What the package reads in the picture; the command must say the same."""
    document = package.read(str(picture))
    assert sum(1 for _ in document.numbers()) >= 2
    return document


# -- what is written --------------------------------------------------------------------------------------------------


def test_text_is_what_python_reads(inkread, picture, expected):
    done = inkread("read", picture)
    assert (done.returncode, done.stdout, done.stderr) == (0, expected.text + "\n", "")


def test_clear_writing_is_read_right(inkread, picture):
    assert inkread("read", picture).stdout == "12 40\n753\n"


def test_json_is_what_python_reads_but_for_the_time(inkread, picture, expected):
    done = inkread("read", picture, "--format", "json")
    found = json.loads(done.stdout)
    assert found.pop("seconds") > 0
    wanted = expected.to_dict()
    del wanted["seconds"]
    assert found == wanted


def test_style_is_in_the_json_where_it_is_asked_for(inkread, picture):
    (page,) = json.loads(inkread("read", picture, "--format", "json", "--style").stdout)["pages"]
    assert -0.5 < page["lines"][0]["style"]["spacing"] < 0.5
    assert page["lines"][0]["numbers"][0]["digits"][0]["style"]["darkness"] > 0.9
    refused = inkread("read", picture, "--style")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--style is written by --format json and jsonl" in refused.stderr


def test_several_sources_are_told_apart_in_every_format(inkread, picture, blank):
    text = inkread("read", picture, blank, picture)
    assert all(line.startswith(f"{picture}: ") for line in text.stdout.splitlines())
    assert text.stderr == f"inkread: {blank}: No handwritten numbers were found.\n"
    listed = json.loads(inkread("read", picture, blank, "--format", "json").stdout)
    assert [row["source"] for row in listed] == [str(picture), str(blank)]
    lines = inkread("read", picture, blank, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["source"] for line in lines] == [str(picture), str(blank)]
    rows = list(csv.DictReader(io.StringIO(inkread("read", picture, blank, "--format", "csv").stdout)))
    assert {row["source"] for row in rows} == {str(picture), str(blank)}
    assert rows[-1]["problem"] == "no_numbers"


def test_what_is_wrong_with_a_picture_is_said_beside_its_numbers(inkread, picture, tmp_path):
    with Image.open(picture) as image:
        ink = np.flatnonzero((np.asarray(image.convert("L")) < 128).any(axis=1))
        cut = image.crop((0, int(ink[0]) + 3, image.width, image.height))
    path = tmp_path / "cut.png"
    cut.save(path)
    done = inkread("read", path)
    assert done.stdout.splitlines()[-1] == "753"
    assert done.stderr == f"inkread: {path}: {package.results.PROBLEMS['cut_off']}\n"


def test_a_folder_and_a_pattern_are_led_by_names_even_with_one_picture(inkread, picture):
    for source in (picture.parent, f"{picture.parent}/*.png"):
        done = inkread("read", source)
        assert done.returncode == 0
        assert all(line.startswith(f"{picture}: ") for line in done.stdout.splitlines())


def test_standard_input_is_read_and_drawn(inkread, picture, expected, tmp_path):
    done = inkread("read", "-", "--annotate", "drawn", stdin=picture.read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, expected.text + "\n", "")
    assert (tmp_path / "drawn" / "stdin-annotated.png").exists()


def test_a_region_limits_what_is_read_and_keeps_the_coordinates(inkread, picture):
    with Image.open(picture) as image:
        middle = image.height // 2
    done = inkread("read", picture, "--region", f"0,{middle},10000,10000", "--format", "json")
    boxes = [line["box"] for page in json.loads(done.stdout)["pages"] for line in page["lines"]]
    assert boxes
    assert all(box[1] >= middle for box in boxes)


def test_the_layout_is_passed_on(inkread, picture):
    done = inkread("read", picture, "--layout", "digit", "--format", "json")
    wanted = package.read(str(picture), layout="digit")
    assert [number.text for number in package.Document.from_dict(json.loads(done.stdout)).numbers()] == [
        number.text for number in wanted.numbers()
    ]


def test_numbers_below_the_least_confidence_are_kept_and_marked(inkread, picture, expected):
    done = inkread("read", picture, "--min-confidence", "1")
    certain = {number.text for number in expected.numbers() if number.confidence == 1}
    marked = [f"{number.text}{'' if number.text in certain else '?'}" for number in expected.numbers()]
    assert done.stdout.split() == marked
    found = json.loads(inkread("read", picture, "--min-confidence", "1", "--format", "json").stdout)
    numbers = [number for line in found["pages"][0]["lines"] for number in line["numbers"]]
    assert [number["accepted"] for number in numbers] == [number["confidence"] == 1 for number in numbers]


def test_annotated_pictures_are_written_under_names_of_their_own(inkread, picture, tmp_path):
    other = tmp_path / "other" / "numbers.jpg"
    other.parent.mkdir()
    with Image.open(picture) as image:
        image.convert("RGB").save(other)
    done = inkread("read", picture, other, "--annotate", "drawn/deep")
    assert done.returncode == 0
    names = sorted(path.name for path in (tmp_path / "drawn" / "deep").iterdir())
    assert names == ["numbers-annotated-2.png", "numbers-annotated.png"]
    with Image.open(tmp_path / "drawn" / "deep" / names[1]) as drawn, Image.open(picture) as image:
        assert drawn.size[0] >= image.size[0]
        assert len(np.unique(np.asarray(drawn).reshape(-1, 3), axis=0)) > len(np.unique(np.asarray(image)))


def test_every_page_of_a_document_is_drawn(inkread, picture, blank, tmp_path):
    with Image.open(picture) as first, Image.open(blank) as second:
        first.convert("RGB").save(tmp_path / "two.tif", save_all=True, append_images=[second])
    done = inkread("read", "two.tif", "--annotate", "drawn")
    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "drawn").iterdir()} == {
        "two-page1-annotated.png",
        "two-page2-annotated.png",
    }


def test_a_model_of_ones_own_is_named_in_the_result(inkread, picture, tmp_path):
    from inkread.models.registry import bundled

    card = bundled("digit")
    own = tmp_path / "own.toml"
    text = (Path(package.__file__).parent / "models" / "cards" / "digit.toml").read_text(encoding="utf-8")
    own.write_text(text.replace(f'"{card.name}"', '"digit-own"'), encoding="utf-8")
    (tmp_path / card.path.name).write_bytes(card.read_bytes())
    done = inkread("read", picture, "--model", own, "--format", "json")
    assert json.loads(done.stdout)["model"] == {
        "digit": "digit-own",
        "line": bundled("line").name,
        "words": bundled("words").name,
        "page": bundled("page").name,
    }


# -- bad input --------------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    """The head of a PNG of 400,000 × 250,000 pixels: a hundred gigapixels in 60 bytes."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 400_000, 250_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + bytes(20)


def locked_pdf() -> bytes:
    """A document whose password is not the empty one."""
    junk = "41" * 32
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 36] >>",
        f"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{junk}> /U <{junk}> >>",
    ]
    data, offsets = b"%PDF-1.6\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = "0000000000 65535 f \n" + "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    trailer = f"trailer << /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<{junk[:32]}> <{junk[:32]}>] >>"
    return data + f"xref\n0 5\n{table}{trailer}\nstartxref\n{len(data)}\n%%EOF".encode("ascii")


@pytest.fixture
def bad(tmp_path: Path, picture: Path) -> dict[str, str]:
    """Bad files in the working folder, and the error that each must give."""
    png = picture.read_bytes()
    with Image.open(picture) as image:
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, "JPEG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "1250")
    contents = {
        "empty.png": (b"", "CorruptSource"),
        "truncated.png": (png[: len(png) // 2], "CorruptSource"),
        "truncated.jpg": (buffer.getvalue()[: len(buffer.getvalue()) // 2], "CorruptSource"),
        "text.png": (b"1250 07\n" * 50, "UnsupportedSource"),
        "zip.png": (archive.getvalue(), "UnsupportedSource"),
        "bomb.png": (bomb(), "SourceTooLarge"),
        "locked.pdf": (locked_pdf(), "EncryptedSource"),
    }
    for name, (content, _) in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret.png").write_bytes(png)
    (tmp_path / "secret.png").chmod(0o000)
    codes = {name: code for name, (_, code) in contents.items()}
    return codes | {"missing.png": "SourceNotFound", "folder": "SourceNotFound", "secret.png": "SourceUnreadable"}


def test_bad_files_fail_each_with_its_reason_and_the_others_are_read(inkread, bad, picture):
    done = inkread("read", *bad, picture, "--format", "jsonl", obey=True)
    rows = {row["source"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {name: rows[name]["error"]["code"] for name in bad} == bad
    assert rows[str(picture)]["pages"]


def test_bad_files_are_one_clear_line_each_on_stderr(inkread, bad, picture):
    done = inkread("read", *bad, picture, obey=True)
    said = done.stderr.splitlines()
    assert len(said) == len(bad)
    assert all(line.startswith("inkread: ") and name in line for name, line in zip(bad, said, strict=True))
    assert "Traceback" not in done.stderr
    assert all(line.startswith(f"{picture}: ") for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", ["missing.png", "bomb.png", "folder"])
def test_a_bad_file_alone_fails(inkread, bad, name):
    done = inkread("read", name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_the_content_tells_the_kind_whatever_the_ending(inkread, picture, expected, tmp_path):
    (tmp_path / "numbers.jpg").write_bytes(picture.read_bytes())
    done = inkread("read", "numbers.jpg")
    assert (done.returncode, done.stdout) == (0, expected.text + "\n")


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (200, 100)])
def test_pictures_without_numbers_are_read_and_say_so(inkread, tmp_path, size):
    Image.new("RGB", size, "white").save(tmp_path / "white.png")
    done = inkread("read", "white.png")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "inkread: white.png: No handwritten numbers were found.\n"


def test_an_output_folder_that_cannot_be_written_is_told_before_anything_is_read(inkread, picture, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    (tmp_path / "file").touch()
    for folder in ("closed", "closed/inside", "file", "file/inside"):
        done = inkread("read", picture, "--annotate", folder, obey=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"inkread: annotated pictures cannot be written into {folder}: ")
        assert done.stderr.count("\n") == 1


def test_a_picture_that_cannot_be_drawn_still_gives_its_numbers(inkread, picture, expected, tmp_path):
    (tmp_path / "drawn" / "numbers-annotated.png").mkdir(parents=True)
    done = inkread("read", picture, "--annotate", "drawn")
    assert (done.returncode, done.stdout) == (1, expected.text + "\n")
    assert "numbers-annotated.png cannot be written" in done.stderr


def test_a_region_off_the_picture_is_a_usage_error(inkread, picture):
    done = inkread("read", picture, "--region", "5000,5000,6000,6000")
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not lie on the picture" in done.stderr


def test_a_missing_extra_is_named_with_its_install_line(inkread, picture, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "pypdfium2.py").write_text("raise ModuleNotFoundError('hidden')", encoding="utf-8")
    (tmp_path / "a.pdf").write_bytes(locked_pdf())
    done = inkread("read", "a.pdf", picture, env={"PYTHONPATH": str(tmp_path / "hidden")})
    assert done.returncode == 1
    assert "pip install 'inkread[pdf]'" in done.stderr
    assert done.stdout.startswith(f"{picture}: ")


# -- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["read", "a.png", "--formt", "json"], "--format"),
        (["read", "a.png", "--format", "jsno"], "did you mean 'json'?"),
        (["read", "a.png", "--layout", "pge"], "did you mean 'page'?"),
        (["read", "a.png", "--region", "1,2,3"], "X0,Y0,X1,Y1"),
        (["read", "a.png", "--min-confidence", "2"], "--min-confidence"),
        (["read"], "FILES"),
        (["reed", "a.png"], "Did you mean 'read'?"),
    ],
)
def test_usage_errors_exit_with_2_and_a_hint(inkread, arguments, hint):
    done = inkread(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_the_place_of_a_command_is_answered_with_the_command(inkread, picture):
    done = inkread(picture)
    assert done.returncode == 2
    assert f"Did you mean 'inkread read {picture}'?" in done.stderr


def test_the_version_is_the_package_version(inkread):
    assert inkread("--version").stdout == f"inkread {package.__version__}\n"


# -- pipes and interrupts ---------------------------------------------------------------------------------------------


def test_head_ends_a_long_run_quietly(command, picture):
    program = " ".join([*command, "read", *[str(picture)] * 30]) + " | head -n 1; exit ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["read", "PICTURE"], ["models", "list"]])
@pytest.mark.parametrize("format", [None, "json", "csv"])
def test_a_closed_pipe_ends_with_0(inkread, picture, arguments, format):
    if format is not None:
        if "PICTURE" not in arguments:
            return
        arguments = [*arguments, "--format", format]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = inkread(*[picture if word == "PICTURE" else word for word in arguments], stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_one_clear_line(inkread, picture):
    if not Path("/dev/full").exists():
        pytest.skip("only Linux has /dev/full")
    with Path("/dev/full").open("wb") as full:
        done = inkread("read", picture, stdout=full.fileno())
    assert done.returncode == 1
    assert done.stderr.startswith("inkread: the output could not be written: ")
    assert done.stderr.count("\n") == 1


def test_many_files_show_progress_on_a_terminal_and_data_stays_clean(command, picture, expected):
    pty = pytest.importorskip("pty")
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [*command, "read", str(picture), str(picture)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=other_end,
    )
    os.close(other_end)
    out, _ = process.communicate(timeout=60)
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(terminal)
    assert out.decode("utf-8") == "".join(f"{picture}: {line}\n" for line in expected.text.splitlines()) * 2
    assert b"reading" in shown
    assert b"2/2" in shown


def test_a_name_that_is_not_unicode_is_read_and_written_as_it_is(command, picture, tmp_path):
    name = b"caf\xe9.png"
    try:
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(picture.read_bytes())
    except OSError:
        pytest.skip("this file system takes only names that are Unicode")
    for format, wanted in (("text", name + b": "), ("csv", name + b",0,0,0"), ("jsonl", b'"caf\\udce9.png"')):
        arguments = [*command, "read", name, str(picture), "--format", format, "--annotate", "drawn"]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert wanted in done.stdout
    assert (bytes(tmp_path) + b"/drawn/caf\xe9-annotated.png") in [
        os.fsencode(path) for path in (tmp_path / "drawn").iterdir()
    ]


@pytest.mark.parametrize("format", ["text", "json"])
def test_an_interrupt_ends_with_130_and_keeps_what_was_read(command, picture, expected, format):
    """The second source is a pipe that gives nothing, so that the command is waiting when it is interrupted."""
    process = subprocess.Popen(
        [*command, "read", str(picture), "-", "--format", format],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    last = expected.text.splitlines()[-1].encode() + b"\n" if format == "text" else b"\n}"
    begun = b""
    while not begun.endswith(last):
        more = process.stdout.read(1)
        assert more, process.stderr.read()
        begun += more
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == b"inkread: interrupted\n"
    written = (begun + out).decode("utf-8")
    if format == "text":
        assert written == "".join(f"{picture}: {line}\n" for line in expected.text.splitlines())
    else:
        assert [row["source"] for row in json.loads(written)] == [str(picture)]
