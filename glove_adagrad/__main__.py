"""`python -m glove_adagrad`."""

from glove_adagrad.cli import main

main()
