"""What people write on a page of a layout when nobody asks for a text."""

from __future__ import annotations

import numpy as np

from inkread.data.synth.options import PageOptions
from inkread.parts import DIGITS

__all__ = ["LABELS", "WORDS", "random_texts"]

# Words of several languages beside numbers. None has a letter that alone is a digit's shape at its start.
WORDS = (
    *("Total", "Name", "Datum", "Room", "Tel", "Nr", "Raum", "page", "kg", "cm", "Rent", "Fahrt", "Menge", "Anna"),
    *("paid", "Summe", "Kunde", "Euro", "net", "tax", "Maria", "Peter", "check", "am", "Uhr", "the", "and", "Reading"),
)
# What stands above a field of a form.
LABELS = ("Datum", "Nr", "Tel", "Kunde", "Total", "Euro", "Name", "Raum")


def random_texts(options: PageOptions, rng: np.random.Generator) -> tuple[str, ...]:
    """Texts as people write them on such a page."""
    layout = options.layout
    if layout == "nothing":
        return ()
    if layout == "digit":
        return (str(rng.integers(10)),)
    rows = {"line": (1, 1), "lines": (2, 9), "grid": (2, 9), "table": (2, 9), "comb": (1, 4), "scattered": (3, 14)}[
        layout
    ]
    count = int(rng.integers(rows[0], rows[1] + 1))
    if layout in ("grid", "table"):
        columns = int(rng.integers(2, 9 if layout == "grid" else 6))
        longest = 1 if layout == "grid" else int(rng.integers(1, 5))
        return tuple(
            " ".join(_digits(rng, int(rng.integers(1, longest + 1))) for _ in range(columns)) for _ in range(count)
        )
    if layout == "comb":
        return tuple(_digits(rng, int(rng.integers(4, 11))) for _ in range(count))
    if layout == "scattered":
        return tuple(_digits(rng, int(rng.integers(1, 5))) for _ in range(count))
    return tuple(_random_line(options, rng) for _ in range(count))


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(DIGITS[i] for i in rng.integers(0, 10, size=count))


def _random_line(options: PageOptions, rng: np.random.Generator) -> str:
    words: list[str] = []
    if rng.random() < 0.5 * options.distractors:
        words.append(str(rng.choice(WORDS)))
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3, 5]))):
        number = _digits(rng, int(rng.integers(1, 9)))
        if len(number) > 2 and rng.random() < 0.6 * options.distractors:
            at = int(rng.integers(1, len(number)))
            number = number[:at] + str(rng.choice([",", ".", "-", "/", ":"])) + number[at:]
        words.append(number)
    return " ".join(words)
