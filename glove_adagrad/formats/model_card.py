"""The model card of a static model: what it is, how it is loaded, and how it was trained."""

from __future__ import annotations

from typing import Any

_HEAD = """\
---
library_name: model2vec
tags:
- embeddings
- static-embeddings
- sentence-transformers
- glove
---

# GloVe word vectors

Word vectors trained by [GloVe](https://aclanthology.org/D14-1162/) with glove-adagrad. The vector of a text is the
mean of its words' vectors, scaled to length 1.

```python
from model2vec import StaticModel
model = StaticModel.from_pretrained("FOLDER")
model.encode(["a text", "another text"])
```

```python
from sentence_transformers import SentenceTransformer
model = SentenceTransformer("FOLDER")
model.encode(["a text", "another text"])
```

## Model

"""


def text(rows: dict[str, str], history: dict[str, Any]) -> str:
    """Return the card in Markdown, with the metadata that the Hugging Face Hub reads.

    Parameters
    ----------
    rows : dict of str
        A table about the model.
    history : dict
        Contents of `history.json`, or empty if the vectors are not a run's.
    """
    parts = [_HEAD, _table(rows)]
    settings = _flat(history.get("settings", {}))
    if settings:
        parts += ["\n## Training\n\n", _table(settings)]
    epochs = history.get("epochs")
    if epochs:
        parts.append(f"\nEpochs: {epochs[-1]['epoch']}. Loss of the last: {epochs[-1]['loss']:.6f}.\n")
    versions = _flat(history.get("versions", {}))
    if versions:
        parts += ["\n## Versions\n\n", _table(versions)]
    return "".join(parts)


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings within settings as `outer.inner`; paths of the machine and what is not set are left out."""
    found: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        elif value is not None and not (isinstance(value, str) and ("/" in value or "\\" in value)):
            found[f"{prefix}{key}"] = str(value)
    return found


def _table(rows: dict[str, str]) -> str:
    lines = [f"| {_cell(name)} | {_cell(value)} |\n" for name, value in rows.items()]
    return "".join(["| | |\n|---|---|\n", *lines])


def _cell(value: str) -> str:
    return " ".join(value.replace("|", "\\|").replace("<", "&lt;").split())
