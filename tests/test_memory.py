"""What a process keeps of the memory that it freed."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from inkread.memory import keep_freed_memory

if "keep" in sys.argv and not keep_freed_memory():
    sys.exit(3)

def page():
    return np.ones((3000, 700), np.float32) + np.ones((3000, 700), np.float32)

page()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    page()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False)
    if done.returncode == 3:
        pytest.skip("this C library does not know mallopt")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="counts faults of memory as Linux does")
def test_freed_memory_is_used_again_without_the_system():
    assert faults("keep") < 200 < faults()
