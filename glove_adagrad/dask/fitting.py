"""`train`: from a text, or from co-occurrences, to a model, on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.dask.cluster import connected
from glove_adagrad.dask.counting import count
from glove_adagrad.dask.training import check_groups, on_cluster
from glove_adagrad.errors import InputError
from glove_adagrad.files import TemporaryFolder
from glove_adagrad.model import GloVe

if TYPE_CHECKING:
    from dask.bag import Bag
    from distributed import Client

#: Parameters of `GloVe` that a cluster cannot serve.
_REFUSED = ("phrases", "keep_words")


def train(
    source: CooccurrenceMatrix | str | Path | Sequence[str | Path] | Bag,
    *,
    client: Client | None = None,
    groups: int = 8,
    shard_bytes: int | None = None,
    storage_options: dict[str, Any] | None = None,
    tmp: str | Path | None = None,
    **settings: Any,
) -> GloVe:
    """Train a model on a Dask cluster; equal settings, `groups` among them, give bit-for-bit that of one machine.

    Parameters
    ----------
    source : CooccurrenceMatrix, path or text
        Co-occurrences, or the path of their folder; or a text as `count` takes it, which is counted first.
    client : distributed.Client, optional
        The current one by default.
    groups : int
        Groups of words, whose superblocks are tasks: 4 for each thread of the cluster keep all busy. The vectors
        depend on it, and not on the cluster.
    shard_bytes, storage_options
        As for `count`.
    tmp : str or Path, optional
        A folder that all workers share, for temporary files; next to the co-occurrences by default, and for a text
        the system's.
    **settings
        As for `GloVe`.

    Returns
    -------
    GloVe
        Like any other: it may be saved, queried, and trained further on this machine.

    Raises
    ------
    InputError
        As `GloVe` and `count` do, and for `phrases` and `keep_words`.
    GloveError
        If the client is closed, the scheduler is lost or workers die again and again.
    """
    client = connected(client)
    model = GloVe(groups=groups, tmp=tmp, **settings)
    for name in _REFUSED:
        if getattr(model, name):
            raise InputError(f"{name}: is not available on a cluster; leave it out, or train on one machine")
    check_groups(groups)
    start, folder = model._read_start(), None
    if isinstance(source, (str, Path)) and (Path(source) / "meta.json").exists():
        source = CooccurrenceMatrix.open(Path(source))
    if not isinstance(source, CooccurrenceMatrix):
        folder = TemporaryFolder(model.tmp)
        source = count(
            source,
            folder.path / "cooccurrence",
            client=client,
            min_count=model.min_count,
            max_vocab=model.max_vocab,
            windows=model.windows,
            min_cooccurrence=model.min_cooccurrence,
            text=replace(model.text, field=model.field),
            shard_bytes=shard_bytes,
            storage_options=storage_options,
            show_progress=model.show_progress,
        )
    model._start(source, start, source.vocabulary, folder)
    assert model._trainer is not None
    with on_cluster(model._trainer, client, folder=model.tmp or source.folder.absolute().parent):
        return model._run(model.settings.epochs)
