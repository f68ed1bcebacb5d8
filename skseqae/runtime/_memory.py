"""Check that the memory for an operation is available before it is allocated."""

import os
import re
from pathlib import Path

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None
MIN_CHECKED_BYTES = 2**26  # smaller allocations are not checked
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a Linux container


def free_bytes():
    """Return the number of bytes that this process may still allocate, infinity if the system does not report it."""
    pages = _read("/proc/self/statm").split()[:2]
    size, resident = (int(n) * os.sysconf("SC_PAGE_SIZE") for n in pages) if pages else (0, 0)
    available = re.search(r"^MemAvailable: *(\d+) kB", _read("/proc/meminfo"), flags=re.MULTILINE)
    free = [1024 * int(available[1])] if available else [np.inf]
    free += [int(limit) - resident for limit in map(_read, LIMITS) if limit.strip().isdigit()]
    if resource and resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        free.append(resource.getrlimit(resource.RLIMIT_AS)[0] - size)
    return max(0, min(free))


def _read(path):
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:  # another system
        return ""


def check_memory(n_bytes, what, advice):
    """Raise an error if an operation needs more memory than is free.

    Parameters
    ----------
    n_bytes : int or float
        Peak memory of the operation.
    what : str
        The operation, as the first words of the error message.
    advice : str
        The last sentence of the error message.

    Raises
    ------
    MemoryError
        If `n_bytes` is more than the free memory.
    """
    if n_bytes <= MIN_CHECKED_BYTES:
        return
    free = free_bytes()
    if n_bytes > free:
        raise MemoryError(
            f"{what} would take {int(n_bytes)} bytes ({n_bytes / 1e9:.1f} GB), but {int(free)} are free. {advice}"
        )
