import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import InvalidOption
from inkread.evaluate.lines import answered, pictures_of
from inkread.evaluate.pages import evaluate_pictures


def test_crops_become_pictures_with_their_place_in_the_set() -> None:
    crops = Samples(
        images=(np.zeros((10, 30), np.uint8), np.ones((12, 50), np.uint8)),
        labels=np.array(["7", "1250"]),
        dark_ink=True,
    )
    first, second = pictures_of(crops, "numbers-val")
    assert (first.id, second.id) == ("numbers-val-00000", "numbers-val-00001")
    assert (first.groups, second.groups) == (("1 digits",), ("4 digits",))
    assert isinstance(second.source, np.ndarray)
    assert second.source.shape == (12, 50)


def test_labels_that_are_no_numbers_are_refused() -> None:
    letters = Samples(images=np.zeros((2, 4, 4), np.uint8), labels=np.array(["7", "plus"]), dark_ink=True)
    with pytest.raises(InvalidOption, match="'plus'"):
        pictures_of(letters, "signs")


def test_only_strings_that_were_read_are_asked_for_their_calibration(document_of) -> None:
    readings = iter([["12"], ["12"], [], ["13"]])  # the first call loads
    crops = Samples(images=np.zeros((3, 4, 9), np.uint8), labels=np.array(["12", "12", "12"]), dark_ink=True)
    report = evaluate_pictures(lambda *_: document_of(next(readings), confidence=0.75), pictures_of(crops, "numbers"))
    confidence, right = answered(report.outcomes)
    assert confidence.tolist() == [0.75, 0.75]
    assert right.tolist() == [True, False]
    assert report.figures.exact.hits == 1
    assert report.figures.n == 3
