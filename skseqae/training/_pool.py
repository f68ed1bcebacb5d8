"""Idle compiled programs, kept for reuse."""

from contextlib import contextmanager
from threading import Lock

N_PROGRAMS_KEPT = 16


class Pool:
    """Idle programs, of which the least recently used are dropped first. A program is lent to one fit at a time.

    Parameters
    ----------
    size : int
        The number of idle programs to keep.
    """

    def __init__(self, size):
        self.size = size
        self._idle = []  # pairs (key, program), the most recently used last
        self._lock = Lock()

    @contextmanager
    def borrow(self, key, build):
        """Lend an idle program with this key, or a new one from `build()`. Discard the program if its fit raises."""
        with self._lock:
            indices = [i for i, (other, _) in enumerate(self._idle) if other == key]
            program = self._idle.pop(indices[-1])[1] if indices else None
        program = program or build()
        yield program
        with self._lock:
            self._idle = [*self._idle, (key, program)][-self.size :]


pool = Pool(N_PROGRAMS_KEPT)
