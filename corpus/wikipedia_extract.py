"""Write the Wikipedia articles that gensim's wheel carries as text, one article a line.

python corpus/wikipedia_extract.py extract.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

from gensim.test.utils import datapath

from glove_adagrad.errors import InputError
from glove_adagrad.files import atomic_file, check_output_file
from glove_adagrad.wikipedia import articles

DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python corpus/wikipedia_extract.py FILE")
    target = Path(sys.argv[1])
    try:
        check_output_file(target)
        with atomic_file(target) as file:
            file.writelines(articles(Path(datapath(DUMP)), lowercase=True))
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
