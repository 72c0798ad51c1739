"""The lab's own state: one job at a time, told as it stands, and ended with the server."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from inkread.reader import Reader, ReaderOptions
from inkread.serve.lab import EvaluateOrder, Job, Lab
from inkread.serve.problems import Conflict, NotFound


@pytest.fixture
def data(tmp_path, monkeypatch):
    (tmp_path / "semeion").mkdir()
    images = np.random.default_rng(0).integers(0, 255, (700, 16, 16), dtype=np.uint8)
    np.savez(tmp_path / "semeion" / "semeion.npz", images=images, labels=np.arange(700) % 10)
    monkeypatch.setenv("INKREAD_DATA", str(tmp_path))


class SlowReader(Reader):
    """Reads no faster than it is let."""

    def __init__(self) -> None:
        super().__init__(ReaderOptions(threads=1))
        self.go = threading.Event()

    def classify(self, crops):
        self.go.wait(30)
        return super().classify(crops)


def wait_for(lab: Lab) -> Job:
    assert lab.job is not None
    until = time.monotonic() + 60
    while lab.job.state == "running" and time.monotonic() < until:
        time.sleep(0.02)
    return lab.job


def test_one_job_runs_at_a_time_and_is_canceled_between_batches(data):
    reader = SlowReader()
    lab = Lab(reader, ReaderOptions(threads=1))
    order = EvaluateOrder(kind="evaluate", data="semeion", split="all", limit=700)
    job = lab.begin(order)
    assert job.to_dict()["state"] == "running"
    with pytest.raises(Conflict, match="at work already: evaluate semeion"):
        lab.begin(order)
    lab.cancel()
    reader.go.set()
    assert wait_for(lab).state == "canceled"
    assert 0 < job.done < 700
    lab.begin(order)
    done = wait_for(lab)
    assert (done.state, done.done) == ("done", 700)
    assert done.report is not None
    assert done.to_dict()["seconds"] == done.to_dict()["seconds"]  # time stands still when a job is done
    lab.close()


def test_a_set_is_decoded_once_while_it_is_looked_at(data, monkeypatch):
    from inkread.serve import lab as module

    loaded = []
    real = module.load
    monkeypatch.setattr(module, "load", lambda *given: loaded.append(given) or real(*given))
    lab = Lab(Reader(ReaderOptions(threads=1)), ReaderOptions(threads=1))
    for start in (0, 60, 660, 9000):
        shown = lab.shown("semeion", "all", start=start, count=60, network="bundled")
        assert len(shown["samples"]) == max(0, min(60, 700 - start))
    assert loaded == [("semeion", "all")]
    lab.close()


def test_what_is_not_here_is_named(data):
    lab = Lab(Reader(ReaderOptions(threads=1)), ReaderOptions(threads=1))
    with pytest.raises(NotFound, match="no data set 'usps' here"):
        lab.samples("usps", "test")
    with pytest.raises(NotFound, match="no network has been trained"):
        lab.shown("semeion", "all", start=0, count=1, network="trained")
    lab.close()
