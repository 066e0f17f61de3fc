"""Measurements that anyone can run: `python benchmarks/generation.py` and so on. Not part of the app."""
