"""A table of sequences in HTML, for notebooks."""

from html import escape

import numpy as np

from ._ids_and_times import ids_or_numbers

MAX_ROWS, MAX_VALUES = 5, 4


def make_html(sequences):
    """Return a table of the first sequences: id, length, first and last time, and first values."""
    first, names = sequences[:MAX_ROWS], sequences.feature_names
    feature = "feature 0" if names is None else names[0]
    values = "first values" if sequences.n_features == 1 and names is None else f"first values of {feature}"
    has_times = first.times is not None
    header = ["" if sequences.ids is None else "id", "length", *["start", "end"] * has_times, values]
    ends, rows = np.cumsum(first.lengths), []
    for i, (x, label) in enumerate(zip(first, ids_or_numbers(first), strict=True)):
        times = first.times[ends[i] - len(x) : ends[i]] if has_times else ()
        bounds = [times[0], times[-1]] if len(times) else ["", ""] * has_times
        numbers = [f"{value:.4g}" for value in x[:MAX_VALUES, 0]] + ["..."] * (len(x) > MAX_VALUES)
        rows.append([label, len(x), *bounds, ", ".join(numbers)])
    n_more = len(sequences) - len(first)
    cells = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(str(name))}</th>" for name in header)
    more = f"<p>and {n_more} more</p>" if n_more else ""
    caption = f"<p><code>{escape(repr(sequences))}</code></p>"
    return f"<div>{caption}<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>{more}</div>"
