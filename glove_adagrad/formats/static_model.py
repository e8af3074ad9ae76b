"""A folder that model2vec and sentence-transformers load: a text's vector is the mean of its words' vectors."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_files, check_output_folder
from glove_adagrad.formats import model_card
from glove_adagrad.formats.number_types import as_type
from glove_adagrad.formats.word_vectors import WordVectors, check_unicode
from glove_adagrad.locks import output_lock

FILES = ("model.safetensors", "tokenizer.json", "config.json", "modules.json", "README.md")

#: Weight of a word whose share of the text is p: A / (A + p) (Arora, Liang and Ma 2017, section 3).
SIF_A = 1e-3

_MODULES = [
    {"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def sif_weighted(wv: WordVectors) -> WordVectors:
    """Multiply each vector by A / (A + p), p being the word's share of all counts: frequent words matter less.

    Raises
    ------
    InputError
        If the counts are unknown.
    """
    if wv.counts is None:
        raise InputError("SIF weights need the counts of words, which files of vectors lack; export a run")
    share = wv.counts / wv.counts.sum()
    weights = (SIF_A / (SIF_A + share)).astype(np.float32)
    return WordVectors(wv.words, wv.vectors * weights[:, None], wv.counts)


def write(
    folder: Path,
    wv: WordVectors,
    dtype: str = "float32",
    *,
    history: dict[str, Any] | None = None,
    notes: dict[str, str] | None = None,
) -> None:
    """Write the model's files.

    Texts are split at white space, and at punctuation if no word has letters or digits next to punctuation. They are
    put in lower case if all words are. Unknown words are left out of the mean, and vectors of texts have length 1.

    Parameters
    ----------
    folder : Path
    wv : WordVectors
    dtype : {'float32', 'float16', 'int8'}
        The scale of int8 is not stored: it does not matter to vectors of length 1.
    history : dict, optional
        Contents of the run's `history.json`, for the model card `README.md`.
    notes : dict, optional
        More lines of the card's table.

    Raises
    ------
    InputError
        If safetensors or tokenizers are not installed, the folder cannot be written, a word is not Unicode text, or a
        number is too large for `dtype`.
    """
    try:
        from safetensors.numpy import save_file
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise InputError(
            "static models need safetensors and tokenizers; install them with: pip install 'glove-adagrad[hub]'"
        ) from error

    check_unicode(wv.words, folder)
    check_output_folder(folder)
    unknown = "[UNK]"
    ranks = {word: rank for rank, word in enumerate(wv.words)}
    while unknown in ranks:
        unknown = f"[{unknown}]"
    # libraries differ in whether unknown words are part of the mean; a zero makes no difference to its direction
    vectors, _ = as_type(np.vstack([wv.vectors, np.zeros((1, wv.vectors.shape[1]), np.float32)]), dtype)
    lower = all(word == word.lower() for word in wv.words)
    split = not any(map(_is_mixed, wv.words))
    tokenizer = Tokenizer(models.WordLevel({**ranks, unknown: len(ranks)}, unk_token=unknown))
    if lower:
        tokenizer.normalizer = normalizers.Lowercase()
    steps = [pre_tokenizers.WhitespaceSplit(), *([pre_tokenizers.Punctuation("isolated")] if split else [])]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "hidden_dim": vectors.shape[1],
        "normalize": True,
        "embedding_dtype": dtype,
    }
    rows = {
        "words": f"{len(wv.words):,}",
        "dimensions": f"{vectors.shape[1]}, {dtype}",
        **(notes or {}),
        "texts are split at": "white space and punctuation" if split else "white space",
        "case": "texts are put in lower case" if lower else "kept",
    }
    with output_lock(folder), atomic_files(folder, "model", remove_first=FILES) as new:
        save_file({"embeddings": vectors}, new / "model.safetensors")
        tokenizer.save(str(new / "tokenizer.json"), pretty=False)
        (new / "config.json").write_text(json.dumps(config, indent=2) + "\n")
        (new / "modules.json").write_text(json.dumps(_MODULES, indent=2) + "\n")
        (new / "README.md").write_text(model_card.text(rows, history or {}), encoding="utf-8")


def _is_mixed(word: str) -> bool:
    """Whether splitting at punctuation would cut the word."""
    return len(word) > 1 and any(_is_punctuation(character) for character in word)


def _is_punctuation(character: str) -> bool:
    # as the tokenizers library has it: also ASCII symbols
    if character.isascii():
        return not character.isalnum() and character.isprintable() and character != " "
    return unicodedata.category(character).startswith("P")
