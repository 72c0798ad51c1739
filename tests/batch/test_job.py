"""A job is checked when it is made, and comes back from what it was written as."""

import pytest

from inkread.batch import Job
from inkread.errors import InvalidOption, ModelError


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"sources": ()}, "at least one source"),
        ({"sources": "scans/"}, "tuple of names"),
        ({"out": "numbers.xlsx"}, "numbers.xlsx"),
        ({"layout": "pages"}, "'pages'"),
        ({"min_confidence": 1.5}, "1.5"),
        ({"part_size": 0}, "part_size=0"),
        ({"errors_to": "numbers.csv"}, "both"),
    ],
)
def test_a_job_that_makes_no_sense_says_why(changes, word):
    with pytest.raises(InvalidOption, match=word):
        Job(**{"sources": ("scans/",), "out": "numbers.csv", **changes})


def test_a_job_comes_back_from_plain_data(tmp_path):
    job = Job(sources=("a", "b"), out=tmp_path / "n.parquet", layout="line", min_confidence=0.5, errors_to="e.jsonl")
    assert Job.from_dict(job.to_dict()) == job
    assert job.folder == tmp_path / "n.parquet.job"


def test_a_reader_of_a_job_reads_as_it_asks():
    reader = Job(sources=("a",), out="n.csv", layout="digit", min_confidence=0.7).reader()
    assert (reader.options.layout, reader.options.min_confidence, reader.options.threads) == ("digit", 0.7, 1)


def test_a_network_that_is_not_there_is_an_error_before_anything_is_read(tmp_path):
    with pytest.raises(ModelError):
        Job(sources=("a",), out="n.csv", model=tmp_path / "none.toml").networks()
