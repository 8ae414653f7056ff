"""The fused kernels on machines with other registers than this one's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixtura.kernels.simd import REGISTER_BYTES

PROGRAM = """
import sys
from unittest.mock import patch

import llvmlite.binding
import pytest

kind = type(llvmlite.binding.get_host_cpu_features())
llvmlite.binding.get_host_cpu_features = lambda: kind({features})
with patch("platform.machine", return_value="{machine}"):
    from mixtura.kernels import simd

assert (simd.REGISTER_BYTES, simd.N_REGISTERS) == {registers}
sys.exit(pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *{files}]))
"""

FILES = ["test_fused_kernels.py", "test_linear_kernels.py", "test_sampling.py"]
# bytes and number: what the processor says it has
KINDS = {
    (32, 16): ("x86_64", {"avx": True, "avx2": True, "fma": True}),
    (16, 32): ("aarch64", {"sse2": True}),
    (16, 16): ("x86_64", {"sse2": True}),
}


@pytest.mark.slow
@pytest.mark.parametrize("registers", [k for k in KINDS if k[0] < REGISTER_BYTES])
def test_the_kernels_hold_with_narrower_registers(registers, tmp_path):
    """Their number and width decide on the shape of tiles."""
    here = Path(__file__).parent
    machine, features = KINDS[registers]
    program = PROGRAM.format(
        machine=machine,
        features=features,
        registers=registers,
        files=[str(here / name) for name in FILES],
    )
    cached_elsewhere = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=cached_elsewhere,
        cwd=here.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
