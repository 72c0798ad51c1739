"""Charts as SVG in text, for pages that must stand alone: lines, dots, and bars with their intervals.

Colors and fonts come from :data:`CHART_STYLE`, which a page takes once. Nothing here needs a drawing library, and
nothing is measured.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inkread.errors import InvalidOption

__all__ = ["CHART_STYLE", "Axes", "Bar", "Series", "axis_marks", "bar_chart", "line_chart"]

Point = tuple[float, float]

_WIDTH, _HEIGHT = 520, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 14, 46
_COLORS = 6  # that CHART_STYLE names; further series begin again
_BAR_HEIGHT, _BAR_GAP, _BAR_TEXT, _BAR_VALUE = 16, 6, 190, 150

CHART_STYLE = """
.chart { max-width: 100%; height: auto; font: 12px system-ui, sans-serif }
.chart text { fill: var(--soft, #555) }
.chart .grid { stroke: var(--line, #ddd) }
.chart .diagonal { stroke: var(--soft, #888); stroke-dasharray: 4 4 }
.chart polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round }
.chart .interval { stroke: var(--text, #222); stroke-width: 1.4 }
.chart .s0, .legend .s0 { --hue: #2457d6 } .chart .s1, .legend .s1 { --hue: #c2410c }
.chart .s2, .legend .s2 { --hue: #0f8a5f } .chart .s3, .legend .s3 { --hue: #9333b8 }
.chart .s4, .legend .s4 { --hue: #a16207 } .chart .s5, .legend .s5 { --hue: #0e7490 }
.chart polyline { stroke: var(--hue) } .chart circle, .chart .bar { fill: var(--hue); fill-opacity: .8 }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2em 1.2em; margin: .3em 0 0; padding: 0 }
.legend li::before { content: ""; display: inline-block; width: 1.1em; height: .25em; margin-right: .4em;
  vertical-align: middle; background: var(--hue) }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points that belong together.

    Attributes
    ----------
    weights
        In [0, 1], one a point: the points are then dots of that size and not joined by a line.
    """

    name: str
    points: Sequence[Point]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.weights is not None and len(self.weights) != len(self.points):
            raise InvalidOption(f"a series has a weight a point; got {len(self.weights)} for {len(self.points)} points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What the axes of a chart mean.

    Attributes
    ----------
    x_range, y_range
        Values that the axes hold at least.
    diagonal
        Whether y = x is drawn.
    """

    x: str
    y: str
    x_range: Point | None = None
    y_range: Point | None = None
    diagonal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its length in [0, 1], its interval where there is one, and what is written behind it."""

    name: str
    value: float
    interval: Point | None = None
    text: str = ""


def axis_marks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Round values in [low, high], about ``count`` of them.

    Examples
    --------
    >>> axis_marks(0, 1, count=5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9)), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def line_chart(series: Sequence[Series], *, title: str, axes: Axes) -> str:
    """A chart of series as an HTML figure with its legend; "" where no series has a point.

    Examples
    --------
    >>> chart = line_chart([Series(name="loss", points=[(0, 2), (1, 1)])], title="Loss", axes=Axes(x="step", y="nats"))
    >>> chart.count("<polyline")
    1
    """
    points = [point for one in series for point in one.points]
    if not points:
        return ""
    across = _range([x for x, _ in points], axes.x_range)
    up = _range([y for _, y in points], axes.y_range)

    def place(point: Point) -> Point:
        return (
            _scaled(point[0], across, (_LEFT, _WIDTH - _RIGHT)),
            _scaled(point[1], up, (_HEIGHT - _BOTTOM, _TOP)),
        )

    parts = [*_grid(across, up, axes)]
    if axes.diagonal:
        low, high = max(across[0], up[0]), min(across[1], up[1])
        (x1, y1), (x2, y2) = place((low, low)), place((high, high))
        parts.append(f'<line class="diagonal" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
    for number, one in enumerate(series):
        color = f"s{number % _COLORS}"
        placed = [place(point) for point in one.points]
        if one.weights is None:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
            parts.append(f'<polyline class="{color}" points="{line}"/>')
        else:
            parts.extend(
                f'<circle class="{color}" cx="{x:.1f}" cy="{y:.1f}" r="{2.5 + 6 * weight:.1f}"/>'
                for (x, y), weight in zip(placed, one.weights, strict=True)
            )
    legend = ""
    if len(series) > 1:
        entries = "".join(
            f'<li class="s{number % _COLORS}">{html.escape(one.name)}</li>' for number, one in enumerate(series)
        )
        legend = f'<ul class="legend">{entries}</ul>'
    return _figure(title, f"{title}: {axes.y} against {axes.x}", (_WIDTH, _HEIGHT), parts, legend)


def bar_chart(bars: Sequence[Bar], *, title: str) -> str:
    """Bars from 0 to the largest value, one below the other, as an HTML figure; "" without bars.

    Examples
    --------
    >>> bar_chart([Bar(name="line", value=0.5, interval=(0.4, 0.6), text="50 %")], title="Read exactly").count("<rect")
    1
    """
    if not bars:
        return ""
    most = max([bar.value for bar in bars] + [bar.interval[1] for bar in bars if bar.interval]) or 1.0
    end = _WIDTH - _BAR_VALUE
    parts = []
    for number, bar in enumerate(bars):
        top = number * (_BAR_HEIGHT + _BAR_GAP)
        middle = top + _BAR_HEIGHT / 2
        right = _scaled(bar.value, (0, most), (_BAR_TEXT, end))
        parts.append(
            f'<text x="{_BAR_TEXT - 8}" y="{middle + 4:.1f}" text-anchor="end">{html.escape(bar.name)}</text>'
            f'<rect class="bar s0" x="{_BAR_TEXT}" y="{top}" width="{right - _BAR_TEXT:.1f}" height="{_BAR_HEIGHT}"/>'
        )
        if bar.interval:
            x1, x2 = (_scaled(edge, (0, most), (_BAR_TEXT, end)) for edge in bar.interval)
            parts.append(f'<line class="interval" x1="{x1:.1f}" x2="{x2:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>')
        parts.append(f'<text x="{end + 8}" y="{middle + 4:.1f}">{html.escape(bar.text)}</text>')
    return _figure(title, title, (_WIDTH, len(bars) * (_BAR_HEIGHT + _BAR_GAP)), parts)


def _figure(title: str, label: str, size: tuple[int, int], parts: Sequence[str], legend: str = "") -> str:
    width, height = size
    return (
        f"<figure><figcaption>{html.escape(title)}</figcaption>"
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{html.escape(label)}">{"".join(parts)}</svg>{legend}</figure>'
    )


def _grid(across: Point, up: Point, axes: Axes) -> Iterator[str]:
    for mark in axis_marks(*up, count=4):
        y = _scaled(mark, up, (_HEIGHT - _BOTTOM, _TOP))
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(mark)}</text>'
    for mark in axis_marks(*across):
        x = _scaled(mark, across, (_LEFT, _WIDTH - _RIGHT))
        yield f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{_short(mark)}</text>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{middle:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{html.escape(axes.x)}</text>'
    center = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield (
        f'<text transform="translate(13 {center:.0f}) rotate(-90)" text-anchor="middle">{html.escape(axes.y)}</text>'
    )


def _range(values: Sequence[float], least: Point | None) -> Point:
    low, high = min(values), max(values)
    if least is not None:
        low, high = min(low, least[0]), max(high, least[1])
    return low, high


def _scaled(value: float, source: Point, target: Point) -> float:
    if source[1] == source[0]:
        return (target[0] + target[1]) / 2
    return target[0] + (value - source[0]) / (source[1] - source[0]) * (target[1] - target[0])


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
