"""How fast the program is, beside its neighbours on the same machine: `python -m benchmarks`, or `make bench`."""
