"""Answers with what RapidOCR reads: a line of JSON for each path of a NumPy array (H, W, 3) RGB on standard input.

With ``--line`` its recognizer alone reads the whole array as one line, as it does best on a tight crop. Runs in an
environment of its own (``pip install rapidocr onnxruntime``); inkread is not needed here. Only the reading
call is timed.
"""

import importlib.metadata
import json
import re
import sys
import time

import numpy as np
from rapidocr import RapidOCR


def main() -> None:
    as_line = "--line" in sys.argv[1:]
    engine = RapidOCR()
    # Its log goes to standard output by default; the answers must stand there alone.
    answers = sys.stdout
    sys.stdout = sys.stderr
    print(json.dumps({"rapidocr": importlib.metadata.version("rapidocr")}), file=answers, flush=True)
    for line in sys.stdin:
        pixels = np.load(line.strip())
        blue_first = np.ascontiguousarray(pixels[:, :, ::-1])
        started = time.perf_counter()
        found = engine(blue_first, use_det=False, use_cls=False, use_rec=True) if as_line else engine(blue_first)
        seconds = time.perf_counter() - started
        lines = ["".join(found.txts or ())] if as_line else lines_of(found)
        print(json.dumps({"lines": lines, "seconds": seconds}), file=answers, flush=True)


def lines_of(found) -> list[str]:
    """Its boxes, put in order: those whose middles are within half a height of each other make one line."""
    if not found.txts:
        return []
    boxes = np.asarray(found.boxes, dtype=float)  # (N, 4, 2)
    middles, lefts, heights = boxes[:, :, 1].mean(axis=1), boxes[:, :, 0].min(axis=1), np.ptp(boxes[:, :, 1], axis=1)
    rows: list[list[int]] = []
    for place in np.argsort(middles, kind="stable"):
        last = rows[-1][-1] if rows else None
        if last is not None and middles[place] - middles[last] <= 0.5 * max(heights[place], heights[last]):
            rows[-1].append(int(place))
        else:
            rows.append([int(place)])
    texts = ("".join(found.txts[place] for place in sorted(row, key=lambda one: lefts[one])) for row in rows)
    return [text for text in texts if re.search("[0-9]", text)]


if __name__ == "__main__":
    main()
