"""`GloVe`: the object that users hold, in gensim's manner. The command line is not known here."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glove_adagrad import optim
from glove_adagrad.cooccurrence.count import count_cooccurrences
from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix
from glove_adagrad.cooccurrence.windows import Windows
from glove_adagrad.corpus import Sentences, TextFiles
from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file
from glove_adagrad.parallel import available_cores
from glove_adagrad.trainer import Epoch, Parameters, Trainer, TrainingSettings
from glove_adagrad.trainer.trainer import Callback
from glove_adagrad.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

    from glove_adagrad.explore import Page


class GloVe:
    """GloVe vectors, trained or to be trained.

    Parameters
    ----------
    sentences : iterable of sequences of str, optional
        Lists of tokens, each a context of its own; can be iterated over more than once, so no generator.
    corpus_file : str or Path, optional
        A text file, folder or pattern instead, read by the kernels: many times faster than lists of tokens.
    vector_size, epochs, seed, x_max, alpha, clip, holdout, patience, unobserved and its relatives
        See `trainer.TrainingSettings`.
    window, symmetric, distance_weighting, sample
        See `cooccurrence.windows.Windows`.
    min_count, max_vocab
        See `Vocabulary.count`.
    learning_rate : float, optional
        The update rule's rate; by default the rule's own, 0.05 for AdaGrad.
    optimizer : str or optim.Rule
        A name of `optim.available()`, or a rule.
    workers : int, optional
        Threads, all cores by default; results do not depend on their number.
    memory : int
        Bytes for counting, and for what of the matrix stays in memory.
    callbacks : sequence of callables
        Told (trainer, epoch, loss) after each epoch.
    show_progress : bool
        Show a bar (tqdm), in a notebook too.

    Raises
    ------
    TypeError
        If `sentences` is a generator or a string, or holds something other than strings.
    InputError
        A ValueError: a value is impossible, or a text has no frequent word.

    Attributes
    ----------
    vocabulary : Vocabulary
    loss_history : list of float
        Mean loss of each epoch.

    Examples
    --------
    >>> model = GloVe([["to", "be", "or", "not", "to", "be"]] * 9, vector_size=4, epochs=2, seed=1)
    >>> len(model.wv)
    4
    """

    def __init__(
        self,
        sentences: Iterable[Sequence[str]] | None = None,
        corpus_file: str | Path | None = None,
        *,
        vector_size: int = 100,
        window: int = 15,
        min_count: int = 5,
        max_vocab: int | None = None,
        symmetric: bool = True,
        distance_weighting: bool = True,
        sample: float = 0.0,
        epochs: int = 25,
        workers: int | None = None,
        seed: int = 1,
        x_max: float = 10.0,
        alpha: float = 0.75,
        learning_rate: float | None = None,
        optimizer: str | optim.Rule = "adagrad",
        clip: float = 100.0,
        holdout: float = 0.0,
        patience: int | None = None,
        unobserved: float = 0.0,
        unobserved_weight: float = 0.1,
        unobserved_power: float = 0.75,
        unobserved_chance: float = 0.5,
        memory: int = 4 << 30,
        callbacks: Sequence[Callback] = (),
        show_progress: bool = False,
    ) -> None:
        if isinstance(optimizer, str):
            options = {} if learning_rate is None else {"learning_rate": learning_rate}
            optimizer = optim.make(optimizer, **options)
        elif learning_rate is not None:
            raise InputError(
                f"learning_rate {learning_rate}: is a setting of the rule that optimizer names; give it there"
            )
        self.settings = TrainingSettings(
            vector_size=vector_size,
            x_max=x_max,
            alpha=alpha,
            epochs=epochs,
            seed=seed,
            rule=optimizer,
            clip=clip,
            holdout=holdout,
            patience=patience,
            unobserved=unobserved,
            unobserved_weight=unobserved_weight,
            unobserved_power=unobserved_power,
            unobserved_chance=unobserved_chance,
        )
        self.windows = Windows(window, symmetric=symmetric, distance_weighting=distance_weighting, sample=sample)
        self.min_count, self.max_vocab = min_count, max_vocab
        self.workers = workers or available_cores()
        self.memory = memory
        self.callbacks, self.show_progress = tuple(callbacks), show_progress
        self._trainer: Trainer | None = None
        self._parameters: Parameters | None = None
        self._vocabulary: Vocabulary | None = None
        self._history: list[Epoch] = []
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if sentences is not None and corpus_file is not None:
            raise InputError("sentences and corpus_file were given; give one of them")
        if sentences is not None or corpus_file is not None:
            self.fit(sentences, corpus_file)

    def fit(self, sentences: Iterable[Sequence[str]] | None = None, corpus_file: str | Path | None = None) -> GloVe:
        """Count a text and train on it from the beginning. Returns the model itself."""
        if (sentences is None) == (corpus_file is None):
            raise InputError("give either sentences or corpus_file")
        corpus = TextFiles([corpus_file]) if corpus_file is not None else Sentences(sentences)  # type: ignore[arg-type]
        resources: dict[str, Any] = {"workers": self.workers, "memory": self.memory}
        vocabulary = Vocabulary.count(corpus, min_count=self.min_count, max_vocab=self.max_vocab, **resources)
        folder = self._new_folder()
        return self._start(count_cooccurrences(corpus, vocabulary, folder, windows=self.windows, **resources))

    @classmethod
    def from_cooccurrence(cls, matrix: Any, words: Sequence[str] | None = None, **settings: Any) -> GloVe:
        """Train on counts that are there already.

        Parameters
        ----------
        matrix : scipy.sparse matrix or array [V, V], CooccurrenceMatrix, or path of a folder of co-occurrences
            For data that are no text, X of any meaning: finite, not negative. What is 0 is not trained on.
        words : sequence of str
            A name for each row and column of a SciPy matrix.
        **settings
            As for `GloVe`; those of counting have no effect.

        Raises
        ------
        InputError
            A ValueError: the matrix is not square or has a negative or NaN cell, or the words do not fit it.
        """
        model = cls(**settings)
        if isinstance(matrix, CooccurrenceMatrix):
            return model._start(matrix)
        if isinstance(matrix, (str, Path)):
            return model._start(CooccurrenceMatrix.open(Path(matrix)))
        if words is None:
            raise InputError("words: name the rows of the matrix")
        if len(set(matrix.shape)) != 1:
            raise InputError(f"matrix of shape {tuple(matrix.shape)}: must be square")
        names = [word.encode("utf-8", "surrogateescape") for word in words]
        if len(names) != matrix.shape[0]:
            raise InputError(f"words: {len(names):,} of them do not fit a matrix of {matrix.shape[0]:,} rows")
        if len(set(names)) < len(names):
            raise InputError("words: one is named twice")
        with np.errstate(invalid="ignore"):  # NaN is refused below, by its place
            counts = np.maximum(1, np.rint(np.asarray(matrix.sum(axis=1), np.float64).ravel())).astype(np.int64)
        # in the folder rows are named by their numbers, since a vocab.txt cannot hold names with blanks
        numbers = Vocabulary([b"%d" % row for row in range(len(names))], counts)
        folder = model._new_folder()
        counted = CooccurrenceMatrix.from_scipy(matrix, numbers, folder, workers=model.workers, memory=model.memory)
        return model._start(counted, Vocabulary(names, counts))

    def train(self, epochs: int) -> GloVe:
        """Go on for some more epochs on the same matrix. Returns the model itself.

        Raises
        ------
        InputError
            If the model has not been trained, or was loaded or unpickled, which does not bring the matrix along.
        """
        if self._trainer is None:
            raise InputError("the model has no co-occurrences to go on with; use fit")
        self.settings = replace(self.settings, epochs=len(self._trainer.history) + epochs)
        self._trainer.settings = self.settings
        return self._run()

    @property
    def vocabulary(self) -> Vocabulary:
        self._trained()
        assert self._vocabulary is not None
        return self._vocabulary

    @property
    def loss_history(self) -> list[float]:
        return [epoch.loss for epoch in self._history]

    @property
    def wv(self) -> KeyedVectors:
        """Word plus context vectors, which is what Pennington et al. (2014) evaluate, as gensim's `KeyedVectors`."""
        vectors = self._trained().vectors()
        return self._keyed(vectors.word_vectors + vectors.context_vectors)

    @property
    def context_wv(self) -> KeyedVectors:
        """Context vectors alone."""
        return self._keyed(self._trained().vectors().context_vectors)

    @property
    def biases(self) -> tuple[np.ndarray, np.ndarray]:
        """Biases of words and of contexts, float32 [V] each."""
        vectors = self._trained().vectors()
        return vectors.word_biases, vectors.context_biases

    def learned_rates(self) -> np.ndarray:
        """Return the learned rate of each word, float64 [V]: the factor of a steady gradient in the next update."""
        return self._trained().effective_rates()

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

    def save(self, path: str | Path) -> None:
        """Write the model to one file, a pickle, which appears whole or not at all.

        The matrix is not in it: a loaded model has its vectors, but cannot `train` on. A run on the command line can.
        """
        with atomic_file(Path(path)) as file:
            pickle.dump(self, file, protocol=5)

    @classmethod
    def load(cls, path: str | Path) -> GloVe:
        """Read what `save` wrote. Loading a pickle runs what its author put there: load only files that you trust.

        Raises
        ------
        InputError
            If the file cannot be read or holds something else.
        """
        try:
            with open(path, "rb") as file:
                model = pickle.load(file)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError) as error:
            raise InputError(f"{path}: is damaged or no saved model ({error})") from error
        if not isinstance(model, cls):
            raise InputError(f"{path}: holds {type(model).__name__}, expected a saved {cls.__name__}")
        return model

    def __getstate__(self) -> dict[str, Any]:
        # callbacks may be closures, which do not pickle; the matrix is a folder that may be gone
        return {**self.__dict__, "_trainer": None, "_temporary": None, "callbacks": ()}

    def _new_folder(self) -> Path:
        """A folder for a matrix, which lasts as long as the model."""
        self._temporary = tempfile.TemporaryDirectory(prefix="glove-adagrad-")
        return Path(self._temporary.name) / "cooccurrence"

    def _start(self, matrix: CooccurrenceMatrix, vocabulary: Vocabulary | None = None) -> GloVe:
        self._vocabulary = vocabulary or matrix.vocabulary
        self._trainer = Trainer(matrix, self.settings, workers=self.workers, memory=self.memory)
        return self._run()

    def _run(self) -> GloVe:
        trainer = self._trainer
        assert trainer is not None
        if self.show_progress:
            from tqdm.auto import tqdm

            with tqdm(total=self.settings.epochs * trainer.strata, desc="training", unit="strata") as bar:

                def shown(trainer: Trainer) -> None:
                    bar.update(len(trainer.history) * trainer.strata + trainer.position.stratum - bar.n)
                    if trainer.history:
                        bar.set_postfix(epoch=len(trainer.history), loss=f"{trainer.history[-1].loss:.6f}")

                trainer.fit(self.callbacks, shown)
        else:
            trainer.fit(self.callbacks)
        self._parameters, self._history = trainer.parameters, trainer.history
        return self

    def _trained(self) -> Parameters:
        if self._parameters is None:
            raise InputError("the model has not been trained; use fit, or give it sentences or a corpus_file")
        return self._parameters

    def _keyed(self, vectors: np.ndarray) -> KeyedVectors:
        from glove_adagrad.formats import WordVectors, to_keyed_vectors

        return to_keyed_vectors(WordVectors(self.vocabulary.decoded(), vectors, self.vocabulary.counts))
