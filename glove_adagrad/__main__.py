"""`python -m glove_adagrad`."""

from glove_adagrad.cli import main

if __name__ == "__main__":  # processes of a pool import this module, too
    main()
