"""Progress on stderr: bars on a terminal and in a notebook, lines elsewhere. Serves the command line and Python."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glove_adagrad.trainer import Trainer

#: Stages that end sooner show nothing.
_DELAY_SECONDS = 1.0

#: Where there is no terminal, a long stage prints a line this often.
_LINE_SECONDS = 30.0

#: Columns that a bar should have; texts next to it are shortened for it.
_BAR_COLUMNS = 5

#: Displays that are active, and whether the line about compilation was printed.
_active = 0
_compilation_announced = False


def say(line: str) -> None:
    """Print a line on stderr, above a bar that is shown there."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(line, file=sys.stderr)
    else:
        print(line, file=sys.stderr, flush=True)


def compilation_started() -> None:
    """Say once that kernels are being compiled, if progress is shown. Called by `kernels.jit`."""
    global _compilation_announced
    if _active and not _compilation_announced:
        _compilation_announced = True
        say("compiling (once after installation)")


@contextlib.contextmanager
def compilation_shown(quiet: bool) -> Iterator[None]:
    """Announce compilation while the block runs, unless `quiet`."""
    global _active
    _active += not quiet
    try:
        yield
    finally:
        _active -= not quiet


def _has_bars() -> bool:
    """Whether stderr can show bars: it is a terminal, or a notebook's."""
    return sys.stderr.isatty() or "ipykernel" in sys.modules


def _interval(seconds: float) -> str:
    from tqdm import tqdm

    return str(tqdm.format_interval(seconds))


class Bar:
    """A progress bar, without a terminal a line now and then, or nothing; `to` serves as a progress callback.

    Parameters
    ----------
    label : str
        The text before the bar.
    total : float, optional
        The position at the end; None if unknown.
    unit : str
        What is counted; `B` for bytes.
    show : {"bar", "lines", "nothing"}
    delay : float
        Seconds after which the bar appears.
    """

    def __init__(self, label: str, total: float | None, unit: str, show: str, delay: float = _DELAY_SECONDS) -> None:
        self._label, self._total, self._unit, self._show, self._delay = label, total, unit, show, delay
        self._notes: tuple[str, ...] = ()
        self._start = self._done = 0.0
        self._begin: float | None = None
        self._last_line = time.monotonic()
        self._bar: Any = None

    def start_at(self, done: float) -> None:
        """Start at a position, from which speed is measured; at the first call of `to` otherwise."""
        self._begin, self._start, self._done = time.time(), done, done
        self._draw()

    def to(self, done: float) -> None:
        """Move to an absolute position; a bar never goes back."""
        if self._begin is None:  # what came before, such as compilation, is not speed
            self.start_at(done)
        self._done = max(done, self._done)
        self._draw()

    def label(self, label: str, *notes: str) -> None:
        """Change the text before the bar and the one after it: the first of `notes` that leaves room for a bar."""
        self._label, self._notes = label, notes
        self._draw()

    def line(self) -> None:
        """Where there is no terminal, print the progress."""
        if self._show == "lines" and self._begin is not None:
            say(self._line())

    def close(self, complete: bool) -> None:
        """Leave the bar on a line of its own; without bars, print a last line if the stage is complete."""
        if self._bar is not None:
            self._bar.bar_format = self._format(self._bar.format_dict["ncols"])
            self._bar.close()
        elif self._show == "lines" and complete and self._begin and time.time() - self._begin >= self._delay:
            say(self._line())

    def _draw(self) -> None:
        if self._begin is None:
            return
        if self._show == "lines":
            if time.monotonic() - self._last_line >= _LINE_SECONDS:
                self._last_line = time.monotonic()
                say(self._line())
        elif self._show == "bar":
            if self._bar is None:
                if time.time() - self._begin < self._delay:
                    return
                self._bar = self._new_bar()
            self._bar.bar_format = self._format(self._bar.format_dict["ncols"])
            self._bar.update(self._done - self._bar.n)

    def _new_bar(self) -> Any:
        from tqdm.auto import tqdm

        bar = tqdm(
            total=self._total,
            initial=self._start,
            unit=self._unit,
            unit_scale=self._unit == "B",
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format=self._format(None),
        )
        bar.start_t = self._begin
        return bar

    def _format(self, columns: int | None) -> str:
        """tqdm's `bar_format`, of which the text after the bar fits."""
        label = self._label.replace("{", "{{").replace("}", "}}")
        if self._total is None:
            return f"{label}  {{n_fmt}}{self._unit}  {{rate_fmt}}"
        if self._unit == "B":
            return f"{label} {{percentage:3.0f}}%|{{bar}}| {{n_fmt}}/{{total_fmt}}B  {{rate_fmt}}  {{remaining}}"
        room = (columns or 1000) - len(self._label) - len(" 100%|| 00:00 ") - _BAR_COLUMNS
        note = next((f"{note}  " for note in self._notes if len(note) + 2 <= room), "")
        note = note.replace("{", "{{").replace("}", "}}")
        return f"{label} {{percentage:3.0f}}%|{{bar}}| {note}{{remaining}}"

    def _line(self) -> str:
        assert self._begin is not None
        seconds = time.time() - self._begin
        parts = [self._label]
        if self._unit == "B":
            parts.append(f"{self._done / 1e6:,.1f} MB")
        else:
            parts += self._notes[:1] or [f"{self._done:,.0f} {self._unit}"]
        if self._total and self._done < self._total:
            share = (self._done - self._start) / (self._total - self._start)
            parts.insert(1, f"{self._done / self._total:.0%}")
            parts.append(f"{_interval(seconds / share * (1 - share))} left" if share else "")
        else:
            parts.append(f"in {_interval(seconds)}")
        return "  ".join(filter(None, parts))


@contextlib.contextmanager
def progress_bar(label: str, total: float | None, unit: str, quiet: bool) -> Iterator[Bar]:
    """Show progress while the block runs; a stage that ends within a second shows nothing.

    Parameters
    ----------
    label, total, unit
        See `Bar`.
    quiet : bool
        Show nothing.
    """
    bar = Bar(label, total, unit, "nothing" if quiet else "bar" if _has_bars() else "lines")
    with compilation_shown(quiet):
        complete = False
        try:
            yield bar
            complete = True
        finally:
            bar.close(complete)


@contextlib.contextmanager
def training_progress(trainer: Trainer, quiet: bool) -> Iterator[Callable[[Trainer], None]]:
    """Show a training's progress while the block runs: a bar, or without a terminal a line for each epoch.

    Compiles the trainer's kernels first, so that their compilation does not count as training time.

    Yields
    ------
    callable
        To be called with the trainer after each stratum.
    """
    if quiet:
        yield lambda trainer: None
        return
    with compilation_shown(quiet):
        trainer.compile()
    epochs, strata = trainer.settings.epochs, trainer.strata
    bar = Bar("", epochs * strata, "strata", "bar" if _has_bars() else "nothing", delay=0)
    begin, start = time.monotonic(), _strata_done(trainer)

    def shown(trainer: Trainer) -> None:
        done = _strata_done(trainer)
        loss, speed = _loss(trainer), _speed(trainer)
        if _has_bars():
            number = min(epochs, len(trainer.history) + 1)
            bar.label(f"epoch {number}/{epochs}", *([f"{loss}  {speed}", loss] if loss else []))
            bar.to(done)
        elif trainer.position.stratum == 0 and done > start:
            rest = (time.monotonic() - begin) / (done - start) * (epochs * strata - done)
            say(f"epoch {len(trainer.history)}/{epochs}  {loss}  {speed}  {_interval(rest)} left")

    try:
        shown(trainer)
        yield shown
    finally:
        bar.close(complete=True)


def _strata_done(trainer: Trainer) -> int:
    return len(trainer.history) * trainer.strata + trainer.position.stratum


def _loss(trainer: Trainer) -> str:
    """The loss of the last epoch, in the first one of the records so far."""
    if trainer.history:
        return f"loss {trainer.history[-1].loss:.4f}"
    return f"loss {trainer.position.loss / trainer.position.records:.4f}" if trainer.position.records else ""


def _speed(trainer: Trainer) -> str:
    at = trainer.position
    if at.seconds:
        speed = (at.records + at.unobserved_records) / at.seconds
    else:
        speed = trainer.history[-1].records_per_second if trainer.history else 0.0
    return f"{speed / 1e6:.1f} M records/s" if speed >= 1e6 else f"{speed / 1e3:.0f} k records/s"
