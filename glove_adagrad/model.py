"""`GloVe`: training, querying and keeping a model in Python, with gensim's conventions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.count import compile_counting
from glove_adagrad.cooccurrence.distance_weights import format_weights
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.scipy_sparse import from_scipy, named_cells
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Corpus, open_corpus
from glove_adagrad.counting import Counting
from glove_adagrad.errors import InputError
from glove_adagrad.files import TemporaryFolder
from glove_adagrad.hub_dataset import is_dataset, open_dataset
from glove_adagrad.interrupt import DeferredInterrupt
from glove_adagrad.kept_ids import KeptIds
from glove_adagrad.parallel import number_of_workers
from glove_adagrad.phrases import Phrases
from glove_adagrad.presets import rule_of, with_preset
from glove_adagrad.progress import progress_bar, training_progress
from glove_adagrad.sentences import Sentences
from glove_adagrad.text_options import TextOptions
from glove_adagrad.tokenizing import tokenizer_name
from glove_adagrad.trainer import Epoch, Trainer, TrainingSettings
from glove_adagrad.trainer.callbacks import checked_callbacks
from glove_adagrad.trainer.parameters import Vectors
from glove_adagrad.trainer.trainer import Callback
from glove_adagrad.vocabulary import Vocabulary, check_limits
from glove_adagrad.warm_start import Start

if TYPE_CHECKING:
    from fractions import Fraction

    from gensim.models import KeyedVectors

    from glove_adagrad.evaluation import Evaluation, Suite
    from glove_adagrad.explore import Page
    from glove_adagrad.formats import RunVectors, WordVectors
    from glove_adagrad.model_vectors import ModelVectors


_UNTRAINED = "the model has not been trained; use fit, or give it sentences or a corpus_file"
_UNFINISHED = "the first epoch was interrupted; use train to continue"


class GloVe:
    """GloVe word vectors (Pennington, Socher and Manning 2014).

    With `sentences` or `corpus_file` the model is trained at once; otherwise call `fit`.

    Parameters
    ----------
    sentences : iterable of sequences of str, or data set of Hugging Face, optional
        Lists of tokens, each a context of its own. It is read twice, so it cannot be a generator. Of a
        `datasets.Dataset` or `IterableDataset` the column `field` is read: texts, or lists of tokens.
    corpus_file : str, Path, or sequence of them, optional
        Text files, folders or patterns instead of `sentences`, also compressed (.gz, .bz2, .xz, .zst). Many times
        faster than lists of tokens.
    preset : {"stanford", "recommended", "fast"}, default "stanford"
        A named set of parameters. Parameters given next to it take precedence. "recommended" also learns from
        unobserved pairs (`unobserved=1`, `symmetric=False`) and scores higher; "fast" takes fewer epochs. The page
        "Presets" of the documentation lists their parameters.
    vector_size : int, default 100
        Number of components of a vector.
    phrases : int, default 0
        Join words that often occur together (new_york), by this many passes of gensim's `Phrases`; 1 joins pairs.
    window : int, default 15
        Words up to this distance co-occur.
    min_count : int, default 5
        Ignore words that occur fewer times than this.
    max_vocab : int, optional
        Keep only the `max_vocab` most frequent words; all by default.
    symmetric : bool, default True
        Count a pair in both directions. Otherwise only the left word as the word and the right one as its context.
    distance_weights : str or sequence of numbers, default "harmonic"
        Weight of a pair at distance d: "harmonic" is 1/d, "flat" 1, "linear" (window + 1 - d) / window; or a number
        for each distance from 1 to `window`: int, float, Fraction or a str such as "3/4".
    sample : float, default 0
        Randomly drop occurrences of words more frequent than this share of the text, as word2vec does; try 1e-4.
        0 keeps all.
    boundary : {"line", "blank-line", "none"}, default "line"
        Where a context ends. Each of the `sentences` is a line.
    keep_positions : bool, default False
        Let dropped words occupy a position in the window. Otherwise the window reaches further.
    min_cooccurrence : float, default 0
        Drop cells whose count X is smaller.
    lowercase : bool, default False
        Convert the text to lower case.
    text_format : {"text", "jsonl", "csv", "parquet", "conllu", "wet", "wikipedia"}, default "text"
        What `corpus_file` contains: plain text, JSON lines, CSV, Parquet, CoNLL-U, WET files of Common Crawl, or a
        Wikipedia dump (.xml.bz2).
    field : str, optional
        The field of JSON lines, or the column of CSV files, Parquet files and data sets of Hugging Face, that holds
        the text; "text" by default.
    column : {"form", "lemma"}, optional
        What to take from CoNLL-U; "form" by default.
    encoding : str, optional
        Convert `corpus_file` from this encoding, for example "latin-1". By default bytes are taken as they are.
    tokenizer : str or function, default "whitespace"
        "whitespace", "gensim" (`simple_preprocess`), "module:function", or that function itself: from a line (str) to
        a list of tokens. It runs in `workers` processes. Lists of tokens in `sentences` are not tokenized.
    epochs : int, default 25
        Number of training epochs.
    x_max, alpha : float, default 10 and 0.75
        A count X has weight min(1, (X / x_max)^alpha) in the loss.
    optimizer : str or optim.Rule, optional
        The update rule: a name of `optim.available()`, or a rule. That of the preset by default: "adagrad", and
        "adagrad-norm" with an initial accumulator of 100 for "recommended" and "fast".
    learning_rate : float, optional
        Learning rate of the update rule. By default that of the preset for its own rule, or else the rule's own: 0.05
        for "adagrad".
    clip : float, default 100
        Gradient components are clipped to [-clip, clip].
    holdout : float, default 0
        Share of the cells that are not trained on; their loss is reported as `holdout_loss`.
    patience : int, optional
        Stop when the held-out loss has not fallen for this many epochs. Needs `holdout`.
    unobserved : float, default 0
        Number of unobserved pairs to train on for each record. 0 is plain GloVe.
    unobserved_weight : float, default 0.1
        Weight of an unobserved pair in the loss, where a frequent pair has 1.
    unobserved_power : float, default 0.75
        Unobserved pairs are drawn in proportion to the words' counts to this power.
    unobserved_chance : float, default 0.5
        Target of an unobserved pair: 1 is the expected count under independence, 0 one constant for all.
    groups : int, default 1
        Order training for a cluster, in this many groups of words (see `glove_adagrad.dask.train`). The vectors
        depend on it, not on the machines.
    init_biases : bool, default False
        Start biases from the sums of the counts instead of random numbers: better vectors in few epochs.
    init_svd : float, default 0
        Start vectors from a decomposition of the counts (PPMI-SVD) times this number, such as 0.5, and biases as
        `init_biases` does. 0 starts from random vectors, and so do words that `init` lacks if it is given.
    vectors : {"sum", "pca"}, default "sum"
        What `wv` has: the sums of word and context vectors, or both side by side, reduced to `vector_size`
        components by principal component analysis.
    svd_weight : float, default 0
        Weight, next to 1 of the trained vectors, of vectors from a decomposition of the same counts (PPMI-SVD): unit
        vectors side by side, reduced to `vector_size` components. 0 leaves them out.
    subwords : bool, default False
        Mix the vectors of rare words with what their character n-grams say, and compose vectors of unknown words,
        see `vector`.
    init : str, Path, KeyedVectors, GloVe, optional
        Start from these vectors instead of random ones, for the words that they have; from a run or a model with its
        biases.
    keep_words : bool, default False
        Keep all words of `init`: those that the text lacks have the count 0, and their vectors do not change.
    anchor : str, Path, KeyedVectors, GloVe, optional
        Anchor vectors that word plus context vectors are regularised towards.
    anchor_weight : float, default 0.1
        Weight mu of the penalty mu |w + c - r|^2 of each word with an anchor r.
    seed : int, default 1
        The same seed gives bit-for-bit the same vectors.
    workers : int, default -1
        Number of threads; -1 uses all cores. Results do not depend on it.
    memory : int, default 4 GiB
        Bytes for counting, and for the part of the matrix that is kept in memory.
    tmp : str or Path, optional
        Folder for the counts and other temporary files; the system's by default.
    callbacks : callable or sequence of callables
        Called as callback(trainer, epoch, loss) after every epoch; epochs count from 1.
    show_progress : bool, default False
        Show progress on stderr: bars on a terminal or in a notebook, otherwise a line for each epoch.

    Raises
    ------
    TypeError
        If `sentences` is a generator or a string or contains something other than strings, or a callback cannot be
        called.
    InputError
        A ValueError: a parameter is impossible, or the text has no frequent word.

    Attributes
    ----------
    wv : gensim.models.KeyedVectors
        The vectors to use, see `vectors`. The same object until the model is trained further.
    context_wv : gensim.models.KeyedVectors
        The context vectors alone.
    vocabulary : Vocabulary
        The words and their counts, most frequent first.
    biases : tuple of float32 arrays [V]
        Biases of words and of contexts.
    loss_history : list of float
        Mean loss of each epoch.
    history : list of dict
        The figures of each epoch: `epoch`, `loss`, `seconds`, `records_per_second`, and held-out and unobserved loss.

    Notes
    -----
    Ctrl-C during `fit` and `train` stops at the end of the current stratum (a fraction of an epoch) and raises
    KeyboardInterrupt. The model has then what was trained so far, and `train` continues with exactly the result of
    an uninterrupted training. A model that is interrupted in its constructor is not returned: to be able to
    interrupt, create it without a text and call `fit`.

    Examples
    --------
    >>> model = GloVe([["to", "be", "or", "not", "to", "be"]] * 9, vector_size=4, epochs=2, seed=1)
    >>> len(model.wv)
    4
    """

    def __init__(
        self,
        sentences: Iterable[Sequence[str]] | None = None,
        corpus_file: str | Path | Sequence[str | Path] | None = None,
        *,
        preset: str = "stanford",
        vector_size: int = 100,
        window: int = 15,
        min_count: int = 5,
        max_vocab: int | None = None,
        symmetric: bool | None = None,
        distance_weights: str | Sequence[float | Fraction | str] = "harmonic",
        sample: float = 0.0,
        boundary: str = "line",
        keep_positions: bool = False,
        min_cooccurrence: float = 0.0,
        lowercase: bool = False,
        text_format: str = "text",
        field: str | None = None,
        column: str | None = None,
        encoding: str | None = None,
        tokenizer: str | Callable[[str], Iterable[str]] = "whitespace",
        phrases: int = 0,
        epochs: int | None = None,
        x_max: float = 10.0,
        alpha: float = 0.75,
        optimizer: str | optim.Rule | None = None,
        learning_rate: float | None = None,
        clip: float = 100.0,
        holdout: float = 0.0,
        patience: int | None = None,
        unobserved: float | None = None,
        unobserved_weight: float = 0.1,
        unobserved_power: float = 0.75,
        unobserved_chance: float = 0.5,
        groups: int = 1,
        init_biases: bool | None = None,
        init_svd: float | None = None,
        vectors: str | None = None,
        svd_weight: float | None = None,
        subwords: bool | None = None,
        init: Any = None,
        keep_words: bool = False,
        anchor: Any = None,
        anchor_weight: float = 0.1,
        seed: int = 1,
        workers: int | None = -1,
        memory: int = 4 << 30,
        tmp: str | Path | None = None,
        callbacks: Callback | Iterable[Callback] = (),
        show_progress: bool = False,
    ) -> None:
        chosen = with_preset(
            preset, symmetric=symmetric, epochs=epochs, unobserved=unobserved, init_biases=init_biases,
            init_svd=init_svd, vectors=vectors, svd_weight=svd_weight, subwords=subwords,
        )  # fmt: skip
        both_sides = chosen.pop("symmetric")
        self.settings = TrainingSettings(
            vector_size=vector_size,
            x_max=x_max,
            alpha=alpha,
            seed=seed,
            rule=rule_of(preset, optimizer, learning_rate=learning_rate),
            clip=clip,
            holdout=holdout,
            patience=patience,
            unobserved_weight=unobserved_weight,
            unobserved_power=unobserved_power,
            unobserved_chance=unobserved_chance,
            groups=groups,
            **chosen,
        )
        self.windows = Windows(window, both_sides, format_weights(distance_weights), boundary, keep_positions, sample)
        check_limits(min_count, max_vocab)
        self.min_count, self.max_vocab, self.min_cooccurrence = min_count, max_vocab, min_cooccurrence
        self.text = TextOptions(
            text_format,
            None if text_format == "text" else field,  # which a data set may have then
            column, encoding, tokenizer_name(tokenizer), lowercase,
        )  # fmt: skip
        self.field = field
        self.phrases = phrases
        self._joined: Phrases | None = None
        self.init, self.anchor, self.anchor_weight = init, anchor, anchor_weight
        self.keep_words = keep_words
        self.workers, self.memory = number_of_workers(workers), memory
        self.tmp = None if tmp is None else Path(tmp)
        self.callbacks, self.show_progress = checked_callbacks(callbacks), show_progress
        self._trainer: Trainer | None = None
        self._vocabulary: Vocabulary | None = None
        self._history: list[Epoch] = []
        #: The vectors of a model without a trainer.
        self._vectors: Vectors | None = None
        self._cache: dict[str, KeyedVectors] = {}
        self._made: ModelVectors | None = None
        self._folder: TemporaryFolder | None = None
        if sentences is not None or corpus_file is not None:
            self.fit(sentences, corpus_file)

    def fit(
        self,
        sentences: Iterable[Sequence[str]] | None = None,
        corpus_file: str | Path | Sequence[str | Path] | None = None,
    ) -> GloVe:
        """Count a text and train on it from scratch. Returns the model itself.

        Parameters and errors are those of the constructor.
        """
        if (sentences is None) == (corpus_file is None):
            raise InputError("give either sentences or corpus_file")
        if self.keep_words and self.init is None:
            raise InputError("keep_words: give the vectors whose words are to be kept as `init`")
        start = self._read_start()
        corpus = self._open(sentences, corpus_file)
        self._joined = Phrases.learn(corpus, self.phrases) if self.phrases else None
        if self._joined is not None:
            corpus = self._joined.applied(corpus, self.tmp, "the text with phrases")
        counting = Counting(self.min_count, self.max_vocab, self.phrases, self.windows, self.min_cooccurrence)
        resources: dict[str, Any] = {"workers": self.workers, "memory": self.memory}
        quiet = not self.show_progress
        folder = TemporaryFolder(self.tmp)
        kept_ids = KeptIds(self.windows.boundary, self.memory)
        with progress_bar("vocabulary", corpus.total_bytes, "B", quiet) as bar:
            if not quiet:  # so that a bar does not count compilation as counting
                compile_counting(self.windows, folder.path)
            keep = start.kept_words(self.settings.vector_size)
            vocabulary = counting.count_words(corpus, keep, kept_ids=kept_ids, progress=bar.to, **resources)
        with progress_bar("co-occurrences", corpus.total_bytes, "B", quiet) as bar:
            matrix = counting.count_cooccurrences(
                corpus, vocabulary, folder.path / "cooccurrence", kept_ids=kept_ids, progress=bar.to, **resources
            )
        return self._start(matrix, start, vocabulary, folder)._run(self.settings.epochs)

    def _open(
        self,
        sentences: Iterable[Sequence[str]] | None,
        corpus_file: str | Path | Sequence[str | Path] | None,
    ) -> Corpus:
        """The text of the parameters of `fit`."""
        if sentences is None:
            files = [corpus_file] if isinstance(corpus_file, (str, Path)) else list(corpus_file or ())
            return open_corpus(files, replace(self.text, field=self.field), tmp=self.tmp, workers=self.workers)
        if is_dataset(sentences):
            return open_dataset(sentences, self.field, self.text, tmp=self.tmp, workers=self.workers)
        return Sentences(sentences, lowercase=self.text.lowercase)

    @classmethod
    def from_cooccurrence(cls, matrix: Any, words: Sequence[str] | None = None, **settings: Any) -> GloVe:
        """Train on existing counts.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array [V, V], array [V, V], CooccurrenceMatrix, or path
            A matrix of any origin, finite and not negative; zeros are not trained on. A path is that of a
            co-occurrence folder.
        words : sequence of str
            A name for each row and column of a SciPy or NumPy matrix.
        **settings
            As for `GloVe`; those of counting have no effect.

        Raises
        ------
        InputError
            A ValueError: the matrix is not square or has a negative or NaN cell, or the words do not fit it.
        TypeError
            If `matrix` is of another kind, or a word is not a string.
        """
        model = cls(**settings)
        start = model._read_start()
        if isinstance(matrix, (str, Path)):
            matrix = CooccurrenceMatrix.open(Path(matrix))
        if isinstance(matrix, CooccurrenceMatrix):
            return model._start(matrix, start, matrix.vocabulary)._run(model.settings.epochs)
        cells, vocabulary = named_cells(matrix, words)
        folder = TemporaryFolder(model.tmp)
        counted = from_scipy(
            cells, vocabulary.writable(), folder.path / "cooccurrence", workers=model.workers, memory=model.memory
        )
        return model._start(counted, start, vocabulary, folder)._run(model.settings.epochs)

    def train(self, epochs: int) -> GloVe:
        """Train for more epochs on the same counts; the result is that of one longer training. Returns the model.

        `settings.epochs`, which a later `fit` uses, does not change.

        Raises
        ------
        InputError
            If the model has not been trained, or its counts are missing.
        """
        if self._trainer is None:
            raise InputError(
                "the model has no co-occurrences to continue with; use fit, or load a model that was saved with them"
            )
        if epochs < 0:
            raise InputError(f"epochs {epochs}: must be 0 or more")
        return self._run(len(self._trainer.history) + epochs)

    def join_phrases(self, words: Iterable[str]) -> list[str]:
        """Return words with those of each phrase joined (new_york), as in the text that was trained on."""
        return list(words) if self._joined is None else self._joined.join(words)

    def evaluate(self, suite: Suite | None = None, **options: Any) -> Evaluation:
        """Score the vectors by analogies and word similarity; see `evaluation.evaluate`."""
        from glove_adagrad.evaluation import evaluate

        return evaluate(self, suite, **options)

    @property
    def vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            raise InputError(_UNTRAINED)
        return self._vocabulary

    @property
    def loss_history(self) -> list[float]:
        return [epoch.loss for epoch in self._history]

    @property
    def history(self) -> list[dict[str, Any]]:
        return [epoch.figures() for epoch in self._history]

    @property
    def wv(self) -> KeyedVectors:
        return self._keyed("wv", lambda vectors: self.all_vectors().select().vectors)

    def vector(self, word: str) -> np.ndarray:
        """Return the vector of a word, float32 [d]; with `subwords`, an unknown word's is composed of its n-grams.

        Raises
        ------
        KeyError
            If the word is unknown and nothing composes it.
        """
        if word in self.wv.key_to_index:
            return np.asarray(self.wv[word])
        return self._own().composed(word)

    @property
    def context_wv(self) -> KeyedVectors:
        return self._keyed("context_wv", lambda vectors: vectors.context_vectors)

    @property
    def biases(self) -> tuple[np.ndarray, np.ndarray]:
        vectors = self._current()
        return vectors.word_biases, vectors.context_biases

    def learned_rates(self) -> np.ndarray | None:
        """Return the learned rate of each word, float64 [V]: the factor of a steady gradient in the next update.

        None for a model that was loaded without its counts, and so without the state of the update rule.
        """
        return None if self._trainer is None else self._trainer.parameters.effective_rates()

    def explore(self, output: str | Path | None = None, *, top: int = 20_000, projection: str | None = None) -> Page:
        """Make the interactive page that the command `glove-adagrad explore` writes; a notebook shows it.

        Parameters
        ----------
        output : str or Path, optional
            An HTML file to write as well.
        top : int
            How many of the most frequent words to include.
        projection : {'tsne', 'umap', 'pca'}, optional
            How the map is made; by default the first of these that is installed.
        """
        from glove_adagrad.explore.notebook import explore_model

        page = explore_model(self, top, projection)
        if output is not None:
            page.save(output)
        return page

    def _repr_html_(self) -> str:
        from glove_adagrad.explore.notebook import card

        return card(self)

    def all_vectors(self) -> RunVectors:
        """Return copies of all vectors and biases, with the words and their counts."""
        from glove_adagrad.formats import RunVectors

        return RunVectors(self.vocabulary.decoded(), self.vocabulary.counts, *self._current(), *self._own())

    def word_vectors(self, which: str | None = None) -> WordVectors:
        """Return words and vectors without gensim: those of `wv`, or other ones by name (see `select_vectors`)."""
        return self.all_vectors().select(which)

    def as_history(self) -> dict[str, Any]:
        """Return what `save` writes as `history.json`: settings, versions, and the figures of each epoch."""
        from glove_adagrad.saved_model import history_of

        return history_of(self)

    def save(self, folder: str | Path, *, counts: bool = True) -> None:
        """Write the model as a folder, which appears whole or not at all.

        It is the folder of a run: the commands of `glove-adagrad` take it, and `train --resume` continues it. An
        earlier folder of the same name is replaced if `save` has written it.

        Parameters
        ----------
        folder : str or Path
        counts : bool
            Include the co-occurrences, which `train` needs after loading.

        Raises
        ------
        InputError
            If the model has not been trained, or `folder` contains something else.
        """
        from glove_adagrad.saved_model import save

        save(self, Path(folder), counts=counts)

    @classmethod
    def load(cls, folder: str | Path, **resources: Any) -> GloVe:
        """Load what `save` wrote, or any run of the command line, also an interrupted one.

        Nothing in the folder is executed.

        Parameters
        ----------
        folder : str or Path
        **resources
            `workers`, `memory`, `tmp`, `callbacks` and `show_progress`, as for the constructor.

        Raises
        ------
        InputError
            If the folder cannot be read or contains something else.
        """
        from glove_adagrad.saved_model import load

        return load(cls, Path(folder), **resources)

    def __repr__(self) -> str:
        if not self._history or self._vocabulary is None:
            return f"GloVe(not trained, vector_size={self.settings.vector_size})"
        return (
            f"GloVe({len(self._vocabulary):,} words x {self.settings.vector_size}, epochs={len(self._history)}, "
            f"loss={self._history[-1].loss:.4f})"
        )

    def __getstate__(self) -> dict[str, Any]:
        # callbacks may be closures, which do not pickle; the counts are a folder that may be gone
        state = {**self.__dict__, "_trainer": None, "_folder": None, "_cache": {}, "callbacks": ()}
        if self._history:
            state["_vectors"] = self._current()
        if self._history and self.settings.svd_weight:  # needs the counts
            state["_made"] = self._own()
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> GloVe:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._cache, twin._history = {}, list(self._history)
        twin._vectors = copy.deepcopy(self._vectors, memo)
        if (trainer := self._trainer) is not None:
            twin._trainer = trainer.copy(self.memory)
        return twin

    def _read_start(self) -> Start:
        """The vectors of `init` and of `anchor`, read before hours of counting."""
        start = Start(self.init, self.keep_words, self.anchor, self.anchor_weight)
        return start.read(self.settings.vector_size)

    def _start(
        self,
        matrix: CooccurrenceMatrix,
        start: Start,
        vocabulary: Vocabulary,
        folder: TemporaryFolder | None = None,
    ) -> GloVe:
        trainer, _ = start.new_trainer(matrix, self.settings, workers=self.workers, memory=self.memory)
        self._trainer, self._vocabulary, self._folder = trainer, vocabulary, folder
        self._vectors, self._history = None, []
        self._forget_vectors()
        return self

    def _run(self, epochs: int) -> GloVe:
        """Train until there are `epochs` in all. After an exception too, the model has what was trained."""
        trainer = self._trainer
        assert trainer is not None
        trainer.settings = replace(self.settings, epochs=max(1, epochs))

        def epoch_done(trainer: Trainer, epoch: int, loss: float) -> None:
            with interrupt.allowed():
                for callback in self.callbacks:
                    callback(trainer, epoch, loss)
            interrupt.check()

        def stratum_done(trainer: Trainer) -> None:
            self._forget_vectors()
            self._history = list(trainer.history)
            shown(trainer)
            if trainer.position.stratum:  # at the end of an epoch, callbacks are called first
                interrupt.check()

        with DeferredInterrupt() as interrupt, training_progress(trainer, quiet=not self.show_progress) as shown:
            try:
                trainer.fit([epoch_done], stratum_done)
            finally:
                if not trainer.consistent:  # diverged
                    self._trainer, self._history = None, []
                    self._forget_vectors()
        return self

    def _forget_vectors(self) -> None:
        """Drop what was made of parameters that are about to change or have changed."""
        self._cache.clear()
        self._made = None

    def _current(self) -> Vectors:
        if not self._history:
            raise InputError(_UNTRAINED if self._trainer is None else _UNFINISHED)
        if self._trainer is not None:
            return self._trainer.parameters.vectors()
        assert self._vectors is not None
        return self._vectors

    def _own(self) -> ModelVectors:
        """The vectors of `wv` where they are not the sums of word and context vectors, and n-grams."""
        from glove_adagrad.model_vectors import model_vectors

        if self._made is None:
            words, counts = self.vocabulary.decoded(), self.vocabulary.counts
            stream = None if self._trainer is None else self._trainer.stream
            self._made = model_vectors(self._current(), words, counts, self.settings, stream, workers=self.workers)
        return self._made

    def _keyed(self, name: str, chosen: Callable[[Vectors], np.ndarray]) -> KeyedVectors:
        if name not in self._cache:
            from glove_adagrad.formats import WordVectors, to_keyed_vectors

            vectors = WordVectors(self.vocabulary.decoded(), chosen(self._current()), self.vocabulary.counts)
            self._cache[name] = to_keyed_vectors(vectors)
        return self._cache[name]
