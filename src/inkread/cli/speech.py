"""Saying numbers aloud with the voice of the operating system (extra ``speech``)."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from inkread.errors import InkreadError, MissingExtra

__all__ = ["Voice", "spoken"]

# Slower than the usual 200 words a minute: digits are copied down by ear.
WORDS_A_MINUTE = 130


def spoken(number: str) -> str:
    """The number as it is to be said, digit by digit, so that leading zeros and long numbers stay exact.

    Examples
    --------
    >>> spoken("0125")
    '0, 1, 2, 5'
    """
    return ", ".join(number)


class Voice:
    """The voice of the operating system.

    Raises
    ------
    MissingExtra
        If pyttsx3 is not installed, or finds no voice on this machine.
    """

    def __init__(self) -> None:
        try:
            import pyttsx3
        except ImportError as error:
            raise MissingExtra.of("speech", "saying numbers aloud") from error
        if sys.platform.startswith("linux") and shutil.which("aplay") is None:
            raise MissingExtra("saying numbers aloud needs aplay; on Debian: apt install alsa-utils espeak-ng")
        try:
            self._engine = pyttsx3.init()
            self._engine.setProperty("rate", WORDS_A_MINUTE)
        except (ImportError, OSError, RuntimeError, ValueError, KeyError) as error:
            raise MissingExtra(
                f"there is no voice on this machine ({error}); on Debian: apt install espeak-ng alsa-utils"
            ) from error

    def say(self, numbers: Sequence[str]) -> None:
        """Say all ``numbers``, one after the other, and come back when they are said."""
        if not numbers:
            return
        try:
            # One text in one run: drivers lose all but one of several queued texts, or never come back from a second
            # run. A full stop makes the pause between two numbers longer than the comma's between two digits.
            self._engine.say(". ".join(spoken(number) for number in numbers))
            self._engine.runAndWait()
        except (OSError, RuntimeError, ReferenceError) as error:
            raise InkreadError(f"the numbers could not be said aloud: {error}") from error
