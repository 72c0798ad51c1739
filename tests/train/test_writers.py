import numpy as np
import pytest

from inkread.train.lines import WriterDigits
from inkread.train.writers import assorted_writers, bhmsds_writers, fonts, hands, mnist_writers, other_signs


def test_hands_and_fonts_write_all_ten_digits_and_signs_are_crops_of_the_same_size():
    rng = np.random.default_rng(0)
    writers = [*hands(2, rng), *fonts(2, rng)]
    assert len(writers) == 4
    for writer in writers:
        assert len(writer.crops) == 10
        assert all(crop.max() > 120 for crops in writer.crops for crop in crops)
        assert 0.02 < writer.stroke_width < 0.5
    signs = other_signs(5, rng)
    assert signs.shape == (5, *writers[0].crops[0].shape[1:])


@pytest.mark.data
def test_writers_of_data_sets_hold_one_out_of_ten_or_slices(data_folder, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data_folder))
    kept, held = mnist_writers(60)
    assert len(held) > 40
    assert len(kept) > 350
    assert len(bhmsds_writers()) == 60
    assorted = assorted_writers(np.random.default_rng(1))
    assert len(assorted) > 100
    assert all(isinstance(writer, WriterDigits) for writer in assorted)
