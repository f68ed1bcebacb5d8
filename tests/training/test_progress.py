"""Progress output: one line that is overwritten on a terminal, a few lines elsewhere."""

import io
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skseqae import LSTMAutoencoderTransformer
from skseqae.training import _progress
from skseqae.training._progress import Progress
from tests.support.estimators import X, every_class, quick
from tests.support.estimators import data_for as data
from tests.support.estimators import y as labels


class Terminal(io.StringIO):
    """A stream whose lines can be overwritten."""

    def isatty(self):
        return True

    def screen(self):
        """Return the visible lines, after text has been overwritten."""
        lines = []
        for line in self.getvalue().split("\n"):
            visible = ""
            for text in line.split("\r"):
                visible = text + visible[len(text) :]
            lines.append(visible.rstrip())
        return lines


def train(stream, n_epochs=10, n_steps=4, seconds=1.0, first=None, verbose=1, stopped=None, validated=True):
    """Simulate training with steps of this number of seconds, or `first` seconds in the first epoch."""
    now = 0.0
    progress = Progress(stream, clock=lambda: now)
    progress.set_model(None)
    progress.set_params({"verbose": verbose, "epochs": n_epochs, "steps": n_steps})
    progress.on_train_begin({})
    for epoch in range(stopped or n_epochs):
        progress.on_epoch_begin(epoch, {})
        for step in range(n_steps):
            progress.on_train_batch_begin(step, {})
            now += seconds if epoch or first is None else first
            progress.on_train_batch_end(step, {"loss": 100.0 + step})
        logs = {"loss": 1 / (epoch + 1)} | ({"val_loss": 2 / (epoch + 1)} if validated else {})
        progress.on_epoch_end(epoch, logs)
    progress.on_train_end(logs)
    return stream


def train_in_a_log(**options):
    return train(io.StringIO(), **options).getvalue().splitlines()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


# --- a terminal -------------------------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(
    n_epochs=st.integers(1, 300),
    n_steps=st.integers(1, 9),
    seconds=st.floats(0, 1e4),
    columns=st.integers(1, 200),
    share=st.floats(0.01, 1),
    validated=st.booleans(),
)
def test_terminals_of_any_width_show_one_line_per_fit(n_epochs, n_steps, seconds, columns, share, validated):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        stopped = max(1, int(share * n_epochs))
        options = {"n_epochs": n_epochs, "n_steps": n_steps, "seconds": seconds, "stopped": stopped}
        terminal = train(Terminal(), **options, validated=validated)
    visible, empty = terminal.screen()
    assert empty == ""
    assert all(len(text) < max(columns, 2) for text in terminal.getvalue().strip("\n").split("\r"))
    whole = f"Epoch {stopped:{len(str(n_epochs))}d}/{n_epochs} - loss: {1 / stopped:.4g}"
    if columns == 200:
        assert whole in visible
        assert ("val_loss" in visible) == validated
    assert "left" not in visible  # which an earlier, longer line contains


def test_the_bar_grows_from_empty_to_full():
    updates = train(Terminal(), n_epochs=20).getvalue().strip("\n").split("\r")[1:]
    bars = [re.match(r"\[(#*)(\.*)\] Epoch", update) for update in updates]
    widths = [len(bar[1]) for bar in bars]
    assert {len(bar[1] + bar[2]) for bar in bars} == {10}
    assert widths == sorted(widths)
    assert widths[0] == 0
    assert bars[-1][2] == ""


def test_terminals_are_updated_at_most_ten_times_a_second():
    terminal = train(Terminal(), n_epochs=10, n_steps=1000, seconds=0.001)
    assert terminal.getvalue().count("\r") <= 10 / 0.1 + 10 + 1


@pytest.mark.parametrize("edge", ["on_epoch_begin", "on_epoch_end"])
def test_interrupted_fits_end_their_line(edge, monkeypatch):
    class InterruptingCallback(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            setattr(self, edge, self.interrupt)

        def interrupt(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(KeyboardInterrupt):
        quick(LSTMAutoencoderTransformer, verbose=1, callbacks=InterruptingCallback()).fit(X)
    visible, empty = sys.stdout.screen()
    assert "Epoch " in visible
    assert empty == ""


def test_fits_in_threads_and_workers_write_one_line_each(monkeypatch):
    with ThreadPoolExecutor() as threads:
        in_a_thread = threads.submit(train, Terminal()).result()
    monkeypatch.setattr(_progress, "parent_process", object)  # simulates a worker
    for stream in (in_a_thread, train(Terminal()), train(io.StringIO()), train(Terminal(), seconds=60.0)):
        (line,) = stream.getvalue().splitlines()
        assert line.startswith("Epoch 10/10 - loss: 0.1 - val_loss: 0.2 - ")
    assert len(train(io.StringIO(), verbose=2).getvalue().splitlines()) == 10


# --- a log file or a notebook -----------------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None)
@given(n_epochs=st.integers(1, 500), n_steps=st.integers(1, 5), seconds=st.floats(0, 30))
def test_logs_have_few_lines_at_regular_intervals(n_epochs, n_steps, seconds):
    lines = train_in_a_log(n_epochs=n_epochs, n_steps=n_steps, seconds=seconds)
    assert len(lines) <= 10 + n_epochs * n_steps * seconds / 10
    assert len(lines) >= min(n_epochs, 10)
    assert not any("\r" in line or "[" in line for line in lines)
    assert f"Epoch {n_epochs}/{n_epochs} - loss: {1 / n_epochs:.4g}" in lines[-1]


def test_short_fits_log_each_tenth_of_the_epochs():
    lines = train_in_a_log(n_epochs=100, seconds=0.001)
    assert [line[:13] for line in lines] == [f"Epoch {10 * i:3d}/100" for i in range(1, 11)]


def test_slow_fits_log_each_ten_seconds_within_an_epoch():
    lines = train_in_a_log(n_epochs=2, n_steps=60)
    assert [line.split(" - ")[-1][:4] for line in lines] == [f"{s // 60}:{s % 60:02}" for s in range(10, 121, 10)]
    assert lines[0].startswith("Epoch 1/2 - loss: 109")  # the loss of the batch, before the first epoch has ended
    assert lines[6].startswith("Epoch 2/2 - loss: 1 - val_loss: 2")  # the losses of the previous epoch


def test_the_last_epoch_before_an_early_stop_is_logged():
    lines = train_in_a_log(n_epochs=100, stopped=37, seconds=0.001)
    assert lines[-1].startswith("Epoch  37/100 - loss: 0.02703 - val_loss: 0.05405")
    assert "left" not in lines[-1]
    assert lines[-2].startswith("Epoch  30/100")


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
@pytest.mark.parametrize("stopped", [None, 7])
def test_verbose_2_writes_one_line_per_epoch(stream, stopped):
    lines = train(stream(), verbose=2, stopped=stopped, seconds=60).getvalue().splitlines()
    assert [line.split(" - ")[0] for line in lines] == [f"Epoch {i:2d}/10" for i in range(1, (stopped or 10) + 1)]


# --- times ------------------------------------------------------------------------------------------------------------


def times(lines):
    return [line.split(" - ")[-1] for line in lines]


def test_the_remaining_time_ignores_the_duration_of_the_first_epoch():
    lines = train_in_a_log(n_epochs=10, n_steps=1, seconds=60.0, first=600.0)
    assert times(lines)[:4] == ["10:00", "11:00, 8:00 left", "12:00, 7:00 left", "13:00, 6:00 left"]
    assert times(lines)[-1] == "19:00"


def test_the_remaining_time_in_the_first_epoch_ignores_the_first_step():
    lines = train_in_a_log(n_epochs=1, n_steps=4, first=60.0)
    assert times(lines) == ["1:00", "2:00, 2:00 left", "3:00, 1:00 left", "4:00"]


# --- in a fit ---------------------------------------------------------------------------------------------------------


@every_class
def test_the_last_line_contains_the_last_loss(cls, capsys):
    fitted = quick(cls, verbose=1).fit(data(cls), labels)
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith(f"Epoch 2/2 - loss: {fitted.history_['loss'][-1]:.4g} - 0:")


def test_progress_does_not_affect_training(capsys):
    silent, verbose = (quick(LSTMAutoencoderTransformer, verbose=verbose).fit(X) for verbose in (0, 1))
    assert silent.history_ == verbose.history_
    assert len(capsys.readouterr().out.splitlines()) == 2
