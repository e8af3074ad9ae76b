"""Fetch text8 through gensim's downloader, unless it was fetched before, and print where it lies.

python corpus/text8.py
"""

from __future__ import annotations

import contextlib
import sys


def main() -> None:
    import gensim.downloader

    try:
        with contextlib.redirect_stdout(sys.stderr):  # where its progress belongs
            path = gensim.downloader.load("text8", return_path=True)
    except OSError as error:
        sys.exit(f"text8 cannot be fetched ({error}); is there a network?")
    print(path)


if __name__ == "__main__":
    main()
