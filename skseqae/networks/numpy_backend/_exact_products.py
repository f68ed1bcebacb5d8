"""Matrix products whose bits do not depend on the order of summation.

How a library splits a product depends on its shape, on the position of a column, on the processor and on the number of
threads, and the bits of a float32 sum depend on the split. Here both factors are first rounded to integer multiples of
powers of two, with few enough bits for exact partial sums in float64 (the leading term of Ozaki, Ogita, Oishi and
Rump 2012, doi:10.1007/s11075-011-9478-1). For K = 1000 summands that leaves 21 bits, counted from the largest value of
a column.
"""

from math import ceil, log2

import numpy as np

DOUBLE_BITS = 53
MAX_COLUMNS = 256  # at a time, so that the float64 arrays stay in the processor's caches


class Product:
    """The product of a kernel of shape (K, N) and columns, float32, with an optional bias of shape (N,).

    Each column of the result depends on that column, the kernel and the bias alone.
    """

    def __init__(self, kernel, bias=None):
        self.bias = bias
        self.bits = (DOUBLE_BITS - ceil(log2(len(kernel)))) // 2
        self.rows = np.ascontiguousarray(_rounded(kernel.T, self.bits, axis=1))

    def __call__(self, x):
        """Return the product with x of shape (K, ...), with the bias: an array (N, ...)."""
        columns = _rounded(x.reshape(len(x), -1), self.bits, axis=0)
        result = np.empty((len(self.rows), columns.shape[1]), np.float32)
        for start in range(0, columns.shape[1], MAX_COLUMNS):
            part = slice(start, start + MAX_COLUMNS)
            result[:, part] = self.rows @ columns[:, part]
        if self.bias is not None:
            result += self.bias[:, None]
        return result.reshape(len(self.rows), *x.shape[1:])

    def of(self, h, out, *, is_bounded):
        """Return a function that writes the product with the current h (K, B), without the bias, to `out` (N, B).

        `is_bounded` means that h never leaves [-1, 1].
        """
        rows, bits, exact, wide = self.rows, self.bits, np.empty(h.shape), np.empty(out.shape)
        shift = np.float64(1.5 * 2.0 ** (DOUBLE_BITS - 1 - bits))

        def multiply():
            by = shift if is_bounded else _shift(h, bits, axis=0)
            np.copyto(exact, h)
            np.add(exact, by, out=exact)
            np.subtract(exact, by, out=exact)
            np.dot(rows, exact, out=wide)
            np.copyto(out, wide, casting="same_kind")

        return multiply


def _rounded(x, bits, axis):
    """Return x, float64, as multiples of a power of two along the axis, at most 2 ** bits of them."""
    shift = _shift(x, bits, axis)
    return (x + shift) - shift


def _shift(x, bits, axis):
    """Return numbers whose addition leaves a float64 with `bits` bits, counted from the largest of x."""
    _, exponent = np.frexp(np.abs(x).max(axis=axis, keepdims=True))
    return np.ldexp(1.5, exponent + (DOUBLE_BITS - 1 - bits))
