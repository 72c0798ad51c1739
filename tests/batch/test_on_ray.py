"""The same rows from a real cluster of two machines, each a raylet of its own, one of them killed midway."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from inkread.batch import Job, Local, OnRay, run
from inkread.errors import InkreadError, ModelError

ray = pytest.importorskip("ray")
pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    # Ray leaves sockets and processes to the system where it ends.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def added(cluster):
    """A machine of one core more; on a busy machine its start may take longer than Ray waits."""
    for attempt in range(3):
        try:
            return cluster.add_node(num_cpus=1)
        except Exception:
            if attempt == 2:
                raise
    return None


@pytest.fixture(scope="module")
def cluster():
    """A head without cores and two machines with one core each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.machines = [added(made) for _ in range(2)]
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def scans(pages, tmp_path_factory):
    """Sixty sources with thirty contents, two of each; three are torn. And one that is not there."""
    folder = tmp_path_factory.mktemp("scans")
    for place in range(60):
        data = (pages / f"p{place % 10 + 1}.png").read_bytes() + bytes([place // 20])
        (folder / f"s{place}.png").write_bytes(data[:300] if place in (7, 33, 58) else data)
    return str(folder), str(folder / "gone.png")


@pytest.fixture(scope="module")
def wanted(scans, tmp_path_factory):
    out = tmp_path_factory.mktemp("wanted") / "n.jsonl"
    run(Job(sources=scans, out=str(out)), engine=Local(workers=2))
    return rows_of(out)


def rows_of(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def assert_same_rows(rows, wanted):
    assert len(rows) == len(wanted)
    for row, other in zip(rows, wanted, strict=True):
        for key in row.keys() - {"confidence", "digits"}:
            assert row[key] == other[key]
        for one, two in zip([row, *(row["digits"] or ())], [other, *(other["digits"] or ())], strict=True):
            assert one["confidence"] == (
                None if two["confidence"] is None else pytest.approx(two["confidence"], abs=1e-4)
            )
            assert (one.get("value"), one["box"]) == (two.get("value"), two["box"])


def test_the_rows_are_those_of_one_machine_though_a_machine_is_killed_midway(cluster, scans, wanted, tmp_path):
    job = Job(sources=scans, out=str(tmp_path / "n.jsonl"), part_size=8)
    killed = []

    def kill_a_machine(progress):
        if progress.done >= 10 and not killed:
            # As a machine is lost: its raylet and every process on it, without a word.
            node = cluster.machines[0]
            raylet = node.all_processes["raylet"][0].process.pid
            children = Path(f"/proc/{raylet}/task/{raylet}/children").read_text(encoding="ascii").split()
            killed.extend([raylet, *map(int, children)])
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    summary = run(job, engine=OnRay(address=cluster.address, workers=2), progress=kill_a_machine)
    assert len(killed) >= 2
    assert (summary.sources, summary.failed, summary.duplicates) == (61, 4, 27)
    assert_same_rows(rows_of(job.out), wanted)


def test_a_job_that_one_engine_began_another_finishes(cluster, scans, wanted, tmp_path):
    job = Job(sources=scans, out=str(tmp_path / "n.jsonl"), part_size=8)

    def stop(progress):
        if progress.done == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job, engine=Local(workers=2), progress=stop)
    summary = run(job, engine=OnRay(address=cluster.address, workers=1), resume=True)
    assert summary.resumed >= 8
    assert_same_rows(rows_of(job.out), wanted)


def test_a_network_that_cannot_be_loaded_ends_the_batch(cluster, pages, tmp_path):
    import inkread

    (tmp_path / "digit.onnx").write_bytes(b"no network")
    shutil.copyfile(Path(inkread.__file__).parent / "models" / "cards" / "digit.toml", tmp_path / "digit.toml")
    job = Job(sources=(str(pages),), out=str(tmp_path / "n.csv"), model=str(tmp_path / "digit.toml"))
    with pytest.raises(ModelError):
        run(job, engine=OnRay(address=cluster.address, workers=1))


def test_a_cluster_that_is_not_there_is_said_to_be_so(pages, tmp_path):
    job = Job(sources=(str(pages),), out=str(tmp_path / "n.csv"))
    with pytest.raises(InkreadError, match=r"there is no Ray at 127\.0\.0\.1:9"):
        run(job, engine=OnRay(address="127.0.0.1:9"))
