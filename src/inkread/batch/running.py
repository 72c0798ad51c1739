"""Runs a job from its first source to its table, on whatever engine, from wherever an earlier run ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from inkread.batch.catalog import Catalog, write_catalog
from inkread.batch.collecting import Collector
from inkread.batch.duplicates import Duplicates
from inkread.batch.engines import Engine, Local, OnRay
from inkread.batch.folder import JobFolder
from inkread.batch.job import Job
from inkread.batch.local import read_parts
from inkread.batch.output import check_output, write_output
from inkread.batch.summary import Progress, Summary
from inkread.errors import InkreadError, InvalidOption

__all__ = ["begun_job", "run"]


def run(
    job: Job,
    *,
    engine: Engine | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Summary:
    """Read everything that ``job`` names into its table.

    Parameters
    ----------
    job
        What is read and where it goes.
    engine
        :class:`Local`, also where not given, or :class:`OnRay`. A job that one engine began, another may finish.
    resume
        Go on with an unfinished job where it ended; where there is none, begin it. Without it an unfinished job is
        an error, so that no work is thrown away by mistake, and a finished one is done again.
    progress
        Called after every source.

    Returns
    -------
    Counts and times; sources that failed are in it and in the table, and raise nothing.

    Raises
    ------
    InvalidOption
        If another job was begun at the same output.
    OutputError
        If something cannot be written, a full disk included; what was finished stays finished.
    MissingExtra, ModelError
        If a package is not installed, or the network cannot be used.
    """
    engine = engine or Local()
    check_output(job)
    model = job.networks()
    if isinstance(engine, OnRay):
        from inkread.batch.on_ray import check_ray

        check_ray()
    folder = JobFolder(job.folder)
    with folder.locked():
        if (done := _prepare(job, folder, model, resume)) is not None:
            return done
        began = time.monotonic()
        catalog = Catalog(folder.sources, job.part_size)
        duplicates = Duplicates(folder.duplicates)
        try:
            collector = Collector(job, folder, catalog, duplicates, progress)
            collector.take_over()
            if collector.todo:
                _read(job, catalog, collector, engine)
        finally:
            duplicates.close()
        if collector.todo:
            raise InkreadError(f"an error inside inkread, please report it: {len(collector.todo)} parts were not read")
        summary = write_output(job, folder, range(catalog.parts), model)
        summary = replace(summary, resumed=collector.resumed, seconds=round(time.monotonic() - began, 3))
        folder.finish(summary)
        return summary


def begun_job(out: str | Path) -> Job | None:
    """The job that an earlier run began at this output, finished or not; None where there is none.

    Raises
    ------
    OutputError
        If what it left cannot be used.
    """
    earlier = JobFolder(Path(f"{out}.job")).begun()
    return None if earlier is None else earlier["job"]


def _prepare(job: Job, folder: JobFolder, model: str, resume: bool) -> Summary | None:
    """Begin the job, or take up the one that was begun; the summary where nothing is left to do."""
    earlier = folder.begun()
    finished = folder.summary()
    if earlier is not None and resume:
        _check_same(job, model, earlier, folder)
        if finished is not None:
            return finished
        folder.drop_leftovers()
        return None
    if earlier is not None and finished is None:
        raise InvalidOption(
            f"{folder.path} holds an unfinished job; go on with it by --resume (resume=True), "
            "or delete that folder to begin again"
        )
    folder.clear()
    write_catalog(job.sources, folder.sources)
    folder.sources.chmod(0o600)
    folder.begin(job, model)
    return None


def _check_same(job: Job, model: str, earlier: Mapping[str, Any], folder: JobFolder) -> None:
    ours, theirs = job.to_dict(), earlier["job"].to_dict()
    # Where the output lies may be called by another name; the folder of the job says that it is the same.
    del ours["out"], theirs["out"]
    # Names of sources without a leading slash count from the folder that is worked in.
    ours |= {"the network": model, "the working folder": str(Path.cwd())}
    theirs |= {"the network": earlier["model"], "the working folder": earlier["folder"]}
    changed = [f"{name} was {theirs[name]!r} and is {ours[name]!r}" for name in ours if ours[name] != theirs[name]]
    if changed:
        raise InvalidOption(
            f"{folder.path} holds another job: {'; '.join(changed)}. Give the same options, "
            "or delete that folder to begin again"
        )


def _read(job: Job, catalog: Catalog, collector: Collector, engine: Engine) -> None:
    if isinstance(engine, OnRay):
        from inkread.batch import on_ray

        on_ray.read_parts(job, catalog, collector, engine)
    else:
        read_parts(job, catalog, collector, engine)
