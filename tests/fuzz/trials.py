"""Trials in forked children with limits of memory and time, and their outcomes."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import os
import pickle
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from fuzz.cases import Case, Files, Reader, Refused, Unclean, Wrong, check_line, write_files
from fuzz.mutators import TOUCHED, Mutation, flip_bit
from glove_adagrad.errors import GloveError

ONE_LINE, ACCEPTED = "one line", "accepted"
TRACEBACK, CRASH, HANG, MEMORY, WRONG = "traceback", "crash", "hang", "over memory", "accepted but wrong"
#: Something is wrong with the fuzzer itself: a check that raises, a valid input that is refused.
BROKEN = "fuzzer broken"
GOOD, BAD = (ONE_LINE, ACCEPTED), (TRACEBACK, CRASH, HANG, MEMORY, WRONG, BROKEN)

#: Messages of readers that have asked for too much memory. A damaged pickle names any length; whether memory was
#: taken for it does not follow from the error.
_OUT_OF_MEMORY = re.compile(
    r"out of memory|not enough memory(?! to load it, or damaged)"
    r"|unable to allocate|cannot allocate|MemoryError|bad_alloc",
    re.IGNORECASE,
)
_WARM_SECONDS = 240  #: for the first use of a reader, compilation included
_VARIANTS = 2  #: valid inputs of each reader


@dataclass(frozen=True)
class Limits:
    """What a trial may take: bytes of address space beyond those of the parent, and seconds of processor time."""

    memory: int = 512 << 20
    seconds: float = 20.0


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial; `result` is that of the reader, only where it was asked for."""

    kind: str
    detail: str = ""
    result: Any = None

    @property
    def signature(self) -> str:
        """Equal for findings that probably have one cause."""
        place = re.findall(r'File "[^"]*glove_adagrad/([^"]*)", line \d+, in (\w+)', self.detail)
        error = self.detail.strip().rsplit("\n", 1)[-1].split(":")[0][:80]
        return f"{self.kind}: {error}" + (f" in {':'.join(place[-1])}" if place else "")


def prepare() -> None:
    """Make this process fit to be forked from: one thread, one arena for malloc, one core, no waiting for disks."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX: an arena of each thread would take 64 MB of address space
    os.sched_getaffinity = lambda *_: {0}
    os.fsync = lambda *_: None


def in_child(work: Any, limits: Limits, folder: Path) -> tuple[str, bytes, int]:
    """Run `work` in a forked child; returns "done", "died" or "late", what it reported, and its wait status."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            os.close(reading)
            with open(folder / "output", "wb") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            faulthandler.enable(open(2, "w", closefd=False))  # noqa: SIM115
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.chdir(folder / "case")
            report = work()
            os.write(writing, len(report).to_bytes(8, "little"))
            with open(writing, "wb", closefd=False) as file:
                file.write(report)
        except BaseException:
            traceback.print_exc()
            os._exit(99)
        os._exit(0)
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    os.close(writing)
    try:
        return _watch(child, reading, limits.seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)


def _watch(child: int, reading: int, seconds: float) -> tuple[str, bytes, int]:
    clock = _Clock(child, seconds)
    data = b""
    status: int | None = None
    while status is None:
        ready, _, _ = select.select([reading], [], [], 0.05)
        piece = os.read(reading, 1 << 20) if ready else None
        data += piece or b""
        if _whole(data) or piece == b"":
            status = os.waitpid(child, 0)[1]
        elif piece is None:
            # a child that is gone may have left others that hold the pipe open
            done, found = os.waitpid(child, os.WNOHANG)
            status = found if done else None
            if status is None and clock.late():
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "late", b"", 0
    while not _whole(data) and select.select([reading], [], [], 0)[0] and (piece := os.read(reading, 1 << 20)):
        data += piece  # written just before its end
    return ("done" if _whole(data) else "died"), data[8:], status


def _whole(data: bytes) -> bool:
    return len(data) >= 8 and len(data) - 8 >= int.from_bytes(data[:8], "little")


class _Clock:
    """Detects when a group of processes has used up its time.

    That is processor time, so that a busy machine does not make a trial hang; a group that uses none for as long has
    stopped.
    """

    _MOST = 15  #: of the seconds, by the wall clock

    def __init__(self, group: int, seconds: float) -> None:
        self._group, self._seconds = group, seconds
        self._begin = self._advanced = time.monotonic()
        self._used = 0.0

    def late(self) -> bool:
        now = time.monotonic()
        if now - self._begin < min(self._seconds, 1):
            return False
        used = self._processor_seconds()
        if used is None:
            return now - self._begin > self._seconds
        if used > self._used:
            self._used, self._advanced = used, now
        return (
            used > self._seconds
            or now - self._advanced > self._seconds
            or now - self._begin > self._MOST * self._seconds
        )

    def _processor_seconds(self) -> float | None:
        """Processor time of the group so far; None where the system does not say."""
        total, known = 0, False
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text(errors="replace").rpartition(")")[2].split()
                if int(fields[2]) == self._group:
                    known = True
                    total += sum(map(int, fields[11:15]))
        return total / os.sysconf("SC_CLK_TCK") if known else None


def judge(reader: Reader, case: Case, limits: Limits) -> Outcome:
    """Use a reader on the files in this folder and report the outcome. Called in the child."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if limits.memory and os.path.exists("/proc/self/statm"):
        own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (own + limits.memory, before[1]))
    result = None
    try:
        result = reader.use()
        outcome = Outcome(ACCEPTED)
    except (GloveError, OSError, Refused, *reader.refusals) as error:
        outcome = _refusal(error)
    except MemoryError:
        outcome = Outcome(MEMORY, traceback.format_exc())
    except BaseException:
        outcome = Outcome(TRACEBACK, traceback.format_exc())
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    if os.path.exists(TOUCHED):
        return Outcome(WRONG, f"{outcome.detail}\nthe file's code was run")
    gc.collect()  # temporary files live as long as the objects that own them, which the error has kept
    if outcome.kind == ONE_LINE and reader.atomic and (left := sorted(os.listdir("out"))):
        return Outcome(WRONG, f"{outcome.detail}\nleft behind: {left}")
    if outcome.kind == ACCEPTED:
        try:
            if case.reference is None:  # a valid input: the result is the reference
                reader.check(replace(case, reference=result), result)
                return Outcome(ACCEPTED, "", result)
            reader.check(case, result)
        except Wrong as error:
            return Outcome(WRONG, str(error))
        except BaseException:
            return Outcome(BROKEN, traceback.format_exc())
    return outcome


def _refusal(error: Exception) -> Outcome:
    line = str(error)
    if isinstance(error, OSError) and not isinstance(error, GloveError) and error.filename:
        line = f"{error.filename}: {error.strerror}"
    if _OUT_OF_MEMORY.search(line):
        return Outcome(MEMORY, line)
    try:
        check_line(line)
    except Unclean as unclean:
        return Outcome(TRACEBACK, f"not one clean line: {unclean}")
    if not line.strip():
        return Outcome(TRACEBACK, f"an empty error line of {type(error).__name__}")
    return Outcome(ONE_LINE, line)


def run_trial(reader: Reader, case: Case, limits: Limits, again: bool = True) -> Outcome:
    """Run one trial. A trial that takes too long is run once more with twice the time before it counts as hung."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_fast_folder()) as name:
        folder = Path(name)
        write_files(case.files, folder / "case")
        (folder / "case" / "out").mkdir(parents=True, exist_ok=True)
        how, report, status = in_child(lambda: pickle.dumps(judge(reader, case, limits)), limits, folder)
        printed = (folder / "output").read_text(errors="replace")[-3000:]
        if how == "done":
            outcome: Outcome = pickle.loads(report)
            return outcome
        if how == "late":
            if again:
                return run_trial(reader, case, Limits(limits.memory, 2 * limits.seconds), again=False)
            return Outcome(HANG, f"{printed}\nno end within {limits.seconds:g} s")
        if os.WIFSIGNALED(status):
            return Outcome(CRASH, f"{printed}\nkilled by {signal.Signals(os.WTERMSIG(status)).name}")
        return Outcome(CRASH, f"{printed}\nended with status {os.waitstatus_to_exitcode(status)}")


def _fast_folder() -> str | None:
    shared = Path("/dev/shm")
    with contextlib.suppress(OSError):
        if shutil.disk_usage(shared).free > 4 << 30:
            return str(shared)
    return None


@dataclass
class Tally:
    """The outcomes of a reader's trials."""

    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def trials(self) -> int:
        return sum(self.outcomes.values())


class Subject:
    """A reader and its valid inputs."""

    def __init__(self, reader: Reader, seed: int, limits: Limits) -> None:
        self.reader, self.seed, self.limits = reader, seed, limits
        self._valid: list[tuple[Files, Any]] = []

    @property
    def ready(self) -> bool:
        return len(self._valid) == _VARIANTS

    def prepare(self) -> Outcome | None:
        """Make valid inputs and find out what the reader makes of them.

        Returns what is wrong if the reader refuses a valid input, or its check refuses the result or passes that of
        another input.
        """
        try:
            for number in range(_VARIANTS):
                files = self.reader.make(Random(f"{self.seed}/{self.reader.name}/valid {number}"))
                self._valid.append((files, prepared(self.reader, files, self.limits)))
            self._try_check()
        except Exception:
            self._valid = []
            return Outcome(BROKEN, f"{self.reader.name}: a valid input\n{traceback.format_exc()}")
        return None

    def _try_check(self) -> None:
        """See that the check is one: that it refuses the result of another input."""
        (files, expected), (_, other) = self._valid
        found = run_trial(
            replace(self.reader, use=lambda: other), Case(files, files, expected, _UNCHANGED), self.limits
        )
        if found.kind != WRONG:
            raise ValueError(f"its check passes the result of another input: {found.kind}: {found.detail}")

    def case(self, number: int, flips: bool) -> Case:
        """The case of a trial; it depends on the seed, the reader and the number alone."""
        random = Random(f"{self.seed}/{self.reader.name}/{number}")
        (files, reference), (other, _) = random.sample(self._valid, 2)
        if flips:
            path = random.choice([name for name in files if any(Path(name).match(own) for own in self.reader.own)])
            mutation = Mutation(flip_bit(random, files[path], b""), ("flip_bit",), False)
        else:
            path, mutation = self.reader.mutate(random, files, other)
        return Case(files, {**files, path: mutation.data}, reference, mutation)


def prepared(reader: Reader, files: Files, limits: Limits) -> Any:
    """What a reader makes of a valid input, after it was used here so that all is imported and compiled.

    Raises
    ------
    ValueError
        If the reader refuses the input, or its result fails its own check.
    """
    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_fast_folder()) as folder:
        write_files(files, Path(folder))
        os.chdir(folder)
        try:
            os.mkdir("out")
            with _alarm(_WARM_SECONDS):
                reader.use()
        finally:
            os.chdir(home)
    found = run_trial(reader, Case(files, files, None, _UNCHANGED), limits)
    if found.kind != ACCEPTED or found.result is None:
        raise ValueError(f"{found.kind}: {found.detail}")
    return found.result


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the block if it takes longer."""

    def late(*_: object) -> None:
        raise TimeoutError(f"no end within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


_UNCHANGED = Mutation(b"", (), False)
_NOTHING = Case({}, {}, None, _UNCHANGED)


def run_trials(
    subjects: Iterable[Subject], *, trials: int | None, seconds: float | None, flips: bool = False
) -> Iterator[tuple[Subject, int, Case, Outcome]]:
    """Run trials of all readers in turn, by their weights, until their number or the time is used up."""
    subjects = list(subjects)
    for subject in subjects:
        if problem := subject.prepare():
            yield subject, -1, _NOTHING, problem
    subjects = [subject for subject in subjects if subject.ready]
    gc.collect()
    gc.freeze()  # what is here is never collected by children, who would copy all of it for that
    numbers: Counter[str] = Counter()
    end = None if seconds is None else time.monotonic() + seconds
    done = 0
    while subjects and (trials is None or done < trials) and (end is None or time.monotonic() < end):
        # the reader that has had the least of its share
        subject = min(subjects, key=lambda s: (numbers[s.reader.name] + 1) / s.reader.weight)
        number = numbers[subject.reader.name]
        numbers[subject.reader.name] += 1
        case = subject.case(number, flips)
        if case.files != case.valid:
            done += 1
            yield subject, number, case, run_trial(subject.reader, case, subject.limits)


def table(tallies: dict[str, Tally]) -> str:
    """The outcomes by reader, as a Markdown table."""
    kinds = (*GOOD, *BAD[:-1])
    lines = [f"| reader | trials | {' | '.join(kinds)} |", "|---|" + "--:|" * (len(kinds) + 1)]
    everything: Counter[str] = Counter()
    for name, tally in sorted(tallies.items()):
        lines.append(_row(name, tally.outcomes, kinds))
        everything += tally.outcomes
    return "\n".join([*lines, _row("**all**", everything, kinds)])


def _row(name: str, outcomes: Counter[str], kinds: tuple[str, ...]) -> str:
    cells = [str(outcomes[kind] or "") for kind in kinds]
    return f"| {name} | {sum(outcomes.values())} | {' | '.join(cells)} |"
