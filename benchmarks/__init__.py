"""Measures, each beside its baseline and comparison tools in the same run. `python -m benchmarks`"""
