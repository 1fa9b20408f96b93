"""Measures, each beside its floor and its peers in the same run. `python -m benchmarks`"""
