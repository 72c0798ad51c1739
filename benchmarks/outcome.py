"""The end of a benchmark: its report is written, and what missed its bar is said."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inkread.evaluate.report import write_report

__all__ = ["conclude"]


def conclude(report: Mapping[str, Any], output: Path, *, check: bool) -> int:
    """Write the report, whose rows each have ``what`` and ``met``, and give the exit code.

    Parameters
    ----------
    check
        Whether a bar that is missed is a failure.
    """
    write_report(dict(report), output)
    print(f"written to {output}", file=sys.stderr)
    missed = [row["what"] for row in report["rows"] if row["met"] is False]
    if missed:
        print(f"under the bar: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed and check else 0
