"""Check that the memory for an operation is available before it is allocated."""

import os
import re
from pathlib import Path

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None
SMALL = 2**26  # bytes that nobody needs to ask for
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


def free_bytes():
    """Return the bytes that this process may still ask for, infinity where the system does not say."""
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
    """Refuse to ask for more bytes than are free.

    Parameters
    ----------
    n_bytes : int or float
        Bytes needed at the same time.
    what : str
        What needs them, as an error begins.
    advice : str
        What to do, as a sentence.

    Raises
    ------
    MemoryError
        If that is more than is free.
    """
    if n_bytes <= SMALL:
        return
    free = free_bytes()
    if n_bytes > free:
        raise MemoryError(
            f"{what} would take {int(n_bytes)} bytes ({n_bytes / 1e9:.1f} GB), but {int(free)} are free. {advice}"
        )
