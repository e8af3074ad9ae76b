"""Files of vectors that are pickles: gensim's are read, and none can run code."""

from __future__ import annotations

import functools
import gzip
import operator
import os
import pickle
import shlex
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from runs import Command

from glove_adagrad.errors import InputError
from glove_adagrad.formats import read_vectors

SENTENCES = [["a", "b", "c", "d"], ["b", "c", "a", "a"]] * 5


def keyed_vectors(dtype: Any = np.float32) -> KeyedVectors:
    keyed = KeyedVectors(3, dtype=dtype)
    keyed.add_vectors(["the", "naïve", "東京"], np.arange(9, dtype=dtype).reshape(3, 3))
    for word, count in (("the", 7), ("naïve", 5), ("東京", 1)):
        keyed.set_vecattr(word, "count", count)
    return keyed


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_what_gensim_saves(protocol: int, dtype: Any, tmp_path: Path) -> None:
    keyed = keyed_vectors(dtype)
    for name, separately in (("inside", None), ("separate", ["vectors"]), ("packed.gz", ["vectors"])):
        keyed.save(str(tmp_path / name), separately=separately, pickle_protocol=protocol)
        found = read_vectors(tmp_path / name)
        assert found.words == ["the", "naïve", "東京"]
        assert found.counts is not None
        assert found.counts.tolist() == [7, 5, 1]
        np.testing.assert_array_equal(found.vectors, np.arange(9, dtype=np.float32).reshape(3, 3))
        trusted = read_vectors(tmp_path / name, trust_pickle=True)
        assert trusted.words == found.words
        np.testing.assert_array_equal(trusted.vectors, found.vectors)


def test_old_files_of_gensim() -> None:
    import gensim

    folder = Path(gensim.__file__).parent / "test" / "test_data"
    for name in ("old_keyedvectors_320.dat", "w2v_keyedvectors_load_test.modeldata"):
        if not (folder / name).is_file():
            pytest.skip("gensim was installed without its test data")
        found, trusted = read_vectors(folder / name), read_vectors(folder / name, trust_pickle=True)
        assert found.words == trusted.words
        np.testing.assert_array_equal(found.vectors, trusted.vectors)


def test_subword_vectors_and_whole_models(tmp_path: Path) -> None:
    subwords = FastText(SENTENCES, vector_size=4, min_count=1, bucket=10, epochs=1)
    words = Word2Vec(SENTENCES, vector_size=4, min_count=1, epochs=1)
    for saved, keyed in ((words, words.wv), (subwords, subwords.wv), (subwords.wv, subwords.wv)):
        saved.save(str(tmp_path / "model"))
        with pytest.raises(InputError, match=r"(Word2Vec|FastText).*`trust_pickle`.*python -c .*model") as caught:
            read_vectors(tmp_path / "model")
        assert "\n" not in str(caught.value)
        np.testing.assert_array_equal(read_vectors(tmp_path / "model", trust_pickle=True).vectors, keyed.vectors)
        # the command of the message does what it says
        command = str(caught.value).split("convert it once with: python ")[1]
        subprocess.run(f"{shlex.quote(sys.executable)} {command}", shell=True, check=True, capture_output=True)
        np.testing.assert_array_equal(read_vectors(tmp_path / "model.kv").vectors, keyed.vectors)


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def stored(attributes: dict[str, Any]) -> bytes:
    """A pickle of KeyedVectors with these attributes."""
    keyed = KeyedVectors.__new__(KeyedVectors)
    keyed.__dict__.update(attributes)
    return pickle.dumps(keyed, protocol=4)


def glob(module: str, name: str) -> bytes:
    """The opcodes that push a named object, in protocol 4."""
    return b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"


def hostile(path: Path) -> dict[str, bytes]:
    """Pickles whose loading would create a file at `path`."""
    touch = f"open({str(path)!r}, 'w').close()"
    calls: dict[str, Any] = {
        "system": Call(os.system, f"touch {path}"),
        "popen": Call(subprocess.Popen, ["touch", str(path)]),
        "eval": Call(eval, touch),
        "exec": Call(exec, touch),
        "open": Call(open, str(path), "w"),
        "getattr": Call(getattr, path, "touch"),
        "partial": Call(functools.partial(os.system, f"touch {path}")),
        "methodcaller": Call(operator.methodcaller("touch"), path),
        "map": Call(list, Call(map, Call(eval, "print"), [1])),
        "import": Call(__import__, "os"),
        "numpy": Call(np.save, str(path), np.ones(3)),
        "numpy memmap": Call(np.memmap, str(path), "u1", "w+", 0, (3,)),
        "numpy runstring": Call(np.testing.measure, touch),
        "numpy f": Call(np.fromfile, str(path)),
        "gensim": Call(KeyedVectors.load, str(path)),
        "simple": types.SimpleNamespace(a=1),
    }
    cases = {name: pickle.dumps(value, protocol=4) for name, value in calls.items()}
    cases["nested"] = stored({"index_to_key": ["a"], "vectors": Call(os.system, f"touch {path}")})
    cases["in an object array"] = stored(
        {"index_to_key": ["a"], "vectors": np.array([[Call(os.system, f"touch {path}")]], dtype=object)}
    )
    cases["in a dict key"] = stored({"index_to_key": ["a"], "vectors": {"x": Call(eval, touch)}})
    end = b"\x8c" + bytes([len(touch)]) + touch.encode() + b"\x85R."
    for module, name in (
        ("gensim.models.keyedvectors", "KeyedVectors.load"),
        ("gensim.models.keyedvectors", "pickle.loads"),
        ("gensim.models.keyedvectors", "logger.manager"),
        ("gensim.utils", "unpickle"),
        ("builtins", "eval"),
        ("builtins", "set.__class__"),
        ("builtins", "dict.fromkeys"),
        ("numpy", "ndarray.tofile"),
        ("numpy", "dtype.__class__.mro"),
        ("numpy.core.multiarray", "fromfile"),
        ("collections", "OrderedDict.__init__.__globals__"),
        ("collections", "namedtuple"),
        ("posix", "system"),
        ("nt", "system"),
        ("__builtin__", "execfile"),
        ("_codecs", "lookup"),
        ("glove_adagrad.formats.unpickling", "pickle.loads"),
    ):
        cases[f"{module}.{name}"] = b"\x80\x04" + glob(module, name) + end
    # protocol 2 spells the name in another opcode; an extension code has none
    cases["protocol 2"] = b"\x80\x02cposix\nsystem\n(U\x05touchtR."
    cases["extension"] = b"\x80\x02\x82\x01."
    cases["persistent"] = b"\x80\x02Pid\n."
    return cases


def test_no_pickle_runs_code(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    for name, data in hostile(touched).items():
        for file, content in (("v.txt", data), ("v.kv.gz", gzip.compress(data))):
            (tmp_path / file).write_bytes(content)
            with pytest.raises(InputError) as caught:
                read_vectors(tmp_path / file)
            assert "\n" not in str(caught.value), name
            assert not touched.exists(), name


def test_hostile_array_next_to_the_pickle(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    keyed_vectors().save(str(tmp_path / "v.kv"), separately=["vectors"])
    rows = np.array([Call(os.system, f"touch {touched}")], dtype=object)
    np.save(tmp_path / "v.kv.vectors.npy", rows, allow_pickle=True)
    with pytest.raises(InputError, match=r"v\.kv"):
        read_vectors(tmp_path / "v.kv")
    assert not touched.exists()


@pytest.mark.parametrize(
    "state",
    [
        b"N}(\x8c\x0b__getattr__\x8c\x01xu\x86b",  # slots of the class of arrays
        b"}(\x8c\x0b__getattr__\x8c\x01xub",  # its dictionary
    ],
)
@pytest.mark.parametrize(("module", "name"), [("numpy", "ndarray"), ("gensim.models.keyedvectors", "KeyedVectors")])
def test_classes_cannot_be_changed(module: str, name: str, state: bytes, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"\x80\x04" + glob(module, name) + state + b".")
    with pytest.raises(InputError):
        read_vectors(tmp_path / "v")
    keyed_vectors().save(str(tmp_path / "good"))
    assert read_vectors(tmp_path / "good").words[0] == "the"


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"index_to_key": "abc", "vectors": np.ones((3, 2), np.float32)},
        {"index_to_key": None, "vectors": np.ones((3, 2), np.float32)},
        {"index_to_key": ["a", "b"], "vectors": np.ones((3, 2), np.float32)},
        {"index_to_key": ["a", "b"], "vectors": np.ones(2, np.float32)},
        {"index_to_key": ["a", "b"], "vectors": np.array([["x"], ["y"]])},
        {"index_to_key": ["a", "b"], "vectors": np.ones((2, 2), complex)},
        {"index_to_key": ["a", "b"], "vectors": [[1.0], [2.0]]},
        {"index_to_key": [], "vectors": np.ones((0, 2), np.float32)},
        {"index_to_key": ["a"], "__numpys": ["vectors"]},
    ],
)
def test_pickles_without_proper_vectors(attributes: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(stored(attributes))
    with pytest.raises(InputError) as caught:
        read_vectors(tmp_path / "v")
    assert "\n" not in str(caught.value)


def test_trust_pickle_in_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Command(capsys, monkeypatch)
    file = tmp_path / "model"
    Word2Vec(SENTENCES, vector_size=4, min_count=1, epochs=1).save(str(file))
    text = tmp_path / "text"
    text.write_text("a b c d\n" * 30)
    train = ["train", text, "--vector-size", "4", "--epochs", "1", "--min-count", "1"]
    commands: list[list[Any]] = [
        ["similar", file, "a"],
        ["analogy", file, "a", "b", "c"],
        ["odd-one-out", file, "a", "b", "c"],
        ["export", file, tmp_path / "out", "--format", "glove"],
        ["evaluate", file],
        ["plot", file, "--output", tmp_path / "plots"],
        [*train, "--init", file, "--output", tmp_path / "run1"],
        [*train, "--anchor", file, "--output", tmp_path / "run2"],
    ]
    for arguments in commands:
        found = command(*arguments)
        assert found.code == 1, arguments
        assert "--trust-pickle" in found.err
        found = command(*arguments, "--trust-pickle")
        assert "pickle" not in found.err, arguments
