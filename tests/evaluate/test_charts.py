import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import InvalidOption
from inkread.evaluate.charts import Axes, Bar, Series, axis_marks, bar_chart, line_chart

SVG = "svg"


def drawn(chart: str) -> ET.Element:
    found = ET.fromstring(chart).find(SVG)  # parses only what is well-formed
    assert found is not None
    return found


def coordinates(chart: str) -> list[tuple[float, float]]:
    line = drawn(chart).find("polyline")
    assert line is not None
    return [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]  # type: ignore[misc]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 8))
def test_marks_lie_in_their_range_and_are_evenly_spaced(low: float, size: float, count: int) -> None:
    high = low + size
    marks = axis_marks(low, high, count=count)
    assert 1 <= len(marks) <= count + 1
    assert all(low - size * 1e-6 <= mark <= high + size * 1e-6 for mark in marks)
    gaps = [b - a for a, b in pairwise(marks)]
    assert gaps == pytest.approx([gaps[0]] * len(gaps), rel=1e-3) if gaps else True


def test_line_rises_to_the_top_of_its_range() -> None:
    chart = line_chart(
        [Series(name="one", points=[(0, 0), (5, 5), (10, 10)])],
        title="Rising",
        axes=Axes(x="x", y="y", y_range=(0, 20)),
    )
    (x0, y0), (x1, y1), (x2, y2) = coordinates(chart)
    assert x0 < x1 < x2
    assert y0 > y1 > y2  # y grows downwards on a screen
    assert x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    higher = coordinates(line_chart([Series(name="one", points=[(0, 0), (1, 10)])], title="", axes=Axes(x="", y="")))
    assert higher[1][1] < y2  # half of its range against all of it


def test_every_series_is_named_and_has_its_color() -> None:
    chart = line_chart(
        [Series(name=f"set {number} <b>", points=[(0, number), (1, 1)]) for number in range(3)],
        title="Sets",
        axes=Axes(x="step", y="%"),
    )
    assert [line.attrib["class"] for line in drawn(chart).iter("polyline")] == ["s0", "s1", "s2"]
    assert [entry.text for entry in ET.fromstring(chart).iter("li")] == ["set 0 <b>", "set 1 <b>", "set 2 <b>"]


def test_points_with_weights_are_dots_of_their_size() -> None:
    chart = line_chart(
        [Series(name="bins", points=[(0.1, 0.1), (0.9, 0.8)], weights=[0, 1])],
        title="Reliability",
        axes=Axes(x="confidence", y="right", x_range=(0, 1), y_range=(0, 1), diagonal=True),
    )
    small, large = (float(dot.attrib["r"]) for dot in drawn(chart).iter("circle"))
    assert small < large
    (diagonal,) = (line for line in drawn(chart).iter("line") if line.attrib["class"] == "diagonal")
    assert float(diagonal.attrib["y1"]) > float(diagonal.attrib["y2"])


def test_one_value_alone_is_drawn_and_nothing_is_no_chart() -> None:
    flat = line_chart([Series(name="one", points=[(3, 7)])], title="One", axes=Axes(x="x", y="y"))
    assert len(coordinates(flat)) == 1
    assert line_chart([Series(name="none", points=[])], title="None", axes=Axes(x="x", y="y")) == ""
    assert bar_chart([], title="None") == ""


def test_bars_are_as_long_as_their_values_and_show_their_intervals() -> None:
    chart = drawn(
        bar_chart(
            [
                Bar(name="a & b", value=0.25, interval=(0.2, 0.3), text="25 %"),
                Bar(name="c", value=0.5),
                Bar(name="d", value=0),
            ],
            title="Shares",
        )
    )
    widths = [float(bar.attrib["width"]) for bar in chart.iter("rect")]
    assert widths == pytest.approx([widths[1] / 2, widths[1], 0])
    (interval,) = chart.iter("line")
    assert float(interval.attrib["x1"]) < float(interval.attrib["x2"])
    assert [text.text for text in chart.iter("text")][:2] == ["a & b", "25 %"]


def test_bars_of_nothing_but_zeros_have_no_length() -> None:
    assert [bar.attrib["width"] for bar in drawn(bar_chart([Bar(name="a", value=0)], title="t")).iter("rect")] == [
        "0.0"
    ]


def test_weights_must_be_as_many_as_points() -> None:
    with pytest.raises(InvalidOption, match="a weight a point"):
        Series(name="bins", points=[(0, 0), (1, 1)], weights=[1.0])
