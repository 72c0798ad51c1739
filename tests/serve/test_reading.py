import asyncio
import threading

import pytest

from inkread.serve.problems import Overloaded, ReadingTimeout
from inkread.serve.reading import Places, ReadingRoom
from inkread.serve.settings import load_settings


def test_places_run_out_and_come_back():
    places = Places(2, what="requests")
    with places.taken():
        with places.taken(), pytest.raises(Overloaded) as caught, places.taken():
            pass
        assert caught.value.headers == {"Retry-After": "1"}
        assert places.count == 1
    assert places.count == 0


def test_what_takes_too_long_is_answered_and_keeps_its_place_until_it_is_done():
    async def scenario():
        room = ReadingRoom(load_settings(read_timeout_s=0.1, read_threads=1, max_in_flight=2))
        release = threading.Event()
        with pytest.raises(ReadingTimeout), room.place():
            await room.run(release.wait)
        assert room.in_flight == 1
        waiting = asyncio.create_task(room.run(lambda: "never begun"))
        with pytest.raises(ReadingTimeout):
            await waiting
        assert room.in_flight == 1
        release.set()
        while room.in_flight:
            await asyncio.sleep(0.01)
        assert await room.run(lambda: "read", deadline=asyncio.get_running_loop().time() + 20) == "read"
        room.close()

    asyncio.run(scenario())


def test_reading_happens_beside_the_loop_and_in_few_threads():
    async def scenario():
        room = ReadingRoom(load_settings(read_threads=2))
        names = await asyncio.gather(*(room.run(lambda: threading.current_thread().name) for _ in range(20)))
        assert threading.current_thread().name not in names
        assert len(set(names)) <= 2
        room.close()

    asyncio.run(scenario())


def test_the_room_is_ready_when_the_networks_are_loaded():
    async def scenario():
        room = ReadingRoom(load_settings())
        assert not room.is_ready
        await room.warm_up()
        assert room.is_ready
        room.close()

    asyncio.run(scenario())


def test_more_than_the_server_can_do_is_refused_and_it_recovers(serving, seven):
    from concurrent.futures import ThreadPoolExecutor

    narrow = serving(max_in_flight=1, read_threads=1)
    with narrow.client() as client, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/read", content=seven), range(60)))
        statuses = {answer.status_code for answer in answers}
        assert statuses == {200, 503}
        assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 503)
        assert client.post("/v1/read", content=seven).status_code == 200
        assert "inkread_in_flight 0.0" in client.get("/metrics").text


def test_a_request_that_takes_too_long_is_answered(serving, cheque):
    with serving(read_timeout_s=0.0001).client() as client:
        answer = client.post("/v1/read", content=cheque)
        assert (answer.status_code, answer.json()["code"]) == (504, "ReadingTimeout")
