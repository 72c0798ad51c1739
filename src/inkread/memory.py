"""What a process that reads page after page tells the C library about memory."""

from __future__ import annotations

import ctypes

__all__ = ["keep_freed_memory"]

# Parameters of glibc's mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
# Bytes: freed memory that is kept, and arrays that are taken from it, up to that of a photograph's ink.
KEPT, FROM_KEPT = 128 * 2**20, 32 * 2**20


def keep_freed_memory() -> bool:
    """Let the process keep the memory of a page that was read for the next page, up to 128 MB.

    glibc gives large arrays back to the system as soon as they are freed, which then clears every page of memory anew:
    a tenth of the time that reading a page takes. For processes of our own (servers, workers of batches); a library
    leaves its host's memory alone.

    Returns
    -------
    Whether the C library could be told: only glibc knows these words.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return False
    return bool(mallopt(M_TRIM_THRESHOLD, KEPT)) and bool(mallopt(M_MMAP_THRESHOLD, FROM_KEPT))
