"""Trains and measures algorithm after algorithm, each in a process of its own, and goes on where it was stopped.

A process of its own, so that what one algorithm leaves in memory is not counted for the next, and so that one that is
killed for its memory takes none of the others with it. What was measured is kept in ``results/NAME.json``; a network
that was being trained goes on at its checkpoint.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkread.compare.algorithms import Algorithm, Training, ready, settings_of, train
from inkread.compare.split import Split, kept_split
from inkread.errors import InkreadError, InvalidOption, OutputError
from inkread.evaluate.metrics import Rate, class_figures, confusion_matrix
from inkread.evaluate.report import machine, versions, write_report

__all__ = ["Comparison", "Options", "compare", "measure"]

SCHEMA = 1
# Digits handed over at once, as for the throughput of inkread itself.
BATCH = 256
# Digits read one by one for the time that a single one takes; their median is taken.
SINGLES = 100
# Seconds that a process that is told to stop may take.
_PATIENCE_S = 10.0
_PACKAGES = ("scikit-learn", "scipy", "torch", "threadpoolctl")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to compare.

    Attributes
    ----------
    folder
        Keeps the prepared digits, what was measured, and the checkpoints of networks.
    threads
        Cores that one algorithm may use; algorithms run one after another.
    isolated
        Whether each runs in a process of its own. Without, memory is not measured.
    """

    folder: Path
    seed: int = 0
    threads: int = 2
    isolated: bool = True

    def __post_init__(self) -> None:
        if self.threads < 1 or self.seed < 0:
            raise InvalidOption(f"threads are at least 1 and a seed at least 0; got {self.threads} and {self.seed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was measured.

    Attributes
    ----------
    about
        The split, the seed, the cores, the machine.
    rows
        A table for each algorithm, in the order of the list, as :func:`measure` gives it.
    failures
        Why an algorithm has no row.
    """

    about: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    failures: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, *, command: str, date: datetime) -> dict[str, Any]:
        """The whole comparison, ready for JSON."""
        return {
            "schema": SCHEMA,
            "task": "compare",
            **self.about,
            "algorithms": [dict(row) for row in self.rows],
            "failures": dict(self.failures),
            "command": command,
            "date": date.isoformat(timespec="seconds"),
        }


def compare(
    split: Split, algorithms: Sequence[Algorithm], options: Options, *, say: Say = lambda message: None
) -> Comparison:
    """Train and measure the algorithms; those measured before with the same split and settings are taken as they were.

    Parameters
    ----------
    say
        Called with a line for people at every stage.

    Raises
    ------
    InvalidOption
        If the folder holds a comparison on other digits.
    OutputError
        If the folder cannot be written.
    """
    about = {
        "data": {"name": split.name, "train": len(split.train_targets), "test": len(split.test_targets)},
        "fingerprint": split.fingerprint,
        "seed": options.seed,
        "threads": options.threads,
    }
    _check_folder(options.folder, about)
    kept_split(split, options.folder / "digits")
    rows, failures = [], {}
    for number, algorithm in enumerate(algorithms, 1):
        head = f"{number} of {len(algorithms)}, {algorithm.title}"
        path = options.folder / "results" / f"{algorithm.name}.json"
        row = _measured_before(path, algorithm)
        if row is not None:
            say(f"{head}: measured before, {_summary(row)}")
        else:
            say(f"{head}: training")
            try:
                row = _run(algorithm, split, options)
            except InkreadError as error:
                failures[algorithm.name] = error.message
                say(f"{head}: failed: {error.message}")
                continue
            write_report(row, path)
            say(f"{head}: {_summary(row)}")
        rows.append(row)
    found = {**machine(), "packages": {**machine()["packages"], **versions(_PACKAGES)}}
    return Comparison(about={**about, "machine": found}, rows=rows, failures=failures)


def measure(algorithm: Algorithm, split: Split, training: Training) -> dict[str, Any]:
    """Train one algorithm, read the digits to judge by, and give its figures, ready for JSON.

    Rates lie in [0, 1]. ``f1`` of a digit is None where the digit neither occurs nor was read. ``training_seconds`` is
    None for a network that was trained beforehand. Seconds are of the clock, ``training_cpu_seconds`` of all cores
    together, both in all its parts where a training was interrupted; ``seconds`` is of all that is done here.
    Representing digits counts; preparing them does not, as it is the same for all.
    """
    whole = time.perf_counter()
    with ready(algorithm, threads=training.threads):
        began, began_cpu = time.perf_counter(), time.process_time()
        fitted = train(algorithm, split, training)
        seconds = fitted.earlier_seconds + time.perf_counter() - began
        cpu = fitted.earlier_cpu_seconds + time.process_time() - began_cpu
        predicted, batch_seconds = _read_all(fitted.predict, split.test_inputs)
        single_seconds = _single_seconds(fitted.predict, split.test_inputs)
    truth = split.test_targets
    confusion = confusion_matrix(truth, predicted, classes=10)
    figures = class_figures(confusion)
    known = [one.f1 for one in figures if one.f1 is not None]
    return {
        "name": algorithm.name,
        "title": algorithm.title,
        "family": algorithm.family,
        "representation": algorithm.representation,
        "settings": _plain(settings_of(algorithm.name)),
        "accuracy": Rate.of(predicted == truth).to_dict(),
        "per_class": {str(digit): one.to_dict() for digit, one in enumerate(figures)},
        "macro_f1": round(statistics.fmean(known), 6),
        "absent": [digit for digit, one in enumerate(figures) if not one.support],
        "confusion": confusion.tolist(),
        "training_seconds": None if algorithm.name == "bundled" else round(seconds, 3),
        "training_cpu_seconds": None if algorithm.name == "bundled" else round(cpu, 3),
        "seconds_a_digit": round(single_seconds, 8),
        "seconds_a_digit_in_batches": round(batch_seconds / len(truth), 9),
        "seconds": round(time.perf_counter() - whole, 3),
        "size_bytes": fitted.size_bytes,
        "parameters": fitted.parameters,
        "peak_memory_bytes": None,
        "notes": list(fitted.notes),
    }


def _read_all(
    predict: Callable[[NDArray[np.float32]], NDArray[np.int64]], inputs: NDArray[np.float32]
) -> tuple[NDArray[np.int64], float]:
    predict(np.array(inputs[:1]))  # the first call makes what is made once
    answers, seconds = [], 0.0
    for start in range(0, len(inputs), BATCH):
        batch = np.array(inputs[start : start + BATCH])
        began = time.perf_counter()
        answers.append(predict(batch))
        seconds += time.perf_counter() - began
    return np.concatenate(answers), seconds


def _single_seconds(predict: Callable[[NDArray[np.float32]], NDArray[np.int64]], inputs: NDArray[np.float32]) -> float:
    times = []
    for place in range(min(SINGLES, len(inputs))):
        one = np.array(inputs[place : place + 1])
        began = time.perf_counter()
        predict(one)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


# -- a process of its own ---------------------------------------------------------------------------------------------


def _run(algorithm: Algorithm, split: Split, options: Options) -> dict[str, Any]:
    training = Training(folder=options.folder / "networks", seed=options.seed, threads=options.threads)
    if not options.isolated:
        return measure(algorithm, split, training)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(algorithm, split.name, options, there), name=algorithm.name)
    child.start()
    there.close()
    try:
        answer = here.recv()
    except EOFError:
        child.join()
        raise InkreadError(
            f"its process ended with code {child.exitcode} before it was measured; "
            "-9 is what a system without memory left does to it"
        ) from None
    except BaseException:
        _stop(child)
        raise
    finally:
        here.close()
    child.join()
    if isinstance(answer, InkreadError):
        raise answer
    return dict(answer)


def _stop(child: Any) -> None:
    """End the process as Ctrl-C does, so that it ends those that it started itself; by force if it takes too long."""
    if child.is_alive():
        os.kill(child.pid, signal.SIGINT)
        child.join(timeout=_PATIENCE_S)
    if child.is_alive():
        child.terminate()
    child.join()


def _work(algorithm: Algorithm, name: str, options: Options, answer: Any) -> None:
    """In the process of one algorithm: measure it and send its figures, or the error."""
    try:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
        split = kept_split(None, options.folder / "digits", name=name)
        training = Training(
            folder=options.folder / "networks",
            seed=options.seed,
            threads=options.threads,
            report=_Steps() if sys.stderr.isatty() else lambda progress: None,
        )
        row = {**measure(algorithm, split, training), "peak_memory_bytes": _peak_memory()}
        answer.send(row)
    except KeyboardInterrupt:
        pass  # the process that started this one says so
    except InkreadError as error:
        answer.send(error)
    except Exception as error:  # noqa: BLE001  (whatever a library raised is told by the process that waits)
        answer.send(InkreadError(f"{type(error).__name__}: {error}"))
    finally:
        answer.close()


class _Steps:
    """Shows where the training of a network stands, in place, once a second."""

    def __init__(self) -> None:
        self._shown = 0.0

    def __call__(self, progress: Any) -> None:
        now = time.monotonic()
        done = progress.step == progress.steps
        if done or now - self._shown >= 1:
            self._shown = now
            text = f"step {progress.step:,} of {progress.steps:,}, loss {progress.loss:.4f}"
            sys.stderr.write(f"\r\x1b[K{'' if done else text}")
            sys.stderr.flush()


def _peak_memory() -> int | None:
    """The most memory that this process has held, in bytes; None where the system does not say."""
    try:
        # What getrusage says begins, in a new process, at what its parent held.
        with Path("/proc/self/status").open(encoding="ascii") as lines:
            return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return None


# -- what was measured before -----------------------------------------------------------------------------------------


def _check_folder(folder: Path, about: Mapping[str, Any]) -> None:
    path = folder / "comparison.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    except (OSError, ValueError) as error:
        raise OutputError(f"the comparison cannot be kept in {folder}: {error}") from error
    if before is not None and before != about:
        raise InvalidOption(
            f"{folder} holds a comparison on other digits or with other options ({_told(before)}, now {_told(about)}); "
            "take another folder, or delete it"
        )
    if before is None:
        write_report(about, path)


def _told(about: Mapping[str, Any]) -> str:
    data = about.get("data", {})
    return (
        f"{data.get('name')}, {data.get('train')} to learn from, {data.get('test')} to judge by, "
        f"seed {about.get('seed')}, {about.get('threads')} cores"
    )


def _measured_before(path: Path, algorithm: Algorithm) -> dict[str, Any] | None:
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return row if row.get("settings") == _plain(settings_of(algorithm.name)) else None


def _plain(settings: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(settings))


def _summary(row: Mapping[str, Any]) -> str:
    accuracy = f"{100 * row['accuracy']['value']:.2f} %"
    seconds = row["training_seconds"]
    return accuracy if seconds is None else f"{accuracy} after {seconds:,.0f} s of training"
