import contextlib
import json
import struct
import time
from socket import SHUT_RDWR

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def frame(number, picture):
    return struct.pack("<Q", number) + picture


@pytest.fixture(scope="module")
def jpeg(seven):
    import io

    stream = io.BytesIO()
    with Image.open(io.BytesIO(seven)) as picture:
        drawn = picture.convert("RGB")
        board = Image.new("RGB", (640, 480), drawn.getpixel((0, 0)))
        board.paste(drawn, (180, 100))
    board.save(stream, "JPEG", quality=85)
    return stream.getvalue()


@pytest.fixture
def socket(server):
    with connect(f"{server.socket_url}/v1/live", origin=server.url, max_size=None) as made:
        yield made


def answer(socket, timeout=20):
    return json.loads(socket.recv(timeout=timeout))


def closed(socket, timeout=20):
    """The code with which the server closes, whatever it says before."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            socket.recv(timeout=timeout)
    return caught.value.rcvd.code if caught.value.rcvd else None


def test_frames_are_read_and_the_reading_grows_steady(socket, jpeg):
    for number in range(5):
        socket.send(frame(number, jpeg))
        told = answer(socket)
        assert told["type"] == "reading"
        assert told["frame"] == number
        assert told["steady"] == {"text": "7", "frames": number + 1}
        assert told["document"]["pages"][0]["width"] == 640
        assert told["latency_ms"] > 0
    assert told["rate"] > 0


def test_the_newest_frame_wins_and_stale_ones_get_no_answer(socket, jpeg):
    for number in range(40):
        socket.send(frame(number, jpeg))
    numbers = []
    while not numbers or numbers[-1] != 39:
        numbers.append(answer(socket)["frame"])
    assert numbers == sorted(numbers)
    assert len(numbers) < 40


def test_a_region_and_a_threshold_hold_from_then_on(socket, jpeg):
    socket.send(json.dumps({"type": "control", "region": [0, 0, 100, 100]}))
    socket.send(frame(1, jpeg))
    assert answer(socket)["steady"]["text"] == ""
    socket.send(json.dumps({"type": "control", "region": None, "min_confidence": 1}))
    socket.send(frame(2, jpeg))
    told = answer(socket)
    assert told["document"]["pages"][0]["lines"][0]["numbers"][0]["accepted"] is False
    assert told["steady"] == {"text": "", "frames": 1}
    socket.send(json.dumps({"type": "control", "min_confidence": 0}))
    socket.send(frame(3, jpeg))
    told = answer(socket)
    assert told["document"]["pages"][0]["lines"][0]["text"] == "7"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"short", "InvalidOption"),
        (frame(9, b"no picture"), "UnsupportedSource"),
        (frame(9, b"\xff\xd8\xff\xe0 broken"), "CorruptSource"),
        (frame(9, b"%PDF-1.7"), "UnsupportedSource"),
        ("no json", "InvalidOption"),
        ('{"type": "control", "region": [5, 5, 1, 1]}', "InvalidOption"),
        ('{"type": "control", "region": [NaN, 0, 1, 1]}', "InvalidOption"),
        ('{"type": "control", "min_confidence": 7}', "InvalidOption"),
        ('{"type": "order"}', "InvalidOption"),
        ("[" * 10_000, "InvalidOption"),
    ],
)
def test_a_bad_message_is_told_and_the_socket_goes_on(socket, jpeg, message, code):
    socket.send(message)
    told = answer(socket)
    assert (told["type"], told["code"]) == ("problem", code)
    assert told["frame"] == (9 if message[:1] == b"\x09" else None)
    socket.send(frame(10, jpeg))
    assert answer(socket)["frame"] == 10


def test_who_sends_only_rubbish_is_shown_out(socket):
    for _ in range(10):
        socket.send(b"short")
    assert closed(socket) == 1008


def test_a_message_that_is_too_large_closes_the_socket(socket, server):
    # The server closes while the frame is still under way, so the word of it may be lost with the connection.
    with contextlib.suppress(ConnectionClosed):
        socket.send(bytes(server.settings.max_frame_bytes + 1))
    assert closed(socket) in (1009, None)


def test_too_many_messages_a_second_close_the_socket(serving):
    hasty = serving(max_frames_per_second=5)
    with connect(f"{hasty.socket_url}/v1/live") as socket:
        with contextlib.suppress(ConnectionClosed):  # it may be closed before all are sent
            for _ in range(20):
                socket.send('{"type": "control"}')
        assert closed(socket) == 1008


def test_a_silent_client_is_shown_out(serving):
    strict = serving(live_idle_s=0.3)
    with connect(f"{strict.socket_url}/v1/live") as socket:
        assert closed(socket) == 1001


def test_only_so_many_sockets_are_open_at_once(serving):
    narrow = serving(max_live=1)
    with connect(f"{narrow.socket_url}/v1/live"):
        with pytest.raises(InvalidStatus) as caught, connect(f"{narrow.socket_url}/v1/live"):
            pass
        assert caught.value.response.status_code == 503
        assert json.loads(caught.value.response.body)["code"] == "Overloaded"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            with connect(f"{narrow.socket_url}/v1/live"):
                return
        except InvalidStatus:
            time.sleep(0.02)
    pytest.fail("the place was not given back")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_a_socket_from_a_foreign_page_is_refused(server, origin):
    with pytest.raises(InvalidStatus) as caught, connect(f"{server.socket_url}/v1/live", origin=origin):
        pass
    assert caught.value.response.status_code == 403
    assert json.loads(caught.value.response.body)["code"] == "ForeignOrigin"


def test_a_client_that_does_not_take_its_answers_harms_nobody(server, jpeg):
    """Its frames fill its own buffers; another client is answered meanwhile."""
    with (
        connect(f"{server.socket_url}/v1/live", max_queue=1) as greedy,
        connect(f"{server.socket_url}/v1/live") as other,
    ):
        for number in range(60):
            greedy.send(frame(number, jpeg))
        times = []
        for number in range(10):
            began = time.perf_counter()
            other.send(frame(number, jpeg))
            assert answer(other)["frame"] == number
            times.append(time.perf_counter() - began)
        assert np.median(times) < 5


def test_a_client_that_vanishes_leaves_nothing_behind(server, client, jpeg):
    for _ in range(5):
        with connect(f"{server.socket_url}/v1/live") as lost:
            lost.send(frame(1, jpeg))
            lost.socket.shutdown(SHUT_RDWR)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        text = client.get("/metrics").text
        if "inkread_live_sockets 0.0" in text and "inkread_in_flight 0.0" in text:
            return
        time.sleep(0.05)
    pytest.fail("sockets are still counted as open")
