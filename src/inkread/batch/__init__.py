"""Many sources into one table: on one machine or on a Ray cluster, stopped and started at will.

A :class:`Job` says what is read and where the table goes; :func:`run` does it, part by part, and goes on where an
earlier run ended. Reading itself is :mod:`inkread.reader`'s; here it is only spread, recorded and put in order.
"""

from inkread.batch.engines import Local, OnRay
from inkread.batch.job import FORMATS, Job
from inkread.batch.local import documents
from inkread.batch.records import COLUMNS, arrow_schema
from inkread.batch.running import begun_job, run
from inkread.batch.summary import Progress, Summary

__all__ = [
    "COLUMNS",
    "FORMATS",
    "Job",
    "Local",
    "OnRay",
    "Progress",
    "Summary",
    "arrow_schema",
    "begun_job",
    "documents",
    "run",
]
