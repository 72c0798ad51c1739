"""Processes of this machine: order, lost workers, and what they leave behind."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from multiprocessing import active_children
from pathlib import Path

import pytest

import inkread
from inkread.batch import Job, Local, documents, run
from inkread.errors import InkreadError, ModelError, SourceNotFound


def test_documents_come_in_order_with_what_went_wrong(pages, tmp_path):
    sources = [str(pages / "p1.png"), str(tmp_path / "gone.png"), (pages / "p3.png").read_bytes(), str(pages)]
    read = list(documents(sources, workers=2))
    names = [str(pages / f"p{place}.png") for place in range(1, 11)]
    assert [name for name, _ in read] == [sources[0], sources[1], "<bytes>", *names]
    assert isinstance(read[1][1], SourceNotFound)
    one = inkread.Reader(inkread.ReaderOptions(threads=1)).read(sources[0])
    for document in (read[0][1], read[3][1]):
        assert document.text == one.text
        assert document.source == sources[0]
        assert list(document.numbers()) == list(one.numbers())
    assert read[2][1].text == read[5][1].text


def test_workers_end_where_nobody_wants_more(pages):
    reading = documents([str(pages)], workers=2)
    next(reading)
    assert len(active_children()) == 2
    reading.close()
    assert active_children() == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe")
def test_a_source_that_ends_its_worker_again_and_again_is_a_failed_source(pages, tmp_path, wait_until):
    """Its worker waits at a pipe that nobody writes, and is killed there as the system kills what takes all memory."""
    bad = tmp_path / "bad.png"
    os.mkfifo(bad)
    killed = []

    def waits_at_the_pipe(pid: int) -> bool:
        stacks = Path(f"/proc/{pid}/task").glob("*/wchan")
        return any("fifo" in stack.read_text() or "wait_for_partner" in stack.read_text() for stack in stacks)

    def kill_thrice() -> None:
        while len(killed) < 3:
            for child in active_children():
                if child.pid not in killed and waits_at_the_pipe(child.pid):
                    killed.append(child.pid)
                    os.kill(child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_thrice, daemon=True)
    killer.start()
    job = Job(sources=(str(bad), str(pages)), out=str(tmp_path / "n.jsonl"))
    summary = run(job, engine=Local(workers=1))
    killer.join(10)
    assert len(killed) == 3
    assert (summary.sources, summary.failed, summary.numbers) == (11, 1, 10)
    first = (tmp_path / "n.jsonl").read_text(encoding="utf-8").splitlines()[0]
    assert '"problem": "SourceUnreadable"' in first
    assert "ended the process that read it 3 times (signal 9)" in first


def test_a_network_that_cannot_be_loaded_ends_the_batch_at_once(pages, tmp_path):
    cards = Path(inkread.__file__).parent / "models" / "cards"
    (tmp_path / "digit.onnx").write_bytes(b"no network")
    shutil.copyfile(cards / "digit.toml", tmp_path / "digit.toml")
    job = Job(sources=(str(pages),), out=str(tmp_path / "n.csv"), model=str(tmp_path / "digit.toml"))
    with pytest.raises(ModelError):
        run(job, engine=Local(workers=1))
    assert active_children() == []


def test_a_program_without_a_guard_is_told_about_it(pages, tmp_path):
    import subprocess
    import sys

    program = tmp_path / "program.py"
    program.write_text(f"import inkread.batch\nprint(*inkread.batch.documents([{str(pages)!r}], workers=1))\n")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]
    assert InkreadError.__name__ in done.stderr
