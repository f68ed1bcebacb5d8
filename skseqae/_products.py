"""Matrix products that come out the same, bit for bit, in whatever order they are summed.

How a library cuts a product into pieces depends on its shape, on a row's place in it, on the processor and on the
number of threads, and the bits of a float32 sum depend on the cut. Here both factors are first rounded to whole
multiples of powers of two, of so few bits that every partial sum is exact in float64 (the leading term of Ozaki, Ogita,
Oishi and Rump 2012, doi:10.1007/s11075-011-9478-1). For K = 1000 summands that leaves 21 bits,
counted from the largest of a row.
"""

from math import ceil, log2

import tensorflow as tf

DOUBLE_BITS = 53
EXPONENT_OF_FLOAT32 = 0x7F800000


def product_with(kernel):
    """Return a function that multiplies x of shape (..., K) by the kernel of shape (K, N).

    Each row of the result depends on that row of x and on the kernel alone. What is not float32 is multiplied as ever.
    """
    if kernel.dtype != tf.float32:
        return lambda x: tf.matmul(x, kernel)
    bits = (DOUBLE_BITS - ceil(log2(kernel.shape[0]))) // 2
    columns, column_unit = _as_multiples(kernel, bits, axis=0)

    def product(x):
        rows, row_unit = _as_multiples(x, bits, axis=-1)
        return tf.cast(tf.matmul(rows, columns) * (row_unit * column_unit), tf.float32)

    return product


def _as_multiples(x, bits, axis):
    """Return whole numbers of at most 2 ** bits, and the power of two along the axis of which x has so many."""
    largest = tf.reduce_max(tf.abs(x), axis=axis, keepdims=True)
    exponent = tf.bitwise.bitwise_and(tf.bitcast(largest, tf.int32), EXPONENT_OF_FLOAT32)
    # a power of two above the largest; where all are zero, the smallest
    above = 2.0 * tf.cast(tf.maximum(tf.bitcast(exponent, tf.float32), 2.0**-126), tf.float64)
    unit = above * 2.0**-bits
    return tf.round(tf.cast(x, tf.float64) / unit), unit
