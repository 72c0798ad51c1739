"""Write the pictures, the icons and the guided tour's pen strokes of the web page, with inkread's own synthesiser.

    python docs/web_pictures.py [FOLDER]

FOLDER is ``src/inkread/serve/web`` when not given. The same seeds give the same files every time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from inkread.data.synth import Hand, LineOptions, PageOptions, compose_page
from inkread.data.synth.glyph import Glyph
from inkread.data.synth.line import lay_line
from inkread.geometry import Box
from inkread.ink import Pen

FOLDER = Path(__file__).parent.parent / "src" / "inkread" / "serve" / "web"

INK = (27, 63, 191)
PAPER = (255, 255, 255)
STEADY = {"habit": 0.03, "jitter": 0.012, "bend": 0.03, "baseline_wander": 0.02}
WRITER = Hand(pen=Pen(width=0.08), slant_degrees=8, seed=4, **STEADY)

# What the tour writes, one scene after the other, and what each scene is there to show.
SCENES: tuple[tuple[str, str, float, int], ...] = (
    ("plain", "40962", 0.2, 5),
    ("apart", "7 1250", 0.2, 8),
    ("hasty", "3581", 0.12, 2),
)
HASTY = Hand(
    pen=Pen(width=0.06), slant_degrees=16, seed=2, habit=0.05, jitter=0.04, bend=0.08, corner_rounding=0.5, speed=0.8
)

GOOD = {"width": 480, "height": 300, "layout": "line", "wear": 0.2}
WRITING = {"hand": WRITER, "ink_color": (30, 40, 96), "paper_color": (244, 242, 236)}
EXAMPLES: dict[str, tuple[int, PageOptions]] = {
    "light-good": (3, PageOptions(**GOOD, **WRITING, lines=("2048",), digit_height=110, light=0.2, camera=0.1)),
    "light-bad": (
        3,
        PageOptions(
            **GOOD, hand=WRITER, ink_color=(120, 118, 112), paper_color=(150, 146, 138), lines=("2048",),
            digit_height=110, light=1.0, camera=0.5, contrast=0.5,
        ),
    ),
    "near-good": (5, PageOptions(**GOOD, **WRITING, lines=("715 36",), digit_height=96, light=0.3, camera=0.1)),
    "near-bad": (5, PageOptions(**GOOD, **WRITING, lines=("715 36",), digit_height=20, light=0.3, camera=1.0)),
    "whole-good": (7, PageOptions(**GOOD, **WRITING, lines=("90173",), digit_height=92, light=0.3, camera=0.1)),
    "whole-bad": (7, PageOptions(**GOOD, **WRITING, lines=("90173",), digit_height=92, light=0.3, camera=0.1)),
}  # fmt: skip


def write_tour(folder: Path) -> None:
    """The pen's points of every scene: x, y, t in milliseconds, pressure; the digits are about 100 high."""
    scenes = []
    for name, text, spacing, seed in SCENES:
        hand = HASTY if name == "hasty" else WRITER
        glyphs = lay_line(
            text, hand, np.random.default_rng(seed), height=100, options=LineOptions(spacing=spacing, word_gap=1.1)
        )
        box = Box.union_of(glyph.path_box for glyph in glyphs if glyph.strokes)
        clock, strokes = 0.0, []
        for glyph in glyphs:
            for stroke in glyph.strokes:
                length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(stroke.x), np.diff(stroke.y)))])
                keep = _spread(length, 4.0)
                pressure = stroke.pressure if stroke.pressure is not None else np.full(len(stroke.x), 0.5)
                strokes.append(
                    [
                        [
                            round(float(stroke.x[i] - box.x0), 1),
                            round(float(stroke.y[i] - box.y0), 1),
                            round(clock + float(length[i]) * 2.2),
                            round(float(pressure[i]), 2),
                        ]
                        for i in keep
                    ]
                )
                clock += float(length[-1]) * 2.2 + 90
            clock += 60
        scenes.append(
            {"name": name, "text": text, "width": round(box.width, 1), "height": round(box.height, 1),
             "strokes": strokes}
        )  # fmt: skip
    (folder / "tour.json").write_text(json.dumps({"scenes": scenes}, separators=(",", ":")) + "\n", encoding="utf-8")


def _spread(length: np.ndarray, step: float) -> list[int]:
    """Points about ``step`` apart along the path, both ends among them."""
    kept = [0]
    for index in range(1, len(length) - 1):
        if length[index] - length[kept[-1]] >= step:
            kept.append(index)
    return [*kept, len(length) - 1] if len(length) > 1 else kept


def write_examples(folder: Path) -> None:
    """What can be read and what cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (seed, options) in EXAMPLES.items():
        image, _ = compose_page(np.random.default_rng(seed), options)
        pixels = np.asarray(image.pixels)
        if name == "near-bad":
            pixels = cv2.GaussianBlur(pixels, (0, 0), 2.2)
        if name == "whole-bad":
            pixels = cv2.resize(pixels[92:242, 40:280], (480, 300), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(pixels).save(folder / f"{name}.webp", quality=62, method=6)


def write_icons(folder: Path) -> None:
    """The mark: two written digits in the frame that finds them."""
    whole, maskable = _mark(512, corner=112, inset=0.0), _mark(512, corner=0, inset=0.08)
    _save(whole, folder / "icon-512.png")
    _save(whole.resize((192, 192), Image.Resampling.LANCZOS), folder / "icon-192.png")
    _save(maskable, folder / "icon-maskable.png")
    _save(_mark(180, corner=0, inset=0.04), folder / "icon-apple.png")
    whole.resize((48, 48), Image.Resampling.LANCZOS).save(folder / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])
    paths = " ".join(_path(points) for points in _mark_strokes(64.0, 0.0))
    (folder / "icon.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" '
        f'fill="#{INK[0]:02x}{INK[1]:02x}{INK[2]:02x}"/><path d="{paths}" fill="none" stroke="#fff" '
        'stroke-width="5.4" stroke-linecap="round" stroke-linejoin="round"/></svg>\n',
        encoding="utf-8",
    )


def write_wordmark(folder: Path) -> None:
    """The name in the tour's own hand, as paths for the page."""
    hand = Hand(pen=Pen(width=0.06), slant_degrees=6, seed=23, **STEADY)
    glyphs = lay_line("inkread", hand, np.random.default_rng(2), height=40, options=LineOptions(spacing=0.12))
    box = Box.union_of(glyph.path_box for glyph in glyphs if glyph.strokes).grown(3)
    paths = " ".join(_path(points) for points in _points(glyphs, 1.0, -box.x0, -box.y0))
    (folder / "wordmark.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {box.width:.0f} {box.height:.0f}"><path d="{paths}" '
        'fill="none" stroke="#000" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>\n',
        encoding="utf-8",
    )


def _mark_strokes(size: float, inset: float) -> list[np.ndarray]:
    hand = Hand(pen=Pen(width=0.06), slant_degrees=7, seed=9, habit=0.02, jitter=0.008)
    glyphs = lay_line("42", hand, np.random.default_rng(6), height=100, options=LineOptions(spacing=0.16))
    box = Box.union_of(glyph.path_box for glyph in glyphs)
    scale = size * (0.56 - inset) / max(box.width, box.height)
    dx = (size - box.width * scale) / 2 - box.x0 * scale
    dy = (size - box.height * scale) / 2 - box.y0 * scale
    return _points(glyphs, scale, dx, dy)


def _points(glyphs: Sequence[Glyph], scale: float, dx: float, dy: float) -> list[np.ndarray]:
    found = []
    for glyph in glyphs:
        for stroke in glyph.strokes:
            length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(stroke.x), np.diff(stroke.y)))])
            keep = _spread(length * scale, 1.6)
            found.append(np.column_stack([stroke.x[keep] * scale + dx, stroke.y[keep] * scale + dy]))
    return found


def _path(points: np.ndarray) -> str:
    return "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _mark(size: int, *, corner: int, inset: float) -> Image.Image:
    fine = 3  # drawn larger and scaled down, which smooths
    image = Image.new("RGBA", (size * fine, size * fine), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    radius = round(corner * size / 512) * fine
    draw.rounded_rectangle([0, 0, size * fine - 1, size * fine - 1], radius, fill=(*INK, 255))
    width = size * fine * (0.085 - inset / 4)
    for points in _mark_strokes(float(size * fine), inset):
        flat = [(float(x), float(y)) for x, y in points]
        draw.line(flat, fill=(*PAPER, 255), width=round(width), joint="curve")
        for x, y in flat:
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=(*PAPER, 255))
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _save(image: Image.Image, path: Path) -> None:
    # Two colors and the steps between them: 64 are enough.
    image.quantize(64, method=Image.Quantize.FASTOCTREE).save(path, optimize=True)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_tour(folder)
    write_examples(folder / "pictures")
    write_icons(folder)
    write_wordmark(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
