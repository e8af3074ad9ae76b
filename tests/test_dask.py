"""Counting and training on a Dask cluster of two processes: the bytes of one machine, and what can go wrong."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data import TINY
from runs import Command

from glove_adagrad import optim
from glove_adagrad.checkpoint import Checkpoints
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import TextFiles
from glove_adagrad.errors import GloveError, InputError
from glove_adagrad.model import GloVe
from glove_adagrad.sentences import Sentences
from glove_adagrad.trainer import Anchors, Trainer, TrainingSettings
from glove_adagrad.vocabulary import Vocabulary

distributed = pytest.importorskip("distributed", reason="needs Dask: pip install 'glove-adagrad[dask]'")

import glove_adagrad.dask as on_dask  # noqa: E402
from glove_adagrad.dask import cluster  # noqa: E402
from glove_adagrad.dask.merging import joined_checksum  # noqa: E402
from glove_adagrad.dask.training import on_cluster  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two files: one of several shards, whose last line has no end, and a short one."""
    folder = tmp_path_factory.mktemp("text")
    rng = np.random.default_rng(3)
    words = np.array([f"w{number}" for number in range(300)])
    drawn = words[np.minimum(rng.zipf(1.4, 30_000), 300) - 1]
    breaks = rng.choice([" ", "\n", "\n\n"], 30_000, p=[0.93, 0.05, 0.02])
    (folder / "a.txt").write_text("".join(np.char.add(drawn, breaks)).rstrip())
    (folder / "b.txt").write_bytes(TINY.read_bytes()[:2000])
    return folder


@pytest.fixture(scope="module")
def matrix(text: Path, tmp_path_factory: pytest.TempPathFactory) -> CooccurrenceMatrix:
    vocabulary = Vocabulary.count(TextFiles([text]), min_count=2)
    return count_cooccurrences(TextFiles([text]), vocabulary, tmp_path_factory.mktemp("counts") / "m")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    "windows",
    [
        Windows(),
        Windows(symmetric=False, boundary="blank-line", sample=1e-2),
        Windows(boundary="none", sample=1e-2, keep_positions=True, window=7),
    ],
    ids=lambda windows: windows.boundary,
)
def test_counts_are_those_of_one_machine_byte_for_byte(
    client: Any, text: Path, tmp_path: Path, windows: Windows
) -> None:
    vocabulary = Vocabulary.count(TextFiles([text]), min_count=2)
    count_cooccurrences(TextFiles([text]), vocabulary, tmp_path / "one", windows=windows, min_cooccurrence=0.1)
    on_dask.count(
        text, tmp_path / "two", client=client, windows=windows, min_count=2, min_cooccurrence=0.1, shard_bytes=9000
    )
    assert files(tmp_path / "two") == files(tmp_path / "one")
    assert leftovers(tmp_path) == []


def test_a_bag_of_token_lists_is_counted(client: Any, text: Path, tmp_path: Path) -> None:
    bag = pytest.importorskip("dask.bag")
    sentences = [line.split() for line in (text / "a.txt").read_text().split("\n")]
    corpus = Sentences([tokens for tokens in sentences if tokens])
    vocabulary = Vocabulary.count(corpus, min_count=1)
    count_cooccurrences(corpus, vocabulary, tmp_path / "one")
    on_dask.count(bag.from_sequence(sentences, npartitions=3), tmp_path / "two", client=client, min_count=1)
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_objects_of_s3_are_counted(client: Any, text: Path, tmp_path: Path, matrix: CooccurrenceMatrix) -> None:
    pytest.importorskip("s3fs", reason="needs s3fs")
    server = pytest.importorskip("moto.server", reason="needs moto").ThreadedMotoServer("127.0.0.1", port=0)
    import fsspec

    server.start()
    try:
        host, port = server.get_host_and_port()
        storage = {"key": "a", "secret": "b", "endpoint_url": f"http://{host}:{port}"}
        system = fsspec.filesystem("s3", **storage)
        system.mkdir("bucket")
        for path in text.iterdir():
            system.pipe(f"bucket/text/{path.name}", path.read_bytes())
        settings: dict[str, Any] = {"client": client, "storage_options": storage, "min_count": 2}
        on_dask.count("s3://bucket/text/*", tmp_path / "two", shard_bytes=40_000, **settings)
        with pytest.raises(InputError, match="s3://bucket/missing: no such file"):
            on_dask.count("s3://bucket/missing", tmp_path / "three", **settings)
    finally:
        server.stop()
    assert files(tmp_path / "two") == files(matrix.folder)


def test_the_command_counts_on_a_cluster(
    client: Any, text: Path, tmp_path: Path, matrix: CooccurrenceMatrix, command: Command
) -> None:
    address = client.scheduler_info()["address"]
    vocab = matrix.folder / "vocab.txt"
    done = command("cooccur", text, "--vocab", vocab, "-o", tmp_path / "two", "--scheduler", address)
    assert (done.code, done.out.startswith(f"{tmp_path / 'two'}: {matrix.words:,} words")) == (0, True), done.err
    assert files(tmp_path / "two") == files(matrix.folder)
    done = command("cooccur", text, "--vocab", vocab, "-o", tmp_path / "x", "--scheduler", address, "--workers", "2")
    assert done.code == 2
    done = command("cooccur", text, "--vocab", vocab, "-o", tmp_path / "x", "--scheduler", "local:x")
    assert (done.code, "local:x: write local:N" in done.err) == (1, True)


CASES: dict[str, dict[str, Any]] = {
    "adagrad": {"holdout": 0.1},
    "timed": {"rule": optim.make("adagrad-l1", l1=1e-4), "unobserved": 0.5},
    "shared": {"rule": optim.make("adagrad-norm", scope="model")},
}


def new_trainer(matrix: CooccurrenceMatrix, anchored: bool = False, **settings: Any) -> Trainer:
    words = np.arange(0, matrix.words, 3)
    anchors = Anchors(words, np.random.default_rng(1).random((len(words), 6), np.float32), 0.1) if anchored else None
    return Trainer(
        matrix, TrainingSettings(**{"vector_size": 6, "epochs": 2, "groups": 3, **settings}), anchors=anchors
    )


def state_of(trainer: Trainer) -> dict[str, Any]:
    losses = [(epoch.loss, epoch.holdout_loss, epoch.records, epoch.unobserved_loss) for epoch in trainer.history]
    return {"losses": losses, **{name: array.tobytes() for name, array in trainer.parameters.arrays().items()}}


def trained_by_a_worker(client: Any, trainer: Trainer) -> Trainer:
    """Train another on one worker, as on one machine; its kernels come from the cache, as those of all workers."""
    folder, settings, anchors = trainer.matrix.folder, trainer.settings, trainer.anchors

    def train() -> Any:
        from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
        from glove_adagrad.trainer import Trainer

        made = Trainer(CooccurrenceMatrix.open(folder), settings, anchors=anchors)
        made.fit()
        return made.parameters.arrays(), made.history

    arrays, history = client.submit(train).result()
    trainer.parameters.restore(arrays)
    trainer.history[:] = history
    return trainer


@pytest.mark.parametrize("case", CASES)
def test_training_gives_the_bits_of_one_machine(
    client: Any, matrix: CooccurrenceMatrix, tmp_path: Path, case: str
) -> None:
    one, two = (new_trainer(matrix, anchored=case == "timed", **CASES[case]) for _ in range(2))
    one.fit()
    if case == "timed":  # its kernel gives other last digits in the process that compiles it
        one = trained_by_a_worker(client, one)
    with on_cluster(two, client, folder=tmp_path):
        two.fit()
    assert state_of(two) == state_of(one)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_killed_in_mid_epoch_changes_nothing(
    client: Any, matrix: CooccurrenceMatrix, tmp_path: Path
) -> None:
    one, two = (new_trainer(matrix, epochs=8, **CASES["adagrad"]) for _ in range(2))
    one.fit()
    process = next(iter(client.run(os.getpid).values()))

    def kill(trainer: Trainer, epoch: int, loss: float) -> None:
        if epoch == 2:  # some of the next epoch is done by then
            threading.Timer(0.1, os.kill, (process, signal.SIGKILL)).start()

    with on_cluster(two, client, folder=tmp_path):
        two.fit([kill])
    assert state_of(two) == state_of(one)
    client.wait_for_workers(2)
    assert process not in client.run(os.getpid).values()


def test_training_resumes_on_another_cluster_after_its_scheduler_was_lost(
    matrix: CooccurrenceMatrix, tmp_path: Path
) -> None:
    one = new_trainer(matrix, epochs=4)
    one.fit()
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    (tmp_path / "scratch").mkdir()
    settings: dict[str, Any] = {"processes": False, "dashboard_address": ":0", "silence_logs": 50}
    two = new_trainer(matrix, epochs=4)

    def lose(trainer: Trainer) -> None:
        if len(trainer.history) == 2:
            checkpoints.save(trainer)
            client.close()

    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, **settings) as local:
        client = distributed.Client(local)
        with (
            pytest.raises(GloveError, match="training: the Dask client was closed or the scheduler was lost"),
            on_cluster(two, client, folder=tmp_path / "scratch"),
        ):
            two.fit(after_stratum=lose)
    assert (len(two.history), two.position.stratum) == (2, 0)
    assert list((tmp_path / "scratch").iterdir()) == []
    checkpoint = checkpoints.load()
    three = Trainer(matrix, checkpoint.settings)
    checkpoint.restore(three)
    with (
        distributed.LocalCluster(n_workers=3, threads_per_worker=1, **settings) as local,
        distributed.Client(local) as client,
        on_cluster(three, client, folder=tmp_path / "scratch"),
    ):
        three.fit()
    assert state_of(three) == state_of(one)


def test_a_text_becomes_an_ordinary_model(client: Any, text: Path) -> None:
    settings: dict[str, Any] = {"vector_size": 6, "epochs": 2, "min_count": 2, "groups": 3}
    one = GloVe(corpus_file=text, **settings)
    two = on_dask.train(text, client=client, **settings)
    assert two.wv.vectors.tobytes() == one.wv.vectors.tobytes()
    assert two.train(1).wv.vectors.tobytes() == one.train(1).wv.vectors.tobytes()


def test_the_command_trains_on_a_cluster(
    client: Any, matrix: CooccurrenceMatrix, tmp_path: Path, command: Command
) -> None:
    address = client.scheduler_info()["address"]
    options = ["--cooccurrence", matrix.folder, "--vector-size", 6, "--epochs", 2, "--groups", 3]
    assert command("train", *options, "-o", tmp_path / "one").code == 0
    done = command("train", *options, "-o", tmp_path / "two", "--scheduler", address)
    assert done.code == 0, done.err
    assert (tmp_path / "two/vectors.txt").read_bytes() == (tmp_path / "one/vectors.txt").read_bytes()
    for run, more in (("one", []), ("two", ["--scheduler", address])):
        assert command("train", "--resume", tmp_path / run, "--epochs", 3, *more).code == 0
    assert (tmp_path / "two/vectors.txt").read_bytes() == (tmp_path / "one/vectors.txt").read_bytes()
    done = command("train", *options[:-2], "-o", tmp_path / "x", "--scheduler", address)
    assert (done.code, "choose --groups" in done.err) == (2, True)


class TestWhatCanGoWrong:
    def test_a_missing_dask_is_one_line(self, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path) -> None:
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(InputError, match=r"Dask is not installed; install it with: pip install 'glove-adagrad\["):
            on_dask.count(text, tmp_path / "x")

    def test_other_versions_are_refused_by_name(
        self, client: Any, monkeypatch: pytest.MonkeyPatch, text: Path, tmp_path: Path
    ) -> None:
        ours = {**cluster.versions(), "numba": "0.1"}
        monkeypatch.setattr(cluster, "versions", lambda: ours)
        with pytest.raises(InputError, match=r"worker \d \(tcp://.*\): has numba .*, and this process has 0\.1"):
            on_dask.count(text, tmp_path / "x", client=client)

    def test_paths_that_workers_cannot_see_are_named(self, client: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=rf"worker \d \(tcp://.*\): cannot see {tmp_path}/none"):
            cluster.check_visible(client, [tmp_path, tmp_path / "none"])

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("none.txt", "none.txt: no such file"),
            ("-", "-: workers cannot read standard input"),
            ("empty.txt", "empty.txt: the corpus is empty"),
            ("zero.txt", "zero.txt: a zero byte after"),
            ("blank.txt", "the corpus holds no words"),
            ("zz://x", "zz://x: Protocol not known"),
        ],
    )
    def test_texts_that_cannot_be_counted(
        self, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("empty.txt").touch()
        Path("blank.txt").write_text(" \n" * 500)
        Path("zero.txt").write_bytes(b"a b a b a b\n" * 5 + b"c \0 d\n")
        with pytest.raises(InputError, match=message):
            on_dask.count(source, "out", client=client, min_count=1)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["blank.txt", "empty.txt", "zero.txt"]

    def test_a_full_disk_of_a_worker_is_named(self, client: Any, text: Path, tmp_path: Path) -> None:
        limit = resource.RLIMIT_FSIZE
        before = resource.getrlimit(limit)
        client.run(resource.setrlimit, limit, (20_000, before[1]))
        try:
            with pytest.raises(InputError, match=r"worker \d: .*: cannot be written \(File too large\)"):
                on_dask.count(text, tmp_path / "out", client=client, min_count=1)
        finally:
            client.run(resource.setrlimit, limit, before)
        assert list(tmp_path.iterdir()) == []
        for _ in range(100):  # the other worker may still be counting
            scratch = client.run(lambda dask_worker: os.listdir(dask_worker.local_directory))
            left = [name for names in scratch.values() for name in names if name.startswith(".spill")]
            if not left:
                break
            time.sleep(0.1)
        assert not left

    def test_without_a_client_or_groups(self, client: Any, matrix: CooccurrenceMatrix, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="groups 1: is the order for one machine"):
            on_dask.train(matrix, client=client, groups=1)
        with pytest.raises(InputError, match="phrases: is not available on a cluster"):
            on_dask.train(matrix, client=client, phrases=1)

    def test_warnings_of_workers_reach_the_client(self, client: Any, tmp_path: Path) -> None:
        (tmp_path / "text.jsonl").write_text('{"text": "a b"}\n' * 9)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            on_dask.count(tmp_path / "text.jsonl", tmp_path / "out", client=client, min_count=1)
            client.run(os.getpid)  # events come before the answer
        assert any("looks like JSON" in str(warning.message) for warning in caught)


def test_checksums_of_pieces_join() -> None:
    import zlib

    data = np.random.default_rng(0).bytes(5000)
    pieces = [data[:1], data[1:1], data[1:3000], data[3000:]]
    assert joined_checksum([zlib.crc32(piece) for piece in pieces], [len(piece) for piece in pieces]) == zlib.crc32(
        data
    )
