"""Settings of all tests."""

import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from data import GOLDEN
from hypothesis import settings
from runs import Command

import glove_adagrad
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.corpus import TextFiles
from glove_adagrad.vocabulary import Vocabulary

# a program that takes functions away from the process that imports it, which the search for doctests would do
collect_ignore = ["without_posix.py"]

# how long an example takes says nothing: machines are slow and busy, and kernels are compiled on the way
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# under nohup, or in the background of a script, signals are ignored, and children inherit that
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

# Numba looks at a kernel's own file, not at those of what it inlines: without this, tests may run yesterday's code
_package = Path(glove_adagrad.__file__).parent
_newest = max(path.stat().st_mtime for folder in ("kernels", "optim") for path in (_package / folder).glob("*.py"))
for _folder in (_package / "kernels", Path(__file__).parent):
    for _index in _folder.rglob("__pycache__/*.nbi"):
        if _index.stat().st_mtime < _newest:
            _index.unlink(missing_ok=True)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, within this process."""
    return Command(capsys, monkeypatch)


@pytest.fixture
def no_warnings() -> Iterator[None]:
    """A warning is a failure unless the test asks for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    """Co-occurrences of a small text, to be read and copied but not changed."""
    vocabulary = Vocabulary.read(GOLDEN / "tiny.vocab.min5.txt")
    return count_cooccurrences(
        TextFiles([GOLDEN / "tiny.txt"]), vocabulary, tmp_path_factory.mktemp("sound") / "matrix"
    )
