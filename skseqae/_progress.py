"""How training goes on, in one line."""

import shutil
import sys
import time

SECONDS_ON_A_TERMINAL = 0.1  # at least, from one look of the line to the next
SECONDS_ELSEWHERE = 10.0  # at most, from one line to the next where a tenth takes longer
WIDEST_BAR = 30


class Progress:
    """A callback of Keras' kind that shows the epoch, the losses and the time left.

    With `verbose` 1, a terminal has one line a fit, which is written over. Elsewhere, as in a notebook or a log file,
    that cannot be, and there is a line for each tenth of the epochs, or each ten seconds where a tenth takes longer.
    With `verbose` 2 there is a line for each epoch.

    Parameters
    ----------
    stream : text file, default=None
        What to write to. None: standard output, as it is when training begins.
    clock : function, default=time.monotonic
        Gives seconds.
    """

    def __init__(self, stream=None, clock=time.monotonic):
        self._stream, self._clock = stream, clock

    def set_params(self, params):
        """Take how many epochs there are, of how many steps, and how much to say."""
        self._n_epochs, self._n_steps = params["epochs"], params["steps"]
        self._every_epoch = params["verbose"] > 1

    def set_model(self, model):
        """Do without the network."""

    def on_train_begin(self, logs):
        """Start the clock."""
        self._out = self._stream or sys.stdout
        self._is_rewritten = self._out.isatty() and not self._every_epoch
        self._began = self._said_at = self._clock()
        self._said, self._width, self._losses = 0.0, 0, {}
        self._first_epoch_over = None

    def on_epoch_begin(self, epoch, logs):
        """Take note of the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs):
        """Wait for the end."""

    def on_train_batch_end(self, batch, logs):
        """Show how far this epoch is; in the first, of which there is no loss yet, that of the batch."""
        if self._epoch == 0:
            self._losses = logs
        self._show((batch + 1) / self._n_steps)

    def on_epoch_end(self, epoch, logs):
        """Show the losses of the epoch."""
        self._losses = logs
        self._show(1.0, is_whole=True)
        if self._first_epoch_over is None:
            self._first_epoch_over = self._clock()

    def on_train_end(self, logs):
        """Leave a last line that says how long it took."""
        if self._is_rewritten or self._said < self._epoch + 1:
            self._write(self._epoch + 1, f"{_duration(self._clock() - self._began)} in all")
        if self._is_rewritten:
            self._out.write("\n")
        self._out.flush()

    def _show(self, share, is_whole=False):
        """Write a line, if it is time, where this share of the epoch is done."""
        done, now = self._epoch + share, self._clock()
        waited = now - self._said_at
        if self._is_rewritten:
            is_due = waited >= SECONDS_ON_A_TERMINAL
        elif self._every_epoch:
            is_due = is_whole
        else:
            tenth = self._n_epochs / 10
            is_due = waited >= SECONDS_ELSEWHERE or (is_whole and done // tenth > self._said // tenth)
        if is_due:
            self._said, self._said_at = done, now
            self._write(done, f"{_duration(self._seconds_left(done, now))} left")

    def _seconds_left(self, done, now):
        """Expect the epochs to come to take as long as those after the first, which is slow to start."""
        since, epochs = (self._began, done) if self._first_epoch_over is None else (self._first_epoch_over, done - 1)
        return (now - since) / epochs * (self._n_epochs - done)

    def _write(self, done, time):
        number = f"{self._epoch + 1:{len(str(self._n_epochs))}d}/{self._n_epochs}"
        losses = [f"{name}: {self._losses[name]:.4g}" for name in ("loss", "val_loss") if name in self._losses]
        line = " - ".join([f"Epoch {number}", *losses, time])
        if not self._is_rewritten:
            self._out.write(line + "\n")
            self._out.flush()
            return
        room = shutil.get_terminal_size().columns - len(line) - 4  # one column is left free, or the line would wrap
        width = min(room, WIDEST_BAR)
        filled = int(width * done / self._n_epochs)
        bar = f"[{'#' * filled}{'.' * (width - filled)}]" if width >= 5 else ""
        line = f"{bar} {line}".strip()[: shutil.get_terminal_size().columns - 1]
        self._out.write("\r" + line.ljust(self._width))
        self._out.flush()
        self._width = len(line)


def _duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
