"""The addresses of the lab, for the page alone: they stand outside the OpenAPI description, and may change at any time.

Where accounts are on, only admins come in.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from inkread.serve.identity import require_admin
from inkread.serve.lab import MOST_SAMPLES, Lab, Network, Order
from inkread.serve.problems import NotFound
from inkread.serve.rest import answer_strokes
from inkread.serve.rooms import rooms_of

__all__ = ["lab_of", "router"]


def lab_of(request: Request) -> Lab:
    """The lab of the server that was asked, for whoever may use it.

    Raises
    ------
    NotFound
        If it is closed.
    NotSignedIn, Forbidden
        If accounts are on, and this is no admin.
    """
    rooms = rooms_of(request)
    if rooms.accounts is not None:
        require_admin(request)
    if rooms.lab is None:
        raise NotFound("the lab of this server is closed: it opens for one worker, and by INKREAD_LAB")
    return rooms.lab


router = APIRouter(prefix="/v1/lab", include_in_schema=False)
OpenLab = Annotated[Lab, Depends(lab_of)]


@router.get("")
def overview(lab: OpenLab) -> dict[str, Any]:
    """The sets that are here, the networks, and the job."""
    return lab.overview()


@router.get("/samples")
async def samples(
    lab: OpenLab,
    data: Annotated[str, Query(max_length=100)],
    split: Annotated[str, Query(max_length=20)],
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    count: Annotated[int, Query(ge=1, le=MOST_SAMPLES)] = 40,
    network: Network = "bundled",
) -> dict[str, Any]:
    """Some samples of a set with what is read in them."""
    show = partial(lab.shown, data, split, start=start, count=count, network=network)
    return await asyncio.get_running_loop().run_in_executor(lab.threads, show)


@router.get("/job")
def job(lab: OpenLab) -> dict[str, Any]:
    """The job as it stands, or null."""
    return {"job": None if lab.job is None else lab.job.to_dict()}


@router.post("/job", status_code=202)
def begin(lab: OpenLab, order: Order) -> dict[str, Any]:
    """Begin a job, while none is running."""
    return {"job": lab.begin(order).to_dict()}


@router.delete("/job", status_code=204)
def cancel(lab: OpenLab) -> Response:
    """End the job that is running."""
    lab.cancel()
    return Response(status_code=204)


@router.post("/strokes")
async def strokes(lab: OpenLab, request: Request) -> Response:
    """Read pen strokes with the network that was trained here."""
    rooms = rooms_of(request)
    reader = lab.reader("trained")
    async with rooms.bodies.receive(request) as body:
        with rooms.reading.place():
            return await rooms.reading.run(partial(answer_strokes, body, rooms, reader))
