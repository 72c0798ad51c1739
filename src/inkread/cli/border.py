"""The border of the command: every error becomes one line on stderr and an exit code.

0 read (also when there are no numbers), 1 something failed, 2 usage, 130 interrupted; a closed pipe ends quietly with
0. Data goes to stdout, talk to stderr. Commands raise; only :func:`run` catches everything.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from inkread.errors import InkreadError, OutputError

__all__ = ["FAILED", "INTERRUPTED", "OK", "attempt", "line_of", "report", "run", "say", "show_tracebacks", "unexpected"]

Outcome = TypeVar("Outcome")

OK = 0
FAILED = 1
INTERRUPTED = 130

_tracebacks = False


def show_tracebacks(wanted: bool) -> None:
    """From now on show where errors come from, beside the line that tells them."""
    global _tracebacks
    _tracebacks = wanted


def say(message: str) -> None:
    """Write one line of talk to stderr."""
    # A name that the terminal cannot show must not end the command.
    encoding = sys.stderr.encoding or "utf-8"
    text = f"inkread: {message}\n"
    sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stderr.flush()


def line_of(error: InkreadError, source: str | None = None) -> str:
    """The error as one line that names its source.

    Examples
    --------
    >>> line_of(InkreadError("the picture ends early"), "a.png")
    'a.png: the picture ends early'
    >>> line_of(InkreadError("there is no file a.png"), "a.png")
    'there is no file a.png'
    """
    source = error.source or source
    message = " ".join(error.message.split())
    return message if not source or source in message else f"{source}: {message}"


def report(error: InkreadError, source: str | None = None) -> None:
    """Say ``error`` in one line."""
    if _tracebacks:
        traceback.print_exception(error)
    say(line_of(error, source))


def unexpected(error: Exception) -> InkreadError:
    """The error of ours that stands for a mistake in inkread itself."""
    return InkreadError(
        f"an error inside inkread, please report it ({type(error).__name__}: {error}); "
        "inkread --traceback ... shows where"
    )


def attempt(source: Any, work: Callable[[Any], Outcome]) -> Outcome:
    """What ``work`` makes of one source; whatever goes wrong, even inside inkread, is an error of this source alone."""
    if isinstance(source, InkreadError):
        raise source
    try:
        return work(source)
    except InkreadError:
        raise
    except Exception as error:
        raise unexpected(error) from error


def run(command: Callable[[], object]) -> int:
    """Run ``command``, which may end by ``SystemExit``, and give the exit code of the process."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Data is UTF-8 wherever it goes, and a file name that is not Unicode is written as it stands on the disk.
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")
    try:
        code = _run(command)
        sys.stdout.flush()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return OK
    except InkreadError as error:
        report(error)
        return error.exit_code
    except OSError as error:  # stdout itself, such as a full disk: everything else is wrapped where it happens
        _forget_stdout()
        report(OutputError(f"the output could not be written: {error.strerror or error}"))
        return FAILED
    except Exception as error:  # noqa: BLE001 (the border)
        wrapped = unexpected(error)
        wrapped.__cause__ = error
        report(wrapped)
        return FAILED
    return code


def _run(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as stop:
        # Typer turns a closed pipe into exit code 1, and an interrupt into 130 or 1 without a word: the cause decides.
        for cause in _causes(stop):
            if isinstance(cause, KeyboardInterrupt | BrokenPipeError):
                raise cause from None
        return stop.code if isinstance(stop.code, int) else OK if stop.code is None else FAILED
    return OK


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _forget_stdout() -> None:
    """Let nothing more be written, so that Python's last flush does not complain about the closed pipe."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is not a file, as under test runners
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
