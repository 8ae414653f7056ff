"""The fused kernels on machines whose registers are narrower than this one's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixtura.kernels.simd import REGISTER_BYTES

PROGRAM = """
import sys
import llvmlite.binding
import pytest

kind = type(llvmlite.binding.get_host_cpu_features())
llvmlite.binding.get_host_cpu_features = lambda: kind({features})
from mixtura.kernels import simd

assert simd.REGISTER_BYTES == {width}
sys.exit(pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", *{files}]))
"""

FILES = ["test_fused_kernels.py", "test_linear_kernels.py", "test_sampling.py"]
NARROWER = {
    16: {"sse2": True},
    32: {"avx": True, "avx2": True, "fma": True},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "width", [width for width in NARROWER if width < REGISTER_BYTES]
)
def test_the_kernels_hold_with_narrower_registers(width, tmp_path):
    """Vectors of AVX-2 and of SSE have tiles of other shapes than those of AVX-512."""
    here = Path(__file__).parent
    files = [str(here / name) for name in FILES]
    program = PROGRAM.format(features=NARROWER[width], width=width, files=files)
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
