"""How training goes on, in one line."""

import shutil
import sys
import time
from multiprocessing import parent_process
from threading import current_thread, main_thread

SECONDS_ON_A_TERMINAL = 0.1  # at least, from one look of the line to the next
SECONDS_ELSEWHERE = 10.0  # at most, from one line to the next
WIDTH = 10  # of the bar


class Progress:
    """A callback of Keras' kind that shows the epoch, the losses, the time taken and the time left.

    With `verbose` 1, a terminal has one line a fit, which is written over. In a notebook or a log file, where that
    cannot be, a line follows each tenth of the epochs, and each ten seconds where a tenth takes longer. The workers of
    `n_jobs`, whose lines would mix, write one at the end of each fit.
    With `verbose` 2 or more a line follows each epoch.

    Parameters
    ----------
    stream : text file, default=None
        What to write to. None: standard output, as it is when training begins.
    clock : function, default=time.monotonic
        Gives seconds.
    """

    def __init__(self, stream=None, clock=time.monotonic):
        self._stream, self._clock = stream, clock
        self._is_within_a_line = False

    def set_params(self, params):
        """Take how many epochs there are, of how many steps, and how much to say."""
        self._n_epochs, self._n_steps = params["epochs"], params["steps"]
        self._every_epoch = params["verbose"] > 1

    def set_model(self, model):
        """Do without the network."""

    def on_train_begin(self, logs):
        """Start the clock."""
        self._out = self._stream or sys.stdout
        is_terminal = getattr(self._out, "isatty", lambda: False)()
        self._is_alone = _is_alone()
        self._is_rewritten = is_terminal and not self._every_epoch and self._is_alone
        self._began = self._said_at = self._clock()
        self._since = None  # which time, and how many epochs that was: the pace is that of what followed
        self._said, self._n_letters, self._losses = 0.0, 0, {}

    def on_epoch_begin(self, epoch, logs):
        """Take note of the epoch."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch, logs):
        """Wait for its end."""

    def on_train_batch_end(self, batch, logs):
        """Show how far this epoch is; in the first, of which there is no loss yet, that of the batch."""
        if self._epoch == 0:
            self._losses = logs
        if self._since is None:  # the first step is slow, and so is the first epoch: much is compiled
            self._since = self._clock(), 1 / self._n_steps
        is_last = batch + 1 == self._n_steps  # on which the end of the epoch follows
        if self._has_waited and not self._every_epoch and not is_last:
            self._show(self._epoch + (batch + 1) / self._n_steps)

    def on_epoch_end(self, epoch, logs):
        """Show the losses of the epoch."""
        self._losses, done = logs, epoch + 1
        is_tenth = 10 * done // self._n_epochs > 10 * self._said // self._n_epochs
        if self._every_epoch or self._has_waited or (is_tenth and self._is_alone):
            self._show(done)
        if epoch == 0:
            self._since = self._clock(), 1

    def on_train_end(self, logs):
        """Leave a line of the last epoch, which may have come early."""
        if self._is_rewritten or self._said < self._epoch + 1:
            self._show(self._epoch + 1, is_over=True)
        self.close()

    def close(self):
        """End the line, so that what follows has its own: also that of an error or of Ctrl-C."""
        if self._is_within_a_line:
            self._is_within_a_line = False
            self._write("\n")

    @property
    def _has_waited(self):
        seconds = SECONDS_ON_A_TERMINAL if self._is_rewritten else SECONDS_ELSEWHERE
        return self._is_alone and self._clock() - self._said_at >= seconds

    def _show(self, done, is_over=False):
        """Write a line, where this many epochs are done."""
        self._said, self._said_at = done, self._clock()
        times = _minutes(self._said_at - self._began)
        since, n_before = self._since
        if not is_over and n_before < done < self._n_epochs:
            seconds_left = (self._said_at - since) / (done - n_before) * (self._n_epochs - done)
            times += f", {_minutes(seconds_left)} left"
        number = f"{self._epoch + 1:{len(str(self._n_epochs))}d}/{self._n_epochs}"
        losses = [f"{name}: {self._losses[name]:.4g}" for name in ("loss", "val_loss") if name in self._losses]
        line = " - ".join([f"Epoch {number}", *losses, times])
        if self._is_rewritten:
            self._rewrite(line, done / self._n_epochs)
        else:
            self._write(f"{line}\n")

    def _rewrite(self, line, share):
        """Write over the line of a terminal, with a bar in front where there is room for one."""
        room = shutil.get_terminal_size().columns - 1  # in the last column some terminals begin another line
        bar = f"[{'#' * int(WIDTH * share):.<{WIDTH}}] "
        if len(bar + line) <= room:
            line = bar + line
        line = line[:room]
        self._is_within_a_line = True
        self._write("\r" + line.ljust(min(self._n_letters, room)))
        self._n_letters = len(line)

    def _write(self, text):
        self._out.write(text)
        self._out.flush()


def _is_alone():
    """Tell whether no other fit is at work on the same terminal, as there is where workers of `n_jobs` are."""
    return parent_process() is None and current_thread() is main_thread()


def _minutes(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
