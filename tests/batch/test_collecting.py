"""Records in any order become parts; none is lost, none counted twice."""

import random

import pytest

from inkread.batch import Job
from inkread.batch.catalog import Catalog
from inkread.batch.collecting import Collector
from inkread.batch.duplicates import Duplicates
from inkread.batch.folder import JobFolder
from inkread.batch.records import duplicate_record


@pytest.fixture
def begin(tmp_path, listed):
    """Begins, or takes up, a job of 10 sources in parts of 4; the progress after each goes into the list given."""
    folder = JobFolder(tmp_path / "n.csv.job")
    job = Job(sources=("unused",), out=str(tmp_path / "n.csv"), part_size=4)

    def make(seen=None):
        report = None if seen is None else seen.append
        made = Collector(job, folder, Catalog(listed(10), 4), Duplicates(None), report)
        made.take_over()
        return made

    make.folder = folder
    return make


def test_parts_are_whole_and_in_order_whatever_order_records_come_in(begin, record):
    seen = []
    collector = begin(seen)
    order = list(range(10))
    random.Random(5).shuffle(order)
    for seq in order:
        collector.add(record(seq))
    assert collector.todo == []
    assert [r["seq"] for part in range(3) for r in begin.folder.read_part(part)] == list(range(10))
    assert [progress.done for progress in seen] == list(range(1, 11))
    assert (seen[-1].sources, seen[-1].failed) == (10, 10)


def test_the_second_record_of_a_source_changes_nothing(begin, record):
    seen = []
    collector = begin(seen)
    for seq in (0, 1, 0, 2, 3, 3, 1):
        collector.add(record(seq))
    assert len(seen) == 4
    assert collector.todo == [1, 2]


def test_a_duplicate_waits_for_its_owner_and_takes_its_rows(begin, record):
    collector = begin()
    for seq in (5, 0):
        collector.add(duplicate_record(9, seq=seq, name=f"p{seq}.png", sha256=f"{9:064x}"))
    for seq in (1, 2, 3, 4, 6, 7, 8):
        collector.add(record(seq))
    assert collector.todo == [0, 1, 2]
    collector.add(record(9))
    assert collector.todo == []
    copied = begin.folder.read_part(1)[1]
    assert (copied["source"], copied["same_as"], copied["rows"]) == ("p5.png", 9, record(9)["rows"])


def test_a_duplicate_of_what_is_already_in_a_part_is_copied_from_there(begin, record):
    collector = begin()
    for seq in range(4):
        collector.add(record(seq))
    collector.add(duplicate_record(2, seq=4, name="p4.png", sha256="ab"))
    for seq in (5, 6, 7):
        collector.add(record(seq))
    assert begin.folder.read_part(1)[0]["rows"] == record(2)["rows"]


def test_what_is_finished_is_taken_over_and_what_is_damaged_read_again(begin, record):
    first = begin()
    for seq in range(10):
        first.add(record(seq))
    (begin.folder.path / "parts/0000/part-0000001.jsonl").write_text('{"seq": 4', encoding="utf-8")
    seen = []
    second = begin(seen)
    assert (second.todo, second.resumed) == ([1], 6)
    assert second.duplicates.owner(record(9)["sha256"], 4) == 9
    assert second.duplicates.owner(record(5)["sha256"], 5) == 5
    for seq in range(4, 8):
        second.add(record(seq))
    assert (second.todo, seen[-1].done, seen[-1].resumed) == ([], 10, 6)
