"""The benchmarks: `python -m benchmarks` runs them and prints what they find.

Each section is a module with a function ``tables(size)``.
"""
