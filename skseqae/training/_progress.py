"""The progress of training, in one line."""

import shutil
import sys
import time
from multiprocessing import parent_process
from threading import current_thread, main_thread

MIN_SECONDS_BETWEEN_UPDATES = 0.1  # of the line on a terminal
MAX_SECONDS_BETWEEN_LINES = 10.0  # in a notebook or a log file
BAR_WIDTH = 10  # characters


class Progress:
    """A callback with the methods of a Keras callback. It prints the epoch, the losses, the elapsed and remaining time.

    With `verbose=1`, a terminal shows one line per fit, which is overwritten. In a notebook or a log file, where text
    cannot be overwritten, a line follows each tenth of the epochs, and each ten seconds if a tenth takes longer. The
    workers of `n_jobs`, whose lines would be mixed up, write one line at the end of each fit.
    With `verbose=2` or more, a line follows each epoch.

    Parameters
    ----------
    stream : text file, default=None
        The stream to write to. None: `sys.stdout` at the start of training.
    clock : function, default=time.monotonic
        Returns the time in seconds.
    """

    def __init__(self, stream=None, clock=time.monotonic):
        self._stream, self._clock = stream, clock
        self._has_open_line = False

    def set_params(self, params):
        """Set the number of epochs, the number of steps of an epoch, and the verbosity."""
        self._n_epochs, self._n_steps = params["epochs"], params["steps"]
        self._every_epoch = params["verbose"] > 1

    def set_model(self, model):
        """Ignore the model: it is not used."""

    def on_train_begin(self, logs):
        """Start the clock."""
        self._output = self._stream or sys.stdout
        is_terminal = getattr(self._output, "isatty", lambda: False)()
        self._is_only_fit = _is_only_fit()
        self._overwrites = is_terminal and not self._every_epoch and self._is_only_fit
        self._started_at = self._written_at = self._clock()
        self._reference = None  # a time and the number of epochs done by then: the pace is measured from there
        self._n_epochs_written, self._n_characters, self._losses = 0.0, 0, {}

    def on_epoch_begin(self, epoch, logs):
        """Store the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs):
        """Do nothing: progress is printed at the end of a batch."""

    def on_train_batch_end(self, batch, logs):
        """Print the progress within the epoch; the first epoch has no loss yet, so that the batch loss is printed."""
        if self._epoch == 0:
            self._losses = logs
        if self._reference is None:  # the first step is slow, and so is the first epoch: programs are compiled
            self._reference = self._clock(), 1 / self._n_steps
        is_last = batch + 1 == self._n_steps  # `on_epoch_end` follows at once
        if self._is_due and not self._every_epoch and not is_last:
            self._write_line(self._epoch + (batch + 1) / self._n_steps)

    def on_epoch_end(self, epoch, logs):
        """Print the losses of the epoch."""
        self._losses, n_done = logs, epoch + 1
        is_tenth = 10 * n_done // self._n_epochs > 10 * self._n_epochs_written // self._n_epochs
        if self._every_epoch or self._is_due or (is_tenth and self._is_only_fit):
            self._write_line(n_done)
        if epoch == 0:
            self._reference = self._clock(), 1

    def on_train_end(self, logs):
        """Print a line for the last epoch, also after an early stop."""
        if self._overwrites or self._n_epochs_written < self._epoch + 1:
            self._write_line(self._epoch + 1, is_final=True)
        self.close()

    def close(self):
        """End the line, so that later output starts on a new one, also after an error or Ctrl-C."""
        if self._has_open_line:
            self._has_open_line = False
            self._write("\n")

    @property
    def _is_due(self):
        seconds = MIN_SECONDS_BETWEEN_UPDATES if self._overwrites else MAX_SECONDS_BETWEEN_LINES
        return self._is_only_fit and self._clock() - self._written_at >= seconds

    def _write_line(self, n_done, is_final=False):
        """Write a line for this number of epochs, which may be fractional."""
        self._n_epochs_written, self._written_at = n_done, self._clock()
        times = _format_seconds(self._written_at - self._started_at)
        reference_time, n_before = self._reference
        if not is_final and n_before < n_done < self._n_epochs:
            seconds_left = (self._written_at - reference_time) / (n_done - n_before) * (self._n_epochs - n_done)
            times += f", {_format_seconds(seconds_left)} left"
        number = f"{self._epoch + 1:{len(str(self._n_epochs))}d}/{self._n_epochs}"
        losses = [f"{name}: {self._losses[name]:.4g}" for name in ("loss", "val_loss") if name in self._losses]
        line = " - ".join([f"Epoch {number}", *losses, times])
        if self._overwrites:
            self._overwrite(line, n_done / self._n_epochs)
        else:
            self._write(f"{line}\n")

    def _overwrite(self, line, fraction):
        """Overwrite the line of a terminal, with a progress bar in front if it fits."""
        max_width = shutil.get_terminal_size().columns - 1  # some terminals start a new line after the last column
        bar = f"[{'#' * int(BAR_WIDTH * fraction):.<{BAR_WIDTH}}] "
        if len(bar + line) <= max_width:
            line = bar + line
        line = line[:max_width]
        self._has_open_line = True
        self._write("\r" + line.ljust(min(self._n_characters, max_width)))
        self._n_characters = len(line)

    def _write(self, text):
        self._output.write(text)
        self._output.flush()


def _is_only_fit():
    """Return whether no other fit writes to the same terminal, as fits in workers of `n_jobs` do."""
    return parent_process() is None and current_thread() is main_thread()


def _format_seconds(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
