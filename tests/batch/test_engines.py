"""Engines are checked when they are made."""

import os

import pytest

from inkread.batch import Local, OnRay
from inkread.errors import InvalidOption


@pytest.mark.parametrize("engine", [Local, OnRay])
def test_an_engine_needs_a_worker(engine):
    with pytest.raises(InvalidOption, match="at least one worker; got 0"):
        engine(workers=0)


def test_a_machine_has_a_worker_for_every_core_that_may_be_used():
    assert 1 <= Local().count <= os.cpu_count()
    assert Local(workers=3).count == 3


def test_ray_client_is_refused_with_what_to_do_instead():
    with pytest.raises(InvalidOption, match="--ray-address auto"):
        OnRay(address="ray://head:10001")
