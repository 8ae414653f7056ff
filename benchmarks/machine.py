"""What the benchmarks ran on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from benchmarks.size import CPUS

LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "mixtura")
SIMD = ("avx512f", "avx2", "avx", "sse4_2", "asimd")


def description() -> dict[str, str]:
    """Name and value of everything that decides how fast the machine is."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    facts = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {CPUS} CPUs",
        "SIMD": ", ".join(_simd()) or "unknown",
        "BLAS": _blas(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions,
    }
    if hasattr(os, "getloadavg"):
        load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
        facts["load average at the start"] = f"{load} (1, 5 and 15 minutes)"
    return facts


def _cpu_facts() -> dict[str, str]:
    """First entry of /proc/cpuinfo; empty where there is none."""
    source = Path("/proc/cpuinfo")
    if not source.exists():
        return {}
    first = source.read_text().split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _processor() -> str:
    facts = _cpu_facts()
    name = facts.get("model name") or platform.processor() or platform.machine()
    clock = facts.get("cpu MHz")
    return f"{name}, {float(clock):.0f} MHz" if clock else name


def _simd() -> list[str]:
    facts = _cpu_facts()
    flags = set(facts.get("flags", facts.get("Features", "")).split())
    return [name for name in SIMD if name in flags]


def _blas() -> str:
    np.linalg.norm(np.ones(1))  # loads the library
    libraries = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    found = {
        f"{entry['internal_api']} {entry['version']} "
        f"({entry.get('architecture', 'unknown')}, {entry['num_threads']} threads)"
        for entry in libraries
    }
    return "; ".join(sorted(found))
