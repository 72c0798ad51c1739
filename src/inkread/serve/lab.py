"""The lab: data sets to browse, networks to evaluate, and a small one to train, by whoever runs the server.

One job runs at a time: an evaluation in a thread, a training in a process of its own; both can be canceled, and end
with the server. Who may come in is decided where the addresses are, in :mod:`inkread.serve.lab_rest`.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from inkread.data.cards import CARDS, DatasetCard
from inkread.data.datasets import Samples, is_present, load
from inkread.errors import InkreadError, InvalidOption
from inkread.evaluate.digits import evaluate_digits
from inkread.evaluate.report import Circumstances, digits_report, machine
from inkread.models.registry import DIGIT_TASKS, ModelCard, bundled, load_card
from inkread.reader import Reader, ReaderOptions
from inkread.serve.problems import Conflict, NotFound

__all__ = ["MOST_SAMPLES", "EvaluateOrder", "Job", "Lab", "Network", "Order", "TrainOrder"]

# Samples shown at once; lines are found and read one by one, crops in one call.
MOST_SAMPLES, MOST_LINES = 60, 12
# Pixels: what a chart of one digit shows on a dense screen.
SHOWN_HEIGHT = 192
# A training that takes longer is not one to wait for.
MOST_TRAINING_S = 1200.0
_PATIENCE_S = 5.0  # for a process to end before it is killed

Network = Literal["bundled", "trained"]


class EvaluateOrder(BaseModel):
    """Read a data set and say how much of it is right."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["evaluate"]
    data: str = Field(max_length=100)
    split: str = Field(max_length=20)
    limit: int = Field(2000, ge=1, le=1_000_000)
    network: Network = "bundled"


class TrainOrder(BaseModel):
    """Train a small digit network on one data set."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["train"]
    data: str = Field(max_length=100)
    samples: int = Field(100_000, ge=256, le=1_000_000)


Order = Annotated[EvaluateOrder | TrainOrder, Field(discriminator="kind")]


@dataclass(slots=True)
class Job:
    """One evaluation or training, as it stands; written by its own thread alone."""

    kind: str
    data: str
    total: int
    state: Literal["running", "done", "failed", "canceled"] = "running"
    done: int = 0
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        running = self.state == "running"
        return {
            "kind": self.kind,
            "data": self.data,
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "seconds": round(time.monotonic() - self.began if running else self.seconds, 1),
            "curve": list(self.curve),
            "report": self.report,
            "error": self.error,
        }


class _Canceled(Exception):  # noqa: N818 - it ends a job, and is no error
    """Somebody wants no more of it."""


class Lab:
    """The sets, the networks and the job of one server.

    Parameters
    ----------
    reader
        Reads with the bundled networks.
    options
        How the trained network reads.
    """

    def __init__(self, reader: Reader, options: ReaderOptions) -> None:
        self._readers: dict[str, Reader] = {"bundled": reader}
        self._cards: dict[str, ModelCard] = {"bundled": bundled("digit")}
        self._options = options
        self._loaded: tuple[tuple[str, str], Samples] | None = None
        # One set is decoded at a time, and the last is kept.
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="lab")
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.job: Job | None = None

    @property
    def threads(self) -> ThreadPoolExecutor:
        """The one thread in which sets are loaded and shown."""
        return self._threads

    def overview(self) -> dict[str, Any]:
        """The sets that are here, the networks, and the job."""
        return {
            "sets": [
                _described(card)
                for card in CARDS.values()
                if card.form in ("images", "lines") and is_present(card.name)
            ],
            "networks": {name: card.name for name, card in self._cards.items()},
            "job": None if self.job is None else self.job.to_dict(),
        }

    def reader(self, network: str) -> Reader:
        """The reader with that network.

        Raises
        ------
        NotFound
            If none has been trained.
        """
        if network not in self._readers:
            raise NotFound("no network has been trained here yet")
        return self._readers[network]

    def samples(self, data: str, split: str) -> Samples:
        """A split of a set that is here.

        Raises
        ------
        NotFound, InvalidOption
            If the set is not here, or has no such split.
        """
        card = CARDS.get(data)
        if card is None or card.form not in ("images", "lines") or not is_present(card.name):
            raise NotFound(f"there is no data set {data!r} here")
        if split not in (*card.splits, "all"):
            raise InvalidOption(f"{data} has no split {split!r}; it has {', '.join(card.splits)}")
        with self._lock:
            if self._loaded is None or self._loaded[0] != (data, split):
                self._loaded = (data, split), load(data, split)
            return self._loaded[1]

    def shown(self, data: str, split: str, *, start: int, count: int, network: str) -> dict[str, Any]:
        """Some samples with their pictures, their labels and what is read in them."""
        samples, reader = self.samples(data, split), self.reader(network)
        lines = CARDS[data].form == "lines"
        stop = min(len(samples), start + min(count, MOST_LINES if lines else MOST_SAMPLES))
        places = list(range(start, stop))
        crops = [np.asarray(samples.images[place]) for place in places]
        readings = [_read_line(reader, crop) for crop in crops] if lines else _classified(reader, crops)
        return {
            "n": len(samples),
            "start": start,
            "samples": [
                {"index": place, "label": str(samples.labels[place]), "picture": _data_address(crop), **reading}
                for place, crop, reading in zip(places, crops, readings, strict=True)
            ],
        }

    # -- jobs ---------------------------------------------------------------------------------------------------------

    def begin(self, order: EvaluateOrder | TrainOrder) -> Job:
        """The job that was begun.

        Raises
        ------
        Conflict
            If one is running.
        NotFound, InvalidOption
            If its set or its network is not here, or is no set of single characters.
        """
        card = CARDS.get(order.data)
        if card is None or not is_present(card.name):
            raise NotFound(f"there is no data set {order.data!r} here")
        if card.form != "images":
            raise InvalidOption(f"{order.data} holds no single characters")
        with self._lock:
            if self.job is not None and self.job.state == "running":
                raise Conflict(f"the lab is at work already: {self.job.kind} {self.job.data}")
            self._stop.clear()
            if isinstance(order, EvaluateOrder):
                reader = self.reader(order.network)
                job = Job(order.kind, order.data, total=order.limit)
                work = partial(self._evaluate, job, order, reader)
            else:
                job = Job(order.kind, order.data, total=order.samples)
                work = partial(self._train, job, order)
            self.job = job
            self._worker = threading.Thread(target=self._run, args=(job, work), name="lab-job", daemon=True)
            self._worker.start()
        return job

    def cancel(self) -> None:
        """End the job, if one is running."""
        self._stop.set()

    def close(self) -> None:
        """End the job, and forget what was trained."""
        self.cancel()
        if self._worker is not None:
            self._worker.join(2 * _PATIENCE_S)
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def _run(self, job: Job, work: Any) -> None:
        state: Literal["done", "failed", "canceled"] = "done"
        try:
            work()
        except _Canceled:
            state = "canceled"
        except InkreadError as error:
            state, job.error = "failed", error.message
        except Exception as error:  # noqa: BLE001 - the border of a job; it is told on the page
            state, job.error = "failed", f"{type(error).__name__}: {error}"
        job.seconds = time.monotonic() - job.began
        job.state = state

    def _evaluate(self, job: Job, order: EvaluateOrder, reader: Reader) -> None:
        samples = self.samples(order.data, order.split)
        count = len(samples)
        if order.limit < count:
            samples = samples.take(np.linspace(0, count - 1, order.limit).round().astype(np.int64))
        job.total = len(samples)

        def step(batch: int) -> None:
            job.done += batch
            if self._stop.is_set():
                raise _Canceled

        card = self._cards[order.network]
        model = {task: name for task, name in reader.model.items() if task in DIGIT_TASKS}
        outcome = evaluate_digits(reader.classify, samples, refusal_threshold=card.refusal_threshold, on_batch=step)
        words = f"inkread evaluate digit {order.data} --split {order.split} --limit {job.total}"
        job.report = digits_report(
            outcome,
            Circumstances(
                model=model,
                data={"name": order.data, "split": order.split, "n": job.total, "of": count},
                command=words,
                date=datetime.now().astimezone(),
                machine=machine(),
            ),
        )

    def _train(self, job: Job, order: TrainOrder) -> None:
        folder = tempfile.TemporaryDirectory(prefix="inkread-lab-")
        try:
            card = load_card(self._trained(job, order, Path(folder.name)))
        except BaseException:
            folder.cleanup()
            raise
        self._readers["trained"] = Reader(self._options, models={"digit": card})
        self._cards["trained"] = card
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = folder

    def _trained(self, job: Job, order: TrainOrder, folder: Path) -> Path:
        """The card of the network that another process trains, told line by line."""
        command = [sys.executable, "-m", "inkread.train.watched", "--data", order.data]
        command += ["--samples", str(order.samples), "--folder", str(folder)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        watcher = threading.Thread(target=self._end_in_time, args=(process,), daemon=True)
        watcher.start()
        card: str | None = None
        error: str | None = None
        if process.stdout is None:
            raise TypeError("the process was started without its output")
        with process.stdout as lines:
            for line in lines:
                told = json.loads(line)
                card, error = told.get("card", card), told.get("error", error)
                if "step" in told:
                    job.curve.append(told)
                    job.done = round(told["step"] / told["steps"] * order.samples)
        code = process.wait()
        if self._stop.is_set():
            raise _Canceled
        if card is None:
            raise InkreadError(error or f"the training ended with {code}, after at most {MOST_TRAINING_S:.0f} s")
        return Path(card)

    def _end_in_time(self, process: subprocess.Popen[str]) -> None:
        """End a process when it is canceled, or has had its time."""
        until = time.monotonic() + MOST_TRAINING_S
        while process.poll() is None and time.monotonic() < until and not self._stop.wait(0.2):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _described(card: DatasetCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "title": card.title,
        "form": card.form,
        "use": card.use,
        "licence": card.licence,
        "splits": {name: split.count for name, split in card.splits.items()},
    }


def _classified(reader: Reader, crops: list[np.ndarray[Any, np.dtype[np.uint8]]]) -> list[dict[str, Any]]:
    if not crops:
        return []
    answer = reader.classify(crops)
    return [
        {
            "reading": str(digit),
            "confidence": round(float(sureness), 4),
            "probabilities": [round(float(one), 4) for one in shares],
            "not_a_digit": round(float(none), 4),
        }
        for digit, sureness, shares, none in zip(
            answer.digits, answer.confidence, answer.probabilities, answer.not_a_digit, strict=True
        )
    ]


def _read_line(reader: Reader, crop: np.ndarray[Any, np.dtype[np.uint8]]) -> Mapping[str, Any]:
    lines = list(reader.read(crop, layout="line").lines())
    known = [line.confidence for line in lines if line.confidence is not None]
    text = "".join(line.text for line in lines).replace(" ", "")
    return {"reading": text, "confidence": round(float(np.prod(known)), 4) if known else None}


def _data_address(crop: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    """The picture as a page takes it, no larger than it is shown there."""
    factor = SHOWN_HEIGHT / crop.shape[0]
    if factor < 1:
        size = (max(1, round(crop.shape[1] * factor)), SHOWN_HEIGHT)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    encoded = cv2.imencode(".png", crop)[1]
    return f"data:image/png;base64,{base64.b64encode(encoded.tobytes()).decode()}"
