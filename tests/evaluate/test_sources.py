import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from inkread.data.datasets import Samples
from inkread.errors import DataError, InvalidOption
from inkread.evaluate.perturb import perturbation
from inkread.evaluate.sources import Choice, find_crops, find_pictures, perturbed


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a set of digits, a set with splits, and two sets that are manifests."""
    folder = tmp_path / "data"
    (folder / "semeion").mkdir(parents=True)
    np.savez(
        folder / "semeion" / "semeion.npz",
        images=np.arange(20 * 16 * 16, dtype=np.uint32).reshape(20, 16, 16).astype(np.uint8),
        labels=np.repeat(np.arange(10), 2),
    )
    (folder / "usps").mkdir()
    np.savez(
        folder / "usps" / "usps.npz",
        train_images=np.zeros((3, 16, 16), np.uint8),
        train_labels=np.array([1, 2, 3]),
        test_images=np.zeros((2, 16, 16), np.uint8),
        test_labels=np.array([4, 5]),
    )
    for name, rows in (
        ("field/manifest.jsonl", [["7"], [], ["x"]]),
        ("field/val.jsonl", [["12"], ["3", "4"]]),
    ):
        path = folder / name
        (path.parent / "images").mkdir(parents=True, exist_ok=True)
        lines = []
        for number, content in enumerate(rows):
            file = f"{path.stem}{number}.png"
            pixels = np.full((30, 40, 3), 200, np.uint8)
            pixels[:10] = (0, 0, 255)  # OpenCV writes BGR: red
            cv2.imwrite(str(path.parent / "images" / file), pixels)
            lines.append(json.dumps({"file": file, "lines": content, "region": [5, 5, 25, 30]}))
        path.write_text("\n".join(lines))
    monkeypatch.setenv("INKREAD_DATA", str(folder))
    return folder


def test_data_set_is_found_by_name_with_its_test_part_first(data: Path) -> None:
    samples, about = find_crops(Choice(data="usps"))
    assert samples.labels.tolist() == ["4", "5"]
    assert about == {"name": "usps", "split": "test", "n": 2, "of": 2}
    assert find_crops(Choice(data="usps", split="train"))[0].labels.tolist() == ["1", "2", "3"]
    assert len(find_crops(Choice(data="usps", split="all"))[0]) == 5


def test_limit_is_spread_evenly_over_a_data_set(data: Path) -> None:
    samples, about = find_crops(Choice(data="semeion", limit=10))
    assert sorted(set(samples.labels.tolist())) == list("0123456789")
    assert about == {"name": "semeion", "split": "all", "n": 10, "of": 20}
    assert len(find_crops(Choice(data="semeion", limit=99))[0]) == 20


def test_digits_of_a_data_set_can_be_read_as_pictures(data: Path) -> None:
    pictures, about = find_pictures(Choice(data="usps"))
    assert [picture.lines for picture in pictures] == [("4",), ("5",)]
    assert pictures[0].id == "usps-test-00000"
    assert about["n"] == 2


@pytest.mark.parametrize("way", ["name", "folder", "file"])
def test_manifest_is_found_by_name_by_folder_and_by_file(data: Path, way: str) -> None:
    named = {"name": "field", "folder": str(data / "field"), "file": str(data / "field" / "manifest.jsonl")}[way]
    pictures, about = find_pictures(Choice(data=named))
    assert [picture.lines for picture in pictures] == [("7",), (), ("x",)]
    assert about == {"name": "field/manifest.jsonl", "split": None, "n": 3, "of": 3}


def test_split_of_a_folder_of_manifests_is_its_own_file(data: Path) -> None:
    pictures, about = find_pictures(Choice(data="field", split="val", limit=1))
    assert [picture.lines for picture in pictures] == [("12",)]
    assert about == {"name": "field/val.jsonl", "split": "val", "n": 1, "of": 2}


def test_manifest_outside_the_data_folder_keeps_the_path_it_was_given(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "a", "lines": []}\n')
    _, about = find_pictures(Choice(data=str(path), images=data / "field" / "images"))
    assert about["name"] == str(path)


def test_single_characters_of_a_manifest_become_grey_crops(data: Path) -> None:
    samples, about = find_crops(Choice(data="field"))
    assert samples.labels.tolist() == ["7", "", "x"]
    assert samples.images[0].shape == (25, 20)
    assert samples.images[0][0, 0] == 76  # the luma of red
    assert samples.images[0][-1, -1] == 200
    assert about["n"] == 3


def test_manifest_of_lines_is_refused_as_digits(data: Path) -> None:
    with pytest.raises(InvalidOption, match="'12', more than one character"):
        find_crops(Choice(data="field", split="val"))


@pytest.mark.parametrize(
    ("choice", "error", "message"),
    [
        ({"data": "feild"}, DataError, "neither a manifest nor a data set; known are mnist"),
        ({"data": "field", "split": "test"}, DataError, "no test.jsonl; it holds manifest.jsonl, val.jsonl"),
        ({"data": "usps", "split": "val"}, InvalidOption, "has no split 'val'"),
        ({"data": "usps", "images": Path("there")}, InvalidOption, "goes with a manifest"),
        ({"data": "mnist"}, DataError, "not in"),
    ],
)
def test_what_is_not_there_is_refused(data: Path, choice: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        find_pictures(Choice(**choice))


def test_manifest_by_its_path_has_no_splits(data: Path) -> None:
    with pytest.raises(InvalidOption, match="has no splits"):
        find_pictures(Choice(data=str(data / "field" / "val.jsonl"), split="val"))


def test_limit_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidOption, match="at least 1"):
        Choice(data="usps", limit=0)


def test_perturbed_samples_keep_their_labels() -> None:
    samples = Samples(images=np.full((2, 8, 12), 50, np.uint8), labels=np.array(["1", "2"]), dark_ink=True)
    inverted = perturbed(samples, perturbation("invert"))
    assert inverted.labels.tolist() == ["1", "2"]
    assert inverted.images[1].tolist() == np.full((8, 12), 205).tolist()
    assert inverted.dark_ink is False
    assert perturbed(samples, perturbation("scale:0.5")).images[0].shape == (4, 6)


@pytest.mark.data
def test_real_sets_are_found(data_folder: Path) -> None:
    pictures, _ = find_pictures(Choice(data="car_a", split="val", limit=3))
    assert all(picture.lines[0].isdigit() for picture in pictures)
    assert len(find_crops(Choice(data="phone_chars62", split="train", limit=62))[0]) == 62
