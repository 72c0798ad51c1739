"""``WS /v1/live``: frames of a video come in, readings go out; the newest frame wins.

Every socket has at most one frame waiting, one being read and one answer being sent, so that a client that sends too
much, reads too slowly or says nothing costs no more than any other.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from inkread.errors import InkreadError, InvalidOption, UnsupportedSource
from inkread.inputs.kinds import sniff
from inkread.reader import ReaderOptions
from inkread.results import Document
from inkread.serve.problems import Overloaded
from inkread.serve.rooms import Rooms, rooms_of
from inkread.serve.steady import SteadyReading, Votes

__all__ = ["router"]

router = APIRouter()

# A frame begins with its number: an unsigned 64-bit integer, little-endian.
_NUMBER = struct.Struct("<Q")
FRAME_KINDS = ("JPEG", "WebP", "PNG")
# Answers over which the rate is measured: about a second of video.
RATE_ANSWERS = 25
# Seconds that a client may take to accept one answer.
SEND_TIMEOUT_S = 10.0
# Broken messages in a row, after which a client is not talking our language.
MOST_BROKEN = 10

_POLICY, _GOING_AWAY, _TRY_AGAIN = 1008, 1001, 1013


class Control(BaseModel):
    """What a client chooses for the frames that follow."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["control"]
    region: tuple[float, float, float, float] | None = None
    min_confidence: float = Field(0.0, ge=0, le=1, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame as it came, and when."""

    number: int
    content: bytes
    arrived: float


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Read the frames of one video until its client leaves."""
    rooms = rooms_of(socket)
    with rooms.sockets.taken():
        await socket.accept()
        video = _Video(socket, rooms)
        await video.run()


class _CloseError(Exception):
    """The socket is to be closed, and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Video:
    """One client: what it chose, its newest frame and its votes."""

    def __init__(self, socket: WebSocket, rooms: Rooms) -> None:
        self._socket = socket
        self._rooms = rooms
        limits = replace(rooms.reading.options.limits, max_bytes=rooms.settings.max_frame_bytes,
                         max_pixels=rooms.settings.max_frame_pixels, max_pages=1)  # fmt: skip
        self._options: ReaderOptions = replace(rooms.reading.options, limits=limits)
        self._region: tuple[float, float, float, float] | None = None
        self._newest: Frame | None = None
        self._came = asyncio.Event()
        self._votes = Votes()
        self._answers: deque[float] = deque(maxlen=RATE_ANSWERS)
        self._sending = asyncio.Lock()
        self._broken = 0

    async def run(self) -> None:
        """Listen and answer until one of both ends."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._answer())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        except _CloseError as closed:
            await self._close(closed)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, closed: _CloseError) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.close(closed.code, closed.reason)
            except (TimeoutError, RuntimeError, WebSocketDisconnect):
                pass

    async def _listen(self) -> None:
        settings = self._rooms.settings
        allowance = _Allowance(settings.max_frames_per_second)
        while True:
            try:
                async with asyncio.timeout(settings.live_idle_s):
                    message = await self._socket.receive()
            except TimeoutError:
                raise _CloseError(_GOING_AWAY, f"nothing came for {settings.live_idle_s:g} s") from None
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code") or 1005)
            now = time.perf_counter()
            if not allowance.takes(now):
                raise _CloseError(_POLICY, f"more than {settings.max_frames_per_second:g} messages a second")
            if message.get("bytes") is not None:
                await self._take_frame(message["bytes"], now)
            else:
                await self._take_control(message.get("text") or "")

    async def _take_frame(self, content: bytes, now: float) -> None:
        if len(content) <= _NUMBER.size:
            await self._complain(None, InvalidOption("a frame is 8 bytes of its number and then a picture"))
            return
        (number,) = _NUMBER.unpack_from(content)
        if self._newest is not None:
            self._rooms.metrics.count_frame("dropped")
        self._newest = Frame(number=number, content=content[_NUMBER.size :], arrived=now)
        self._came.set()

    async def _take_control(self, text: str) -> None:
        try:
            given = Control.model_validate_json(text)
            if given.region is not None and not (
                given.region[0] < given.region[2] and given.region[1] < given.region[3]
            ):
                raise InvalidOption(f"a region is x0 < x1 and y0 < y1; got {list(given.region)}")
        except ValidationError as error:
            await self._complain(None, InvalidOption(f"no control message: {error.errors()[0]['msg']}"))
            return
        except InvalidOption as error:
            await self._complain(None, error)
            return
        self._broken = 0
        if "min_confidence" in given.model_fields_set:
            self._options = replace(self._options, min_confidence=given.min_confidence)
        if "region" in given.model_fields_set and given.region != self._region:
            self._region = given.region
            self._votes.forget()

    async def _answer(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            frame, self._newest = self._newest, None
            if frame is None:
                continue
            try:
                with self._rooms.reading.place():
                    work = partial(self._read, frame, self._region, self._options)
                    document = await self._rooms.reading.run(work)
            except Overloaded:
                self._rooms.metrics.count_frame("dropped")
                # A video has a next frame; waiting for it is all the answer that is needed.
                await asyncio.sleep(0.05)
                continue
            except InkreadError as error:
                self._rooms.metrics.count_frame("failed")
                await self._complain(frame.number, error)
                continue
            self._rooms.metrics.count_frame("read")
            self._broken = 0
            await self._tell(frame, document)

    def _read(self, frame: Frame, region: tuple[float, float, float, float] | None, options: ReaderOptions) -> Document:
        if sniff(frame.content[:64]) not in FRAME_KINDS:
            raise UnsupportedSource(f"a frame is {', '.join(FRAME_KINDS[:-1])} or {FRAME_KINDS[-1]}", source="<frame>")
        try:
            document = self._rooms.reading.reader.read(frame.content, region=region, options=options)
        except InkreadError as error:
            raise type(error)(error.message.replace("<bytes>", "the frame"), source="<frame>") from error
        return replace(document, source=f"<frame {frame.number}>")

    async def _tell(self, frame: Frame, document: Document) -> None:
        steady = self._vote(document)
        now = time.perf_counter()
        self._answers.append(now)
        await self._send(
            {
                "type": "reading",
                "frame": frame.number,
                "document": document.to_dict(),
                "steady": {"text": steady.text, "frames": steady.frames},
                "latency_ms": round(1000 * (now - frame.arrived), 2),
                "rate": round(self._rate(now), 2),
            }
        )

    def _vote(self, document: Document) -> SteadyReading:
        lines = [[number for number in line.numbers if number.accepted] for line in document.lines()]
        text = "\n".join(" ".join(number.text for number in line) for line in lines if line)
        confidences = [number.confidence or 0.0 for line in lines for number in line]
        return self._votes.add(text, confidence=min(confidences, default=None))

    def _rate(self, now: float) -> float:
        """Answers a second, over the last ones."""
        if len(self._answers) < 2:
            return 0.0
        return (len(self._answers) - 1) / max(1e-6, now - self._answers[0])

    async def _complain(self, frame: int | None, error: InkreadError) -> None:
        self._broken += 1
        await self._send({"type": "problem", "frame": frame, "code": error.code, "message": error.message})
        if self._broken >= MOST_BROKEN:
            raise _CloseError(_POLICY, f"{MOST_BROKEN} messages in a row could not be used")

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send_text(json.dumps(message))
            except TimeoutError:
                raise _CloseError(_POLICY, "answers are not taken") from None
            except RuntimeError as error:  # the socket was closed meanwhile
                raise WebSocketDisconnect(1006) from error


class _Allowance:
    """Whether messages come at a rate that is allowed, with a second's worth saved up."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._last: float | None = None

    def takes(self, now: float) -> bool:
        if self._last is not None:
            self._left = min(self._per_second, self._left + (now - self._last) * self._per_second)
        self._last = now
        self._left -= 1
        return self._left >= 0
