"""Settings of all tests."""

from hypothesis import settings

# how long an example takes says nothing: machines are slow and busy, and kernels are compiled on the way
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
