"""Benchmarks and studies of the package. Each module writes its results next to itself."""
