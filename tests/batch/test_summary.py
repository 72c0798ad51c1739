"""Counts and times, and how they are told."""

from inkread.batch import Progress, Summary


def test_a_summary_comes_back_from_plain_data():
    summary = Summary(sources=5, failed=1, seconds=2.0, resumed=1, model="digit-123456")
    assert Summary.from_dict(summary.to_dict()) == summary
    assert summary.rate == 2.0


def test_nothing_done_has_no_rate_and_no_time_left():
    progress = Progress(sources=5, done=2, failed=0, resumed=2, seconds=1.0)
    assert (progress.rate, progress.seconds_left) == (0.0, None)
    assert Summary().rate == 0.0
