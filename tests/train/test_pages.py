import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children

import cv2
import numpy as np
import pytest

from inkread.data.synth import Hand, draw_glyph
from inkread.errors import DataError, InkreadError, InvalidOption
from inkread.train.digits import tight_crop
from inkread.train.pages import (
    CELL,
    SHARD,
    CleanSample,
    CropStock,
    PatchStream,
    _occupied,
    _on_one_line,
    _print_line,
    compose_sample,
    make_pool,
    read_pool,
)


@pytest.fixture(scope="module")
def stock():
    rng = np.random.default_rng(0)

    def crops(characters):
        return np.stack([tight_crop(draw_glyph(c, Hand.random(rng), rng, height=32)) for c in characters])

    return CropStock(digits=(crops("0123456789"),), others=(crops("ABERTKmnf"), crops("+=?&")))


@pytest.fixture(scope="module")
def samples(stock):
    return [compose_sample(np.random.default_rng([3, i]), stock) for i in range(8)]


def test_digits_of_a_composed_page_stand_on_ink_in_their_places(samples):
    with_digits = [sample for sample in samples if len(sample.heights)]
    assert len(with_digits) >= 3
    for sample in with_digits:
        mask = np.zeros(sample.ink.shape, np.uint8)
        cv2.fillPoly(mask, [q.round().astype(np.int32) for q in sample.quads], 1)
        written = sample.ink > 64
        around = cv2.dilate(mask, np.ones((9, 9), np.uint8)) & (1 - mask)
        # Ink on paper, or chalk on a slate whose ground was taken for ink.
        assert abs(written[mask > 0].mean() - written[around > 0].mean()) > 0.2
        assert max(sample.ink.shape) <= 901 or np.median(sample.heights) <= 50


def test_some_pages_hold_no_digits(samples, stock):
    more = [compose_sample(np.random.default_rng([4, i]), stock) for i in range(8)]
    assert any(not len(sample.heights) for sample in (*samples, *more))


def test_numbers_in_a_printed_line_stand_in_their_places():
    picture = np.full((300, 900), 0.9, np.float32)
    rng = np.random.default_rng(5)
    places = [place for _ in range(4) for place in _print_line(picture, _occupied(picture), 24, 0.9, rng)]
    assert len(places) >= 2
    for quad, height in places:
        (x0, y0), (x1, y1) = quad[0].round().astype(int), quad[2].round().astype(int)
        assert height == pytest.approx(24, abs=8)
        assert (picture[y0:y1, x0:x1] < 0.5).mean() > 0.1


def test_a_word_and_a_number_stand_on_one_ground_line():
    line = _on_one_line(np.full((10, 20), 0.5, np.float32), np.ones((16, 30), np.float32), 28)
    assert line.shape == (16, 58)
    assert (line[6:, :20] == 0.5).all() and (line[:, 28:] == 1).all()
    assert not line[:6, :20].any() and not line[:, 20:28].any()


def page_of_one_digit():
    ink = np.zeros((300, 400), np.uint8)
    ink[100:140, 200:220] = 255
    ink[100:140, 60:80] = 255
    quad = np.array([[(198, 98), (222, 98), (222, 142), (198, 142)]], np.float32)
    return CleanSample(ink, quad, np.array([40], np.float32))


def test_patches_know_which_ink_is_a_digit_and_how_high_it_is():
    stream = PatchStream([page_of_one_digit()], batch_size=24, side=160, rng=np.random.default_rng(1))
    inks, targets = stream.batch()
    assert inks.shape == (24, 1, 160, 160) and targets.shape == (24, 3, 160 // CELL, 160 // CELL)
    assert inks.min() >= 0 and inks.max() <= 1
    on_digits = targets[:, 0] * targets[:, 1] > 0
    assert on_digits.any(axis=(1, 2)).mean() > 0.6
    assert ((targets[:, 1] > 0) & (targets[:, 0] == 0)).any(), "the other bar is no digit"
    heights = np.exp(targets[:, 2][on_digits])
    assert heights.min() > 8 and heights.max() < 52
    # What a digit is high, its written cells are: the target says the truth at every scale and angle.
    for digit, log_height in zip(on_digits, targets[:, 2], strict=True):
        rows, columns = np.nonzero(digit)
        if len(rows) and rows.min() > 2 and rows.max() < 37 and columns.min() > 2 and columns.max() < 37:
            high = CELL * np.ptp(rows) + CELL
            assert high == pytest.approx(np.exp(log_height[digit]).mean(), rel=0.35, abs=8)


def test_the_same_generator_gives_the_same_patches(samples):
    first, second = (PatchStream(samples, batch_size=3, side=64, rng=np.random.default_rng(2)).batch() for _ in "ab")
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_a_stream_needs_pages_and_whole_cells(samples):
    with pytest.raises(InvalidOption):
        PatchStream([], batch_size=1, side=64, rng=np.random.default_rng(0))
    with pytest.raises(InvalidOption):
        PatchStream(samples, batch_size=1, side=60, rng=np.random.default_rng(0))


def test_a_pool_is_read_back_and_a_damaged_file_is_named(tmp_path):
    sample = page_of_one_digit()
    arrays = {}
    for i in range(SHARD):
        arrays |= {f"ink{i}": sample.ink, f"quads{i}": sample.quads, f"heights{i}": sample.heights}
    np.savez_compressed(tmp_path / "0000.npz", **arrays)
    pages = read_pool(tmp_path)
    assert len(pages) == SHARD
    np.testing.assert_array_equal(pages[7].ink, sample.ink)
    (tmp_path / "0001.npz").write_bytes(b"PK and no more")
    with pytest.raises(DataError, match="0001"):
        read_pool(tmp_path)
    with pytest.raises(DataError, match="no pages"):
        read_pool(tmp_path / "elsewhere")


@pytest.mark.data
@pytest.mark.slow
def test_a_pool_made_by_several_is_that_of_one_though_one_of_them_was_killed(data_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data_folder))
    with ThreadPoolExecutor(1) as beside:
        broken = beside.submit(make_pool, tmp_path / "two", pages=2 * SHARD, seed=5, processes=2)
        while len(children := active_children()) < 2 and not broken.done():
            time.sleep(0.01)
        # A little later the pool knows both: CPython waits for ever for one that is started while another ends.
        time.sleep(0.3)
        os.kill(children[0].pid, signal.SIGKILL)
        with pytest.raises(InkreadError, match="is memory short"):
            broken.result()
    assert not active_children()
    told = []
    make_pool(tmp_path / "two", pages=2 * SHARD, seed=5, processes=2, report=lambda *done: told.append(done))
    assert told[-1] == (2, 2)
    make_pool(tmp_path / "one", pages=SHARD, seed=5)
    for one, other in zip(read_pool(tmp_path / "one"), read_pool(tmp_path / "two")[:SHARD], strict=True):
        np.testing.assert_array_equal(one.ink, other.ink)
