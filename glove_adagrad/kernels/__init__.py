"""Every Numba function of the package. Arrays and numbers in, arrays and numbers out; no files, no options.

`jit` holds the one place for compile options. Nothing outside this package imports numba.
"""

from glove_adagrad.machine import check_machine

check_machine()
