"""The training loop: it learns, it can be interrupted, and it goes on where it was."""

from __future__ import annotations

import gc
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from inkread.errors import InkreadError, InvalidOption
from inkread.train.loop import FitOptions, fit, spent, start_from


class Line(nn.Module):
    """y = a x + b, with a batch norm's counter that is no float."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(1, 1)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        self.seen += self.training
        return self.layer(x)


def batches(start, worker):
    rng = np.random.default_rng([3, start, worker])
    while True:
        x = torch.from_numpy(rng.normal(size=(32, 1)).astype(np.float32))
        yield x, 3 * x + 1


def loss(net, batch):
    return nn.functional.mse_loss(net(batch[0]).float(), batch[1])


def validate(net):
    x = torch.linspace(-1, 1, 9)[:, None]
    with torch.inference_mode():
        return {"error": float((net(x) - 3 * x - 1).abs().mean())}


OPTIONS = FitOptions(steps=200, learning_rate=0.1, weight_decay=0.0, average_decay=0.9, validate_every=50, threads=1)


def run(folder, *, options=OPTIONS, net=None, report=lambda progress: None, source=batches):
    return fit(net or Line(), source, loss=loss, validate=validate, options=options, folder=folder, report=report)


def test_it_learns_and_writes_its_curves(tmp_path):
    seen = []
    net = run(tmp_path / "new", report=seen.append)
    assert not net.training
    assert validate(net)["error"] < 0.1
    assert [p.step for p in seen] == list(range(1, 201))
    assert {p.steps for p in seen} == {200}
    assert all(p.samples_per_second > 0 for p in seen)
    rows = [json.loads(row) for row in (tmp_path / "new" / "curves.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [50, 100, 150, 200]
    assert [p.figures["error"] for p in seen if p.figures] == [row["error"] for row in rows]
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_the_rate_rises_and_then_falls_to_nothing(tmp_path):
    options = FitOptions(steps=40, validate_every=1, warmup_share=0.25, learning_rate=0.1, threads=1)
    run(tmp_path, options=options)
    rates = [json.loads(row)["rate"] for row in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert rates[:10] == pytest.approx([0.01 * (i + 1) for i in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001


def test_an_interrupted_training_goes_on_to_the_same_step(tmp_path):
    options = FitOptions(
        steps=60, learning_rate=0.1, average_decay=0.9, validate_every=20, checkpoint_seconds=0, threads=1
    )

    def stop_at(step):
        def report(progress):
            if progress.step == step:
                raise KeyboardInterrupt

        return report

    for step in (10, 25):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, options=options, report=stop_at(step))
    seen, starts = [], []

    def source(start, worker):
        starts.append(start)
        return batches(start, worker)

    net = run(tmp_path, options=options, report=seen.append, source=source)
    assert starts == [25]
    assert [p.step for p in seen] == list(range(26, 61))
    assert int(net.seen) == 60
    rows = [json.loads(row)["step"] for row in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert rows == [20, 40, 60]


def numbered(start, worker):
    """Batches that say who made them and how many came before."""
    for number in range(1_000):
        yield torch.full((4, 1), float(worker)), torch.full((4, 1), float(number))


def seen_by(folder, **options):
    """Worker and number of every batch that was learned from."""
    seen = []

    def noted(net, batch):
        seen.append((int(batch[0][0, 0]), int(batch[1][0, 0])))
        return loss(net, batch)

    given = FitOptions(steps=12, learning_rate=0.1, threads=1, **options)
    fit(Line(), numbered, loss=noted, validate=lambda net: {}, options=given, folder=folder)
    return seen


def test_workers_make_batches_in_turn(tmp_path):
    assert seen_by(tmp_path, workers=3) == [(worker, number) for number in range(4) for worker in range(3)]


def test_batches_are_learned_from_again(tmp_path):
    seen = seen_by(tmp_path / "one", workers=2, repeats=3)
    assert seen[::3] == [(0, 0), (1, 0), (0, 1), (1, 1)], "a new one, and two of those before"
    assert all(one in seen[: place + 1 - place % 3 : 3] for place, one in enumerate(seen))
    assert seen_by(tmp_path / "two", workers=2, repeats=3) == seen, "by chance, but by the seed's"


def test_a_training_ends_in_time_with_its_rate_fallen_to_nothing(tmp_path):
    options = FitOptions(steps=1_000_000, learning_rate=0.1, validate_every=10, threads=1, seconds=1.5)
    seen = []
    began = time.monotonic()
    run(tmp_path, options=options, report=lambda progress: (seen.append(progress.step), time.sleep(0.01)))
    assert 1.4 < time.monotonic() - began < 10
    assert spent(tmp_path).steps == seen[-1] < 1_000
    rates = [json.loads(row)["rate"] for row in (tmp_path / "curves.jsonl").read_text().splitlines()]
    peak = rates.index(max(rates))
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) > 0.09
    assert rates[-1] < 0.001
    again = []
    run(tmp_path, options=options, report=again.append)
    assert again == [], "its time is over"


def test_what_a_training_took_counts_all_of_its_parts(tmp_path):
    options = FitOptions(steps=6, checkpoint_seconds=0, threads=1)
    assert spent(tmp_path).seconds == 0

    def slowly(progress):
        time.sleep(0.05)
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, options=options, report=slowly)
    first = spent(tmp_path)
    assert 0.1 <= first.seconds < 2
    run(tmp_path, options=options, report=lambda progress: time.sleep(0.05))
    assert spent(tmp_path).seconds >= first.seconds + 0.1
    assert spent(tmp_path).cpu_seconds >= first.cpu_seconds >= 0


@pytest.mark.parametrize("broken", [b"half a checkpo", b"cut off", b""])
def test_what_a_broken_checkpoint_took_is_not_known(tmp_path, broken):
    (tmp_path / "checkpoint.pt").write_bytes(broken)
    with pytest.raises(InvalidOption, match="cannot be read"):
        spent(tmp_path)


def test_a_finished_training_is_not_done_again(tmp_path):
    first, seen = run(tmp_path), []
    again = run(tmp_path, report=seen.append)
    assert seen == []
    for one, other in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)


def test_a_checkpoint_of_other_options_is_refused(tmp_path):
    run(tmp_path)
    with pytest.raises(InvalidOption, match="belongs to a training with other options"):
        run(tmp_path, options=FitOptions(steps=300, learning_rate=0.1, threads=1))
    with pytest.raises(InvalidOption, match="another network"):
        run(tmp_path, net=nn.Linear(1, 2))


def test_a_checkpoint_that_is_none_is_named(tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"cut off")
    with pytest.raises(InvalidOption, match=r"checkpoint\.pt cannot be read"):
        run(tmp_path)


def test_a_training_starts_from_the_weights_of_another(tmp_path):
    trained, other = run(tmp_path), Line()
    start_from(other, tmp_path / "checkpoint.pt")
    torch.testing.assert_close(other.layer.weight, trained.layer.weight)


@pytest.mark.parametrize("broken", [None, b"", b"cut off", b"half a checkpo"])
def test_a_training_does_not_start_from_what_is_no_checkpoint_of_its_network(tmp_path, broken):
    checkpoint = tmp_path / "checkpoint.pt"
    if broken is not None:
        checkpoint.write_bytes(broken)
    with pytest.raises(InvalidOption, match=r"cannot start from .*checkpoint\.pt"):
        start_from(Line(), checkpoint)
    run(tmp_path / "other")
    with pytest.raises(InvalidOption, match="cannot start from"):
        start_from(nn.Linear(1, 2), tmp_path / "other" / "checkpoint.pt")


def test_opencv_keeps_its_threads_after_a_training(tmp_path):
    before, during = cv2.getNumThreads(), set()
    try:
        cv2.setNumThreads(2)
        run(tmp_path, report=lambda progress: during.add(cv2.getNumThreads()))
        assert during == {1}
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)


def test_an_error_among_the_batches_reaches_the_caller(tmp_path):
    def broken(start, worker):
        yield from (batch for batch, _ in zip(batches(start, worker), range(5), strict=False))
        raise ValueError("a damaged picture")

    with pytest.raises(ValueError, match="a damaged picture"):
        run(tmp_path, source=broken)


def test_batches_that_come_to_an_end_are_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="no more batches"):
        run(tmp_path, source=lambda start, worker: itertools.islice(batches(start, worker), 5))


def test_a_process_that_is_killed_while_it_makes_batches_is_told_at_once(tmp_path):
    def killed(start, worker):
        yield from itertools.islice(batches(start, worker), 5)
        os.kill(os.getpid(), signal.SIGKILL)

    began = time.monotonic()
    with pytest.raises(InkreadError, match="ended with code -9"):
        run(tmp_path, source=killed)
    assert time.monotonic() - began < 5


def test_what_others_left_to_be_collected_ends_in_its_own_process(tmp_path):
    ended = tmp_path / "ended"
    owner = os.getpid()

    class Left:
        def __init__(self):
            self.itself = self

        def __del__(self):
            if os.getpid() != owner:
                ended.touch()

    def collecting(start, worker):
        for batch in batches(start, worker):
            gc.collect()
            yield batch

    gc.disable()
    try:
        Left()
        run(tmp_path / "net", source=collecting)
        assert not gc.isenabled(), "it is left as it was found"
    finally:
        gc.enable()
    assert not ended.exists()


def lives(process):
    """Whether a process of Linux is there, and not one that has ended and waits to be asked how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_nobody_makes_batches_for_a_training_that_was_killed(tmp_path):
    program = textwrap.dedent(
        """
        import os, sys
        from dataclasses import replace
        from pathlib import Path

        from test_loop import OPTIONS, batches, run

        def told(start, worker):
            print(os.getpid(), flush=True)
            yield from batches(start, worker)

        run(Path(sys.argv[1]), source=told, options=replace(OPTIONS, steps=10**9))
        """
    )
    here = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=here, stdout=subprocess.PIPE, text=True
    ) as training:
        maker = int(training.stdout.readline())
        assert lives(maker)
        training.kill()
    until = time.monotonic() + 20
    while lives(maker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(maker)


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 0},
        {"validate_every": 0},
        {"threads": 0},
        {"warmup_share": 1},
        {"average_decay": 1},
        {"learning_rate": 0},
        {"workers": 0},
        {"repeats": 0},
        {"seconds": 0.0},
    ],
)
def test_options_outside_their_ranges_are_refused(changes):
    with pytest.raises(InvalidOption):
        FitOptions(**{"steps": 10, **changes})


def test_half_precision_is_used_only_where_it_saves_time(monkeypatch):
    from inkread.train import loop

    assert loop._multiplies_bfloat16(torch.device("cuda"))
    for capabilities, halves in (
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx2": True, "avx512_bf16": True}, True),
        ({"bf16": True}, True),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda have=capabilities: have)
        assert loop._multiplies_bfloat16(torch.device("cpu")) is halves
