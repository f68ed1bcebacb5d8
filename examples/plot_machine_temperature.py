"""
Failures of a machine in one long series
========================================

The temperature of a component of an industrial machine, every five minutes for eleven weeks, is one long series with
four labelled failures (Numenta Anomaly Benchmark, MIT licence; Lavin and Ahmad 2015, arXiv:1510.03336). This example
cuts the series into windows, trains `SequenceOutlierDetector` on windows of a normal period, and reports the intervals
of outliers with their times. A rolling z-score is the baseline.

The labels are used for two purposes only: to choose the training period, which is the longest period without a labelled
failure, and to evaluate. The detector has default parameters, except for the number of training steps and the share of
the training windows that may be false alarms, 1 %. Because the duration of a failure is unknown, the results of windows
of two, six and twelve hours are reported; the figure shows the middle one.

A note on the results: with each size of windows, all four failures are found, with far fewer false alarms than with the
z-score. But the intervals also cover hours before and after the labelled failures, the more the larger the windows are,
so that more of the normal time outside of the training period is reported than by the z-score.

To run it::

    python examples/plot_machine_temperature.py --picture machine_temperature.png
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skseqae import LSTMAutoencoderTransformer, SequenceOutlierDetector, Sequences

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--picture", default="machine_temperature.png", help="path of the figure (default: %(default)s)")
parser.add_argument("--fast", action="store_true", help="few steps, as a smoke test")
arguments = parser.parse_args()

DATA = Path(__file__).parents[1] / "benchmarks" / "machine_temperature.csv.gz"
FAILURES = [
    (pd.Timestamp(start), pd.Timestamp(end))
    for start, end in (
        ("2013-12-10 06:25", "2013-12-12 05:35"),
        ("2013-12-15 17:50", "2013-12-17 17:00"),
        ("2014-01-27 14:20", "2014-01-29 13:30"),
        ("2014-02-07 14:55", "2014-02-09 14:05"),
    )
]
HOUR, FALSE_ALARMS = 12, 0.01  # timesteps of an hour

# %%
# The clock was set back by an hour on 7 January, so that twelve times occur twice. `Sequences` refuses times that
# decrease, because the order of such rows is ambiguous. Here, the second of both rows is dropped.

frame = pd.read_csv(DATA, parse_dates=["timestamp"])
try:
    Sequences.from_list([frame.set_index("timestamp")])
except ValueError as error:
    print(f"As recorded: {error}")
frame = frame.drop_duplicates("timestamp").set_index("timestamp")
series = Sequences.from_list([frame], ids=["machine"])
print(f"Without the {22_695 - len(frame)} rows of duplicated times: {series}")

# %%
# The training period is between the second and the third failure. The windows of the whole series overlap, by five
# sixths, so that every timestep is in six windows; its score is the mean of their scores.

is_training = (frame.index > FAILURES[1][1]) & (frame.index < FAILURES[2][0])
training_series = Sequences.from_list([frame[is_training]])
autoencoder = LSTMAutoencoderTransformer(max_steps=10 if arguments.fast else 300, random_state=0)
detectors, windows, intervals = {}, {}, {}
for hours in (6,) if arguments.fast else (2, 6, 12):
    size, step = hours * HOUR, 2 * hours
    detector = SequenceOutlierDetector(autoencoder, contamination=FALSE_ALARMS)
    detectors[hours] = detector.fit(training_series.windows(size, step))
    windows[hours] = series.windows(size, step)
    intervals[hours] = detector.outlier_intervals(windows[hours])
print(f"\nIntervals reported with windows of six hours:\n{intervals[6].to_string(index=False)}\n")

# %%
# The baseline is the z-score of a value within the last day, with the usual threshold of 3, and with a threshold that
# is chosen as that of the detector: 1 % of the training period is above it.

day = frame["value"].rolling(24 * HOUR)
z = ((frame["value"] - day.mean()) / day.std()).abs().fillna(0)
z_threshold = z[is_training].quantile(1 - FALSE_ALARMS)


def runs(is_reported):
    """Return the first and the last time of each run of reported timesteps."""
    starts = frame.index[is_reported & ~np.append(False, is_reported[:-1])]
    ends = frame.index[is_reported & ~np.append(is_reported[1:], False)]
    return list(zip(starts, ends, strict=True))


reported = {
    f"detector, windows of {hours} hours": list(zip(found["start"], found["end"], strict=True))
    for hours, found in intervals.items()
}
reported["rolling z-score above 3"] = runs((z > 3).to_numpy())
reported[f"rolling z-score above {z_threshold:.2f}"] = runs((z > z_threshold).to_numpy())

# %%
# Evaluate. A failure is found if an interval overlaps it, and an interval that overlaps no failure is a false alarm.
# Precision and recall count timesteps; so does the share of normal time that is reported, inside and outside of the
# training period.


def is_inside(intervals):
    inside = np.zeros(len(frame), bool)
    for start, end in intervals:
        inside |= (frame.index >= start) & (frame.index <= end)
    return inside


def overlaps(interval, others):
    return any(interval[0] <= end and start <= interval[1] for start, end in others)


is_failure = is_inside(FAILURES)
if arguments.fast:
    print("--fast: the training is too short for meaningful results")
print("Published (Lavin and Ahmad 2015): scores over 58 series together; no precision or recall for this series.")
print(
    f"Obtained:\n{'':30}{'failures found':>16}{'intervals':>11}{'false alarms':>14}{'precision':>11}{'recall':>8}"
    f"{'normal time reported':>30}\n{'':90}{'in training':>15}{'elsewhere':>15}"
)
for name, found in reported.items():
    inside = is_inside(found)
    n_found = sum(overlaps(failure, found) for failure in FAILURES)
    n_false = sum(not overlaps(interval, FAILURES) for interval in found)
    precision, recall = is_failure[inside].mean() if inside.any() else np.nan, inside[is_failure].mean()
    shares = [inside[~is_failure & period].mean() for period in (is_training, ~is_training)]
    print(
        f"{name:30}{f'{n_found} of {len(FAILURES)}':>16}{len(found):11}{n_false:14}{precision:11.2f}{recall:8.2f}"
        f"{shares[0]:15.1%}{shares[1]:15.1%}"
    )

# %%
# Plot the temperature with the labelled failures and the reported intervals, the scores, and the z-scores.

figure, axes = plt.subplots(3, 1, sharex=True, figsize=(11, 7), layout="constrained")
axes[0].plot(frame.index, frame["value"], color="0.2", linewidth=0.6)
scores = windows[6].stitch(detectors[6].score_samples(windows[6])).to_frame(time="timestamp", features=["score"])
axes[1].plot(scores["timestamp"], -scores["score"], color="0.2", linewidth=0.8)
axes[1].axhline(-detectors[6].offset_, color="C0", linestyle="--", label="threshold")
axes[2].plot(frame.index, z, color="0.2", linewidth=0.4)
axes[2].axhline(3, color="C0", linestyle="--", label="threshold")
for ax, name in zip(axes[1:], ("detector, windows of 6 hours", "rolling z-score above 3"), strict=True):
    for start, end in reported[name]:
        ax.axvspan(start, end, ymin=0.93, color="C0", label="reported" if start == reported[name][0][0] else None)
for ax in axes:
    for start, end in FAILURES:
        ax.axvspan(start, end, color="C1", alpha=0.3, label="labelled failure" if start == FAILURES[0][0] else None)
    ax.axvspan(*frame.index[is_training][[0, -1]], ymax=0.04, color="C2", label="training period")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0)
axes[0].set(ylabel="temperature", title="Temperature of a machine")
axes[1].set(yscale="log", ylabel="squared distance", title="Detector: mean over windows of six hours")
axes[2].set(ylabel="absolute z-score", title="Baseline: rolling z-score of a day")
figure.savefig(arguments.picture, dpi=120)
print(f"\nFigure saved to {arguments.picture}")
