"""A fuzzer of everything that reads a file: `python -m fuzz`, or scripts/fuzz."""
