"""One count in a separate process, for `benchmark.py`: print its seconds and sizes as JSON.

A first count of a few words compiles or loads the kernels; then the corpus is counted. The package may be that of an
earlier revision.
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()

import glove_adagrad  # noqa: E402
from glove_adagrad.cooccurrence.count import count_cooccurrences  # noqa: E402
from glove_adagrad.corpus import TextFiles  # noqa: E402
from glove_adagrad.sentences import Sentences  # noqa: E402
from glove_adagrad.vocabulary import Vocabulary  # noqa: E402


def kept_ids(memory: int) -> dict[str, Any]:
    """What counting is called with to read the text once, where the revision can."""
    if not Path(glove_adagrad.__file__).with_name("kept_ids.py").exists():
        return {}
    from glove_adagrad.kept_ids import KeptIds

    return {"kept_ids": KeptIds("line", memory)}


def main(corpus: Path, folder: Path, workers: int, memory: int) -> None:
    few = Sentences([[f"w{n % 100}" for n in range(10_000)]])
    kept = kept_ids(memory)
    words = Vocabulary.count(few, min_count=1, workers=workers, **kept)
    count_cooccurrences(few, words, folder / "few", workers=workers, memory=1, **kept)
    text = TextFiles([corpus])
    kept = kept_ids(memory)
    times = [(time.perf_counter(), time.process_time())]
    vocabulary = Vocabulary.count(text, min_count=5, workers=workers, memory=memory, **kept)
    vocabulary.write(folder / "vocab.txt")
    times.append((time.perf_counter(), time.process_time()))
    matrix = count_cooccurrences(text, vocabulary, folder / "matrix", workers=workers, memory=memory, **kept)
    times.append((time.perf_counter(), time.process_time()))
    digest = hashlib.sha256()
    for path in sorted(matrix.folder.iterdir()):
        digest.update(path.read_bytes())
    seconds, processor = zip(*times, strict=True)
    facts = {
        "start": seconds[0] - STARTED,
        "vocabulary": seconds[1] - seconds[0],
        "matrix": seconds[2] - seconds[1],
        "processor": processor[2] - processor[0],
        "records": matrix.records,
        "words": matrix.words,
        "tokens": matrix.tokens,
        "bytes": sum(path.stat().st_size for path in matrix.folder.iterdir()),
        "sha256": digest.hexdigest(),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
