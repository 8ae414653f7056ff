"""Makes the helpers next to this file (registry, checks, oracles, units) importable.

Warnings are errors (pyproject.toml). No test draws from a global random state: each
takes its seed as a parameter, so a failure names the seed that shows it.
"""
