"""The folder of a job: files are whole or not there, one run at a time."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from inkread.batch import Job, Summary
from inkread.batch.folder import JobFolder, replaced
from inkread.errors import OutputError

JOB = Job(sources=("a.png",), out="n.csv")


@pytest.fixture
def folder(tmp_path):
    made = JobFolder(tmp_path / "n.csv.job")
    with made.locked():
        yield made


def test_a_job_is_begun_and_finished_by_its_files(folder, record):
    assert (folder.begun(), folder.summary()) == (None, None)
    folder.sources.write_text("{}\n", encoding="utf-8")
    folder.begin(JOB, "digit-123456")
    assert folder.begun() == {"job": JOB, "model": "digit-123456", "folder": str(Path.cwd())}
    folder.write_part(1234, [record(0)])
    folder.finish(Summary(sources=1))
    assert folder.summary() == Summary(sources=1)
    assert sorted(path.name for path in folder.path.iterdir()) == ["job.json", "lock", "summary.json"]
    folder.clear()
    assert (folder.begun(), folder.summary()) == (None, None)


def test_parts_come_back_and_can_be_dropped(folder, record):
    records = [record(6), record(7)]
    folder.write_part(3, records)
    folder.write_part(2003, records)
    assert folder.finished_parts() == {3, 2003}
    assert folder.read_part(3) == records
    folder.drop_part(3)
    assert folder.finished_parts() == {2003}
    with pytest.raises(OutputError, match="cannot be read"):
        folder.read_part(3)


def test_a_second_run_is_kept_out_and_let_in_after_the_first(folder):
    program = f"""
import pathlib
from inkread.batch.folder import JobFolder
with JobFolder(pathlib.Path({str(folder.path)!r})).locked():
    print("in")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "OutputError: another run is at work" in done.stderr
    assert done.stdout == ""


def test_a_run_that_ended_leaves_no_lock(tmp_path):
    for _ in range(2):
        with JobFolder(tmp_path / "job").locked():
            pass


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="torn"), replaced(path) as file:
        file.write(b"new")
        raise ValueError("torn")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"old", [path])
    with replaced(path) as file:
        file.write(b"new")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"new", [path])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_where_there_is_no_room_the_error_says_so_and_nothing_is_left(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(OutputError, match="make room and give the same command with --resume"),
            replaced(tmp_path / "a") as file,
        ):
            file.write(bytes(100_000))
            file.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_used_says_what_to_delete(folder):
    (folder.path / "job.json").write_text("{", encoding="utf-8")
    with pytest.raises(OutputError, match="delete"):
        folder.begun()
