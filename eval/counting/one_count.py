"""One count in a separate process, for `benchmark.py`: print its seconds and sizes as JSON.

A first count of a few words compiles or loads the kernels; then the corpus is counted.
"""

import json
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()

from glove_adagrad.cooccurrence.count import count_cooccurrences  # noqa: E402
from glove_adagrad.corpus import TextFiles  # noqa: E402
from glove_adagrad.sentences import Sentences  # noqa: E402
from glove_adagrad.vocabulary import Vocabulary  # noqa: E402


def main(corpus: Path, folder: Path, workers: int, memory: int) -> None:
    few = Sentences([[f"w{n % 100}" for n in range(10_000)]])
    words = Vocabulary.count(few, min_count=1, workers=workers)
    count_cooccurrences(few, words, folder / "few", workers=workers, memory=1)
    text = TextFiles([corpus])
    begin = time.perf_counter()
    vocabulary = Vocabulary.count(text, min_count=5, workers=workers, memory=memory)
    vocabulary.write(folder / "vocab.txt")
    counted = time.perf_counter()
    matrix = count_cooccurrences(text, vocabulary, folder / "matrix", workers=workers, memory=memory)
    end = time.perf_counter()
    facts = {
        "start": begin - STARTED,
        "vocabulary": counted - begin,
        "matrix": end - counted,
        "records": matrix.records,
        "words": matrix.words,
        "tokens": matrix.tokens,
        "bytes": sum(path.stat().st_size for path in matrix.folder.iterdir()),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
