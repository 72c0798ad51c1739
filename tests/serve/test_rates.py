import asyncio
import shutil
import subprocess
import time

import pytest

from inkread.errors import InvalidOption
from inkread.serve.problems import TooManyRequests
from inkread.serve.rates import Rates, RatesError


async def count(rates, caller, times):
    for _ in range(times):
        await rates.count(caller)


def test_callers_are_counted_apart_and_told_when_to_come_back():
    async def scenario():
        rates = Rates("3/minute")
        await count(rates, "a", 3)
        with pytest.raises(TooManyRequests) as caught:
            await rates.count("a")
        assert 1 <= int(caught.value.headers["Retry-After"]) <= 60
        await count(rates, "b", 3)

    asyncio.run(scenario())


def test_several_rates_hold_together():
    async def scenario():
        rates = Rates("2/second;3/minute")
        await count(rates, "a", 2)
        with pytest.raises(TooManyRequests, match="in 1 s"):
            await rates.count("a")

    asyncio.run(scenario())


def test_no_rate_counts_nothing():
    asyncio.run(count(Rates(None), "a", 10_000))
    assert asyncio.run(Rates(None).is_ready())


@pytest.mark.parametrize(("rate", "storage"), [("often", "memory://"), ("1/second", "carrier-pigeon://coop")])
def test_what_is_not_known_is_told(rate, storage):
    with pytest.raises(InvalidOption):
        Rates(rate, storage=storage)


@pytest.fixture
def redis(tmp_path, free_port):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed (Debian: apt install redis-server)")
    options = ["--port", str(free_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{free_port}"
    finally:
        process.terminate()
        process.wait(20)


def test_several_processes_share_one_count_in_redis(redis):
    async def scenario():
        one, two = Rates("3/minute", storage=redis), Rates("3/minute", storage=redis)
        until = time.monotonic() + 30
        while not await one.is_ready() and time.monotonic() < until:
            await asyncio.sleep(0.05)
        await count(one, "a", 2)
        await count(two, "a", 1)
        for rates in (one, two):
            with pytest.raises(TooManyRequests):
                await rates.count("a")
        await one.close()
        await two.close()

    asyncio.run(scenario())


def test_redis_that_is_gone_is_not_ready(free_port):
    async def scenario():
        rates = Rates("3/minute", storage=f"redis://127.0.0.1:{free_port}")
        assert not await rates.is_ready()
        with pytest.raises(RatesError):
            await rates.count("a")
        await rates.close()

    asyncio.run(scenario())
