"""The border with commands that fail in every way, in this process; the whole command is in test_read.py."""

from __future__ import annotations

import errno
import io

import pytest

from inkread.cli import border
from inkread.errors import CorruptSource, InkreadError, InvalidOption, OutputError


@pytest.fixture(autouse=True)
def forget_tracebacks():
    yield
    border.show_tracebacks(False)


def failing(error: BaseException):
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CorruptSource("it ends early", source="a.png"), 1, "inkread: a.png: it ends early\n"),
        (InvalidOption("threads must be at least 1"), 2, "inkread: threads must be at least 1\n"),
        (OutputError("out/ is not a folder"), 1, "inkread: out/ is not a folder\n"),
        (KeyboardInterrupt(), 130, "inkread: interrupted\n"),
        (SystemExit(2), 2, ""),
        (SystemExit(None), 0, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "inkread: the output could not be written: ",
        ),
    ],
)
def test_every_error_has_its_exit_code_and_one_line(error, code, line, capfd):
    assert border.run(failing(error)) == code
    said = capfd.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == (1 if line else 0)


def test_a_mistake_of_ours_is_one_line_that_asks_for_a_report(capfd):
    assert border.run(failing(ZeroDivisionError("division by zero"))) == 1
    said = capfd.readouterr().err
    assert "please report it (ZeroDivisionError: division by zero)" in said
    assert said.count("\n") == 1


def test_what_goes_wrong_with_a_source_is_an_error_of_that_source():
    assert border.attempt("a.png", str.upper) == "A.PNG"
    for source, work in (
        (CorruptSource("it ends early"), str),
        ("a.png", lambda _: failing(CorruptSource("it ends early"))()),
    ):
        with pytest.raises(CorruptSource, match="it ends early"):
            border.attempt(source, work)
    with pytest.raises(InkreadError, match="please report it") as caught:
        border.attempt("a.png", lambda _: 1 // 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_traceback_is_shown_when_it_is_asked_for(capfd):
    border.show_tracebacks(True)
    assert border.run(failing(ZeroDivisionError("division by zero"))) == 1
    said = capfd.readouterr().err
    assert "Traceback" in said
    assert "in command" in said


def test_an_interrupt_and_a_closed_pipe_are_seen_behind_an_exit(capfd):
    """Typer answers both with SystemExit, and keeps the cause."""
    for cause, code in ((KeyboardInterrupt(), 130), (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0)):
        stop = SystemExit(1)
        stop.__context__ = cause
        assert border.run(failing(stop)) == code
    capfd.readouterr()


def test_a_message_of_several_lines_is_said_in_one():
    assert border.line_of(CorruptSource("it ends\n  early", source="a.png")) == "a.png: it ends early"


def test_a_name_that_the_terminal_cannot_show_does_not_end_the_command(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr("sys.stderr", stream)
    border.say("caf\xe9 \udce9")
    assert stream.buffer.getvalue() == b"inkread: caf\\xe9 \\udce9\n"
