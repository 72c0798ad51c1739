"""Where a job is run. An engine decides how fast, never what is written: every engine gives the same rows."""

from __future__ import annotations

import os
from dataclasses import dataclass

from inkread.errors import InvalidOption

__all__ = ["Engine", "Local", "OnRay"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """This machine, with a process a worker.

    Attributes
    ----------
    workers
        Processes that read, at least 1. None is one a core that this process may use.
    """

    workers: int | None = None

    def __post_init__(self) -> None:
        _check(self.workers)

    @property
    def count(self) -> int:
        """How many workers that is on this machine."""
        if self.workers is not None:
            return self.workers
        # A container or a batch system may lend fewer cores than the machine has.
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRay:
    """A Ray cluster (extra ``batch``).

    Attributes
    ----------
    address
        The address of a cluster that this machine belongs to, such as ``auto``. None starts Ray on this machine alone.
    workers
        Readers, one core each, at least 1. None is as many as the cluster has cores for, growing with it.
    """

    address: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        _check(self.workers)
        if self.address is not None and self.address.startswith("ray://"):
            raise InvalidOption(
                f"a batch is run from a machine of the cluster, not through Ray Client; got {self.address!r}. Use "
                "--ray-address auto on one of its nodes, or hand the command to `ray job submit`"
            )


Engine = Local | OnRay


def _check(workers: int | None) -> None:
    if workers is not None and workers < 1:
        raise InvalidOption(f"a batch needs at least one worker; got {workers}")
