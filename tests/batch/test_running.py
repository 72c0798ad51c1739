"""A job from beginning to end, and from wherever it was cut short."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inkread.batch import Job, Local, Summary, begun_job, run
from inkread.errors import InvalidOption, OutputError

# What the pages of the fixture say: 100 and every seventeenth number after it.
NUMBERS = [f"{17 * place + 100}" for place in range(10)]

PROGRAM = """
import json, sys
from inkread.batch import Job, Local, run
if __name__ == "__main__":
    job = Job.from_dict(json.loads(sys.argv[1]))
    print(run(job, engine=Local(workers=int(sys.argv[2])), resume=True, progress=lambda p: print(p.done, flush=True)))
"""


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def is_told(row):
    """Whether a row has a problem; that a number may stand on its head is said of some that are read right."""
    return row["problem"] not in (None, "upside_down_unclear")


@pytest.fixture
def start(tmp_path):
    """Starts a job in a process group of its own."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    started = []

    def begin(job, workers=2, **options):
        command = [sys.executable, program, json.dumps(job.to_dict()), str(workers)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        with process:
            pass


def children_of(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture(scope="module")
def many(pages, tmp_path_factory):
    """The ten pages, each under three names, one file in twenty torn, in a folder of 30 sources and a missing one."""
    folder = tmp_path_factory.mktemp("many")
    for place in range(30):
        data = (pages / f"p{place % 10 + 1}.png").read_bytes()
        # A byte after the picture's end makes it another file with the same pixels.
        data += bytes([place // 10]) if place < 20 else b"\0"
        (folder / f"s{place}.png").write_bytes(data[:300] if place in (7, 23) else data)
    return (str(folder), str(folder / "gone.png"))


@pytest.fixture(scope="module")
def wanted(many, tmp_path_factory):
    """The rows of a run that nothing disturbed, by one worker."""
    out = tmp_path_factory.mktemp("wanted") / "n.jsonl"
    run(Job(sources=many, out=str(out), part_size=4), engine=Local(workers=1))
    return rows_of(out)


def test_every_source_has_its_rows_in_order_and_the_summary_counts_them(many, wanted, tmp_path):
    out = tmp_path / "n.jsonl"
    seen = []
    job = Job(sources=many, out=str(out), part_size=4, errors_to=str(tmp_path / "e.jsonl"))
    summary = run(job, engine=Local(workers=3), progress=seen.append)
    assert rows_of(out) == wanted
    assert [row["source"].rpartition("/")[2] for row in wanted] == [*(f"s{n}.png" for n in range(30)), "gone.png"]
    good = [place for place in range(30) if place not in (7, 23)]
    read = [wanted[place]["text"] for place in good]
    assert sum(text == NUMBERS[place % 10] for text, place in zip(read, good, strict=True)) >= 25
    problems = {place: row["problem"] for place, row in enumerate(wanted) if is_told(row)}
    assert problems == {7: "CorruptSource", 23: "CorruptSource", 30: "SourceNotFound"}
    # s20 to s29 have the bytes of s0 to s9, but for the two that are torn.
    assert (summary.sources, summary.failed, summary.duplicates, summary.pages) == (31, 3, 8, 28)
    assert (summary.rows, summary.numbers, summary.without_numbers) == (31, 28, 0)
    assert (seen[-1].done, seen[-1].sources, seen[-1].failed) == (31, 31, 3)
    assert [row["source"] for row in rows_of(job.errors_to)] == [wanted[place]["source"] for place in problems]
    assert run(job, resume=True) == summary
    assert sorted(path.name for path in job.folder.iterdir()) == ["job.json", "lock", "summary.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_after_kill_9_every_row_is_there_once_and_no_process_is_left(
    many, wanted, start, wait_until, is_alive, tmp_path
):
    job = Job(sources=many, out=str(tmp_path / "n.jsonl"), part_size=2)
    for done in (3, 9, 20):
        process = start(job)
        for line in process.stdout:
            if int(line) >= done:
                break
        workers = children_of(process.pid)
        assert len(workers) >= 2
        process.kill()
        process.wait()
        wait_until(lambda alive=workers: not any(map(is_alive, alive)), "workers are left behind")
        assert not Path(job.out).exists()
    process = start(job, workers=1)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "resumed=0" not in output
    assert rows_of(job.out) == wanted


def test_an_interrupt_stops_every_process_and_keeps_what_is_finished(
    many, wanted, start, wait_until, is_alive, tmp_path
):
    job = Job(sources=many, out=str(tmp_path / "n.jsonl"), part_size=2)
    process = start(job, start_new_session=True)
    for line in process.stdout:
        if int(line) >= 6:
            break
    workers = children_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    process.wait()
    assert "KeyboardInterrupt" in process.stderr.read()
    wait_until(lambda: not any(map(is_alive, workers)), "workers are left behind")
    summary = run(job, engine=Local(workers=1), resume=True)
    assert summary.resumed >= 2
    assert rows_of(job.out) == wanted


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_ends_the_run_and_the_next_goes_on(many, wanted, start, tmp_path):
    import resource

    job = Job(sources=many, out=str(tmp_path / "n.jsonl"), part_size=2)
    # Parts fit into this; the whole table does not.
    process = start(job, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)))
    _, errors = process.communicate()
    assert "OutputError" in errors
    assert "cannot be written" in errors
    assert not Path(job.out).exists()
    run(job, engine=Local(workers=1), resume=True)
    assert rows_of(job.out) == wanted


def test_a_source_that_vanishes_in_between_is_a_row_with_its_problem(pages, tmp_path):
    folder = tmp_path / "scans"
    shutil.copytree(pages, folder)
    job = Job(sources=(str(folder),), out=str(tmp_path / "n.jsonl"), part_size=3)

    def stop(progress):
        if progress.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, engine=Local(workers=1), progress=stop)
    (folder / "p10.png").unlink()
    summary = run(job, engine=Local(workers=1), resume=True)
    assert (summary.sources, summary.failed, summary.resumed) == (10, 1, 3)
    rows = rows_of(job.out)
    assert [(row["source"].rpartition("/")[2], row["problem"]) for row in rows if is_told(row)] == [
        ("p10.png", "SourceNotFound")
    ]
    assert len(rows) == 10


def unfinished(tmp_path, pages, **options):
    job = Job(sources=(str(pages),), out=str(tmp_path / "n.jsonl"), part_size=2, **options)

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, engine=Local(workers=1), progress=stop)
    return job


def test_an_unfinished_job_is_not_thrown_away_nor_mixed_with_another(pages, tmp_path, monkeypatch):
    job = unfinished(tmp_path, pages)
    assert begun_job(job.out) == job
    assert begun_job(tmp_path / "other.csv") is None
    with pytest.raises(InvalidOption, match="--resume"):
        run(job)
    other = Job(sources=job.sources, out=job.out, layout="line", part_size=2)
    with pytest.raises(InvalidOption, match="layout was 'page' and is 'line'"):
        run(other, resume=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidOption, match="working folder"):
        run(job, resume=True)


def test_addresses_with_secrets_are_for_the_owner_alone(pages, tmp_path):
    job = unfinished(tmp_path, pages)
    assert (job.folder / "sources.jsonl").stat().st_mode & 0o077 == 0
    assert job.folder.stat().st_mode & 0o077 == 0


def test_a_finished_job_is_done_again_where_nobody_says_resume(pages, tmp_path):
    job = Job(sources=(str(pages / "p1.png"),), out=str(tmp_path / "n.csv"))
    first = run(job, engine=Local(workers=1))
    second = run(job, engine=Local(workers=1))
    assert isinstance(first, Summary)
    assert second.resumed == 0
    assert second.sources == first.sources == 1


def test_a_folder_that_cannot_be_written_is_known_before_anything_is_read(pages, tmp_path):
    with pytest.raises(OutputError):
        run(Job(sources=(str(pages),), out=str(tmp_path / "nowhere" / "n.csv")))
    assert list(tmp_path.iterdir()) == []
