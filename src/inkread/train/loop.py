"""The training loop: it knows optimizers, schedules, checkpoints and progress, and no task.

A task brings a network, a stream of batches, a loss and a way to validate; :func:`fit` trains it, can be interrupted at
any moment, and goes on where its last checkpoint was written.
"""

from __future__ import annotations

import copy
import gc
import itertools
import json
import math
import multiprocessing
import pickle
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from inkread.errors import InkreadError, InvalidOption

__all__ = ["FitOptions", "Progress", "Spent", "Taught", "fit", "spent", "start_from"]

# Batches from which those are taken that are learned from again.
KEPT_BATCHES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """How long and how fast to learn.

    Raises
    ------
    InvalidOption
        If a count is not positive or a rate lies outside its range.
    """

    steps: int  # optimizer steps
    learning_rate: float = 3e-3  # peak, reached after the warm-up
    warmup_share: float = 0.05  # share of the steps in which the rate rises, in [0, 1)
    weight_decay: float = 1e-2
    average_decay: float = 0.9995  # of the moving average of weights that is kept, in [0, 1)
    clip_norm: float = 5.0  # of the gradient
    validate_every: int = 1000  # steps
    checkpoint_seconds: float = 120.0
    threads: int = 2
    workers: int = 1  # processes that make batches beside the training
    repeats: int = 1  # how often a batch is learned from, where making one takes longer than learning from it
    seconds: float | None = None  # the training ends after so many at the latest, its rate fallen to nothing
    seed: int = 0

    def __post_init__(self) -> None:
        counts = self.steps, self.validate_every, self.threads, self.workers, self.repeats
        if min(counts) < 1 or (self.seconds is not None and self.seconds <= 0):
            raise InvalidOption(f"steps, validate_every, threads, workers and repeats are at least 1; got {self}")
        if not (0 <= self.warmup_share < 1 and 0 <= self.average_decay < 1 and self.learning_rate > 0):
            raise InvalidOption(f"warmup_share and average_decay lie in [0, 1), the learning rate above 0; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a training stands."""

    step: int
    steps: int
    loss: float
    samples_per_second: float
    figures: dict[str, float] | None = None  # of the last validation, when there was one at this step


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a training has taken so far: steps, seconds of the clock, and of the cores of its own process together."""

    steps: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def spent(folder: Path) -> Spent:
    """What the training in ``folder`` had taken at its last checkpoint, in all its parts if it was interrupted."""
    path = folder / "checkpoint.pt"
    return Spent(**_state(path)["spent"]) if path.exists() else Spent()


def _rate(step: int, options: FitOptions, elapsed: float = 0.0) -> float:
    """Linear warm-up, then half a cosine to zero (Loshchilov and Hutter 2016, arXiv 1608.03983).

    Where time runs out before the steps do, the cosine follows the seconds that are ``elapsed``.
    """
    warmup = max(1, round(options.steps * options.warmup_share))
    if options.seconds is not None:
        step = min(max(step, round(elapsed / options.seconds * options.steps)), options.steps)
    if step < warmup:
        return options.learning_rate * (step + 1) / warmup
    share = (step - warmup) / max(1, options.steps - warmup)
    return options.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def fit(
    net: nn.Module,
    batches: Callable[[int, int], Iterator[Any]],
    *,
    loss: Callable[[nn.Module, Any], Tensor],
    validate: Callable[[nn.Module], dict[str, float]],
    options: FitOptions,
    folder: Path,
    report: Callable[[Progress], None] = lambda progress: None,
) -> nn.Module:
    """Train ``net`` and give the moving average of its weights.

    Parameters
    ----------
    net
        The network; it is trained in place.
    batches
        Called with the step to start from and the number of the worker, below ``options.workers``; gives batches whose
        first element is the one counted as samples. Workers' batches are taken in turn.
    loss
        Of the network on one batch, a scalar; called under bfloat16 autocast where the machine has such arithmetic.
    validate
        Figures of the averaged network, by name; run every ``options.validate_every`` steps and at the end.
    folder
        Where ``checkpoint.pt`` and ``curves.jsonl`` are written; a checkpoint found there with the same options is
        continued, one with other options is an error.
    report
        Called after every step.

    Returns
    -------
    The averaged network in evaluation mode (Polyak and Juditsky 1992, doi:10.1137/0330046).

    Raises
    ------
    InvalidOption
        If the folder holds a checkpoint that cannot be read, or of a training with other options or another network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(options.threads)
    net = net.to(device)
    average = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(
        net.parameters(),
        lr=options.learning_rate,
        weight_decay=options.weight_decay,
        fused=device.type == "cuda" or None,
    )
    before = Spent()
    if checkpoint.exists():
        before = _resume(checkpoint, net, average, optimizer, options)
    start = before.steps
    curves = folder / "curves.jsonl"
    if start == 0:
        curves.write_text("")
    saved, began, loss_sum, loss_count, counted = time.monotonic(), time.monotonic(), 0.0, 0, 0
    began_cpu = time.process_time()
    # OpenCV's own threads would fight with torch's for the same cores.
    opencv_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    halves = _multiplies_bfloat16(device)
    makers = [_ahead(batches(start, worker), depth=4) for worker in range(options.workers)]
    source = _repeated(makers, options.repeats, np.random.default_rng([options.seed, start]))
    try:
        over = options.seconds is not None and before.seconds >= options.seconds
        for step in range(start, start if over else options.steps):
            batch = next(source)
            elapsed = before.seconds + time.monotonic() - began
            rate = _rate(step, options, elapsed)
            for group in optimizer.param_groups:
                group["lr"] = rate
            net.train()
            with torch.autocast(device.type, torch.bfloat16, enabled=halves):
                value = loss(net, batch)
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_(net.parameters(), options.clip_norm)
            optimizer.step()
            # The average forgets its random start at once: early steps use a shorter memory.
            _average(average, net, min(options.average_decay, (1 + step) / (10 + step)))
            loss_sum, loss_count, counted = loss_sum + float(value.detach()), loss_count + 1, counted + len(batch[0])
            late = options.seconds is not None and elapsed >= options.seconds
            last, figures = late or step + 1 == options.steps, None
            if last or (step + 1) % options.validate_every == 0:
                figures = validate(average)
                row = {"step": step + 1, "loss": loss_sum / loss_count, "rate": rate, **figures}
                with curves.open("a") as out:
                    out.write(json.dumps(row) + "\n")
                loss_sum, loss_count = 0.0, 0
            if last or time.monotonic() - saved > options.checkpoint_seconds:
                saved = time.monotonic()
                now = Spent(
                    steps=step + 1,
                    seconds=before.seconds + saved - began,
                    cpu_seconds=before.cpu_seconds + time.process_time() - began_cpu,
                )
                _save(checkpoint, net, average, optimizer, options, now)
            speed = counted / max(1e-9, time.monotonic() - began)
            report(
                Progress(
                    step=step + 1,
                    steps=options.steps,
                    loss=float(value.detach()),
                    samples_per_second=speed,
                    figures=figures,
                )
            )
            if last:
                break
    finally:
        for maker in makers:
            maker.close()
        cv2.setNumThreads(opencv_threads)
    return average.cpu().eval()


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 saves time: a processor without instructions for it takes ten times as long as for float32."""
    if device.type != "cpu":
        return True
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16") or has.get("bf16"))


def _average(average: nn.Module, net: nn.Module, decay: float) -> None:
    pairs = list(zip(average.state_dict().values(), net.state_dict().values(), strict=True))
    floats = [(kept, new) for kept, new in pairs if kept.dtype.is_floating_point]
    with torch.no_grad():
        # All at once: one by one, a graphics card would spend more time on being told than on the work.
        get_ema_multi_avg_fn(decay)([kept for kept, _ in floats], [new for _, new in floats], 0)
        for kept, new in pairs:
            if not kept.dtype.is_floating_point:
                kept.copy_(new)


def _save(
    path: Path,
    net: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
    options: FitOptions,
    taken: Spent,
) -> None:
    state = {
        "options": asdict(options),
        "spent": asdict(taken),
        "net": net.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


# What torch raises at bytes that are no checkpoint depends on the bytes.
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AssertionError,
    pickle.UnpicklingError,
)


class Taught(nn.Module):  # type: ignore[misc]  # torch is left out of type checking
    """A network and a wider one of its kind, which learn from the same batches: what the wider one comes to see in them
    tells the other more than their labels do (Hinton et al. 2015, arXiv 1503.02531)."""

    def __init__(self, student: nn.Module, teacher: nn.Module) -> None:
        super().__init__()
        self.student, self.teacher = student, teacher

    def forward(self, x: Tensor) -> Any:
        """What the student says; the teacher is there for the loss."""
        return self.student(x)


def start_from(net: nn.Module, checkpoint: Path) -> None:
    """Give a network the averaged weights of another training.

    Raises
    ------
    InvalidOption
        If that is no checkpoint, or one of another network.
    """
    try:
        net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    except _UNREADABLE as error:
        raise InvalidOption(f"a training cannot start from {checkpoint}: {error}") from error


def _state(path: Path) -> dict[str, Any]:
    try:
        return dict(torch.load(path, weights_only=True))
    except _UNREADABLE as error:
        raise InvalidOption(f"the checkpoint {path} cannot be read; delete it to start again: {error}") from error


def _resume(
    path: Path, net: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer, options: FitOptions
) -> Spent:
    state = _state(path)
    if state["options"] != asdict(options):
        raise InvalidOption(
            f"{path} belongs to a training with other options ({state['options']}); "
            "take the same ones, another folder, or delete it"
        )
    try:
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise InvalidOption(f"{path} belongs to another network; take another folder, or delete it") from error
    return Spent(**state["spent"])


def _repeated(makers: list[Generator[Any, None, None]], repeats: int, rng: np.random.Generator) -> Iterator[Any]:
    """Batches of the makers in turn; after each one some of those before, so that one comes ``repeats`` times on the
    average."""
    kept: list[Any] = []
    for number in itertools.count():
        batch = next(makers[number % len(makers)])
        yield batch
        if repeats > 1:
            if len(kept) < KEPT_BATCHES:
                kept.append(batch)
            else:
                kept[int(rng.integers(KEPT_BATCHES))] = batch
            for _ in range(repeats - 1):
                yield kept[int(rng.integers(len(kept)))]


def _ahead(items: Iterator[Any], *, depth: int) -> Generator[Any, None, None]:
    """Make items beside the training, up to ``depth`` ahead of their use; an error there is raised here.

    In a process of its own where one can be forked: a thread would fight with the training for the interpreter.
    """
    forks = sys.platform == "linux" and "fork" in multiprocessing.get_all_start_methods()
    ahead = _ahead_in_process if forks else _ahead_in_thread
    yield from ahead(_endless(items), depth=depth)


def _endless(items: Iterator[Any]) -> Iterator[Any]:
    yield from items
    raise RuntimeError("there are no more batches")


def _ahead_in_process(items: Iterator[Any], *, depth: int) -> Generator[Any, None, None]:
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def work() -> None:
        # What the training's process has not collected yet is its own: the end of a server or of a cluster's client,
        # come to by chance in here, would wait for threads that were not forked.
        gc.freeze()
        gc.enable()
        # Ctrl-C is the training's to handle: it ends this process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # With nobody left to read, writing fails and this process ends, however the training did.
        receiver.close()
        try:
            for item in items:
                # Pickled here: tensors would otherwise go through shared memory, of which containers have little.
                sender.send_bytes(pickle.dumps((True, item), protocol=pickle.HIGHEST_PROTOCOL))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001  (handed over to the training, which raises it)
            sender.send_bytes(pickle.dumps((False, error)))

    process = multiprocessing.get_context("fork").Process(target=work, name="batches", daemon=True)
    _start_uncollected(process)
    # The pipe ends with the process, whatever ended that.
    sender.close()
    pickled = _ahead_in_thread(_received(receiver, process), depth=depth)
    try:
        for one in pickled:
            good, item = pickle.loads(one)  # noqa: S301  (made by ourselves a moment ago)
            if not good:
                raise item
            yield item
    finally:
        process.terminate()
        process.join(timeout=5)
        pickled.close()
        receiver.close()


def _start_uncollected(process: BaseProcess) -> None:
    """Fork with the garbage collector at rest, so that nothing is collected in the child before it sets that aside."""
    collects = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            # Of a fork beside other threads: the child makes arrays only, and takes none of their locks.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
    finally:
        if collects:
            gc.enable()


def _received(receiver: Connection, process: BaseProcess) -> Iterator[bytes]:
    while True:
        try:
            yield receiver.recv_bytes()
        except (EOFError, OSError):
            process.join(timeout=5)
            code = process.exitcode
            raise InkreadError(f"the process that makes batches ended with code {code}; is memory short?") from None


def _ahead_in_thread(items: Iterator[Any], *, depth: int) -> Generator[Any, None, None]:
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def put(entry: tuple[bool, Any]) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put((True, item))
                if stopped.is_set():
                    return
        except Exception as error:  # noqa: BLE001  (handed over to the training thread, which raises it)
            put((False, error))

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        while True:
            good, item = waiting.get()
            if not good:
                raise item
            yield item
    finally:
        stopped.set()
        thread.join(timeout=5)
