"""The shape of the code: imports point one way, and nothing grows without limit.

Reads the source with `ast`; the checkers are shown below to find what they look for.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mixtura

SOURCE = Path(mixtura.__file__).parent
LONGEST_FILE, LONGEST_FUNCTION = 400, 50

# A module imports only from layers below its own, and from its own package.
LAYERS = (
    {"_types", "exceptions", "short_names", "convergence"},
    {"statistics", "data", "completion", "kernels", "datasets"},
    {"families", "units"},
    {"models", "priors"},
    {"acceleration", "execution"},
    {"em"},
    {"init", "selection", "inference", "anomalies", "distribution", "trace"},
    {"estimators"},
    {"io", "plot"},
    {"report"},
    {"serve"},
    {"cli"},
    {"__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# The names of covariance types are for users: below the façade, structures are
# objects. The kernels name layouts of their own.
WITHOUT_TYPE_NAMES = set().union(*LAYERS[: RANK["estimators"]]) - {"kernels"}
TYPE_NAMES = {"full", "tied", "diag", "diagonal", "spherical"}

HEAVY = ("numpy", "scipy", "sklearn", "numba", "matplotlib")


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Every file of the package, with its path inside it."""
    return tuple(
        (path.relative_to(SOURCE), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(SOURCE.rglob("*.py"))
    )


def package_of(path: Path) -> str:
    """The top-level name that a file belongs to; empty for the package itself."""
    first = path.parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(tree: ast.Module, path: Path) -> Iterator[str]:
    """Absolute names of what a module imports from mixtura, at any depth."""
    here = ["mixtura", *path.with_suffix("").parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = here[: -node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{item.name}" for item in node.names)


def wrong_imports(tree: ast.Module, path: Path) -> list[str]:
    """Imports that point up or sideways, or to what has no layer."""
    own, wrong = package_of(path), []
    for name in imported(tree, path):
        top, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if top != "mixtura" or target in ("__version__", own):
            continue
        if own and (target not in RANK or RANK[target] >= RANK[own]):
            wrong.append(f"{path}: {own} must not import {name}")
    return wrong


def only_stores_arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it is the constructor of an estimator, one line for each argument."""
    return node.name == "__init__" and all(
        isinstance(line, ast.Assign)
        and ast.unparse(line)
        == f"self.{ast.unparse(line.value)} = {ast.unparse(line.value)}"
        for line in node.body
    )


def long_functions(tree: ast.Module) -> dict[str, int]:
    """Functions of more lines than allowed, docstrings not counted."""
    sizes = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if only_stores_arguments(node):
                continue
            size = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                size -= node.body[0].end_lineno - node.body[0].lineno + 1
            sizes[node.name] = size
    return {name: size for name, size in sizes.items() if size > LONGEST_FUNCTION}


def type_names(tree: ast.Module) -> list[str]:
    """Names of covariance types, other than as the `name` of a class."""
    own_names = {
        id(node.value)
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.Assign)
        and [ast.unparse(target) for target in node.targets] == ["name"]
    }
    return [
        f"line {node.lineno}: {node.value!r}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and node.value in TYPE_NAMES
        and id(node) not in own_names
    ]


def test_every_module_has_a_layer():
    packages = {package_of(path) for path, _ in modules()} - {""}
    assert packages <= set(RANK), f"give a layer to {packages - set(RANK)}"


def test_imports_point_one_way():
    wrong = [item for path, tree in modules() for item in wrong_imports(tree, path)]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_too_long():
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for kind in ("py", "js", "css")
        for path in SOURCE.rglob(f"*.{kind}")
    }
    assert not {path: size for path, size in sizes.items() if size > LONGEST_FILE}


def test_no_function_is_too_long():
    found = {str(path): long_functions(tree) for path, tree in modules()}
    assert not {path: names for path, names in found.items() if names}


def test_names_of_covariance_types_stay_in_the_facade():
    found = {
        str(path): type_names(tree)
        for path, tree in modules()
        if package_of(path) in WITHOUT_TYPE_NAMES
    }
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("module", ["mixtura", "mixtura.cli"])
def test_importing_the_package_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY})))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", mixtura.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(mixtura, name) is not None
    assert name in dir(mixtura)


@pytest.mark.parametrize(
    "path, source",
    [
        ("models/mixture.py", "from mixtura.em import em"),
        ("models/mixture.py", "import mixtura.estimators.gaussian_mixture"),
        ("families/gaussian.py", "from mixtura import models"),
        ("families/gaussian.py", "from mixtura.units import Units"),  # sideways
        ("statistics.py", "def late():\n    from mixtura.data import Rows"),
        ("models/mixture.py", "from ..estimators import checks"),
        ("em.py", "from mixtura.unheard_of import x"),
        ("em.py", "from mixtura import GaussianMixture"),
    ],
)
def test_the_import_checker_finds_a_wrong_import(path, source):
    assert len(wrong_imports(ast.parse(source), Path(path))) == 1


@pytest.mark.parametrize(
    "path, source",
    [
        ("models/mixture.py", "from mixtura.models.categorical import one_hot"),
        ("models/mixture.py", "from .categorical import one_hot"),
        ("models/mixture.py", "import numpy\nfrom mixtura.families import Family"),
        ("cli/fit.py", "from mixtura import __version__\nfrom mixtura.io import x"),
    ],
)
def test_the_import_checker_lets_right_imports_pass(path, source):
    assert wrong_imports(ast.parse(source), Path(path)) == []


def test_the_length_checker_counts_code_and_not_docstrings():
    body = "\n".join(["    x = 1"] * LONGEST_FUNCTION)
    docstring = '    """' + "\n    word" * 80 + '\n    """'
    assert long_functions(ast.parse(f"def f():\n{body}")) == {"f": 51}
    assert long_functions(ast.parse(f"class A:\n async def g(a):\n{body}")) == {"g": 51}
    short = "\n".join(["    x = 1"] * (LONGEST_FUNCTION - 1))
    assert long_functions(ast.parse(f"def f():\n{docstring}\n{short}")) == {}
    stores = "\n".join(["    self.x = x"] * LONGEST_FUNCTION)
    assert long_functions(ast.parse(f"def __init__(self, x):\n{stores}")) == {}
    computes = stores.replace("= x", "= x + 1")
    assert long_functions(ast.parse(f"def __init__(self, x):\n{computes}"))


def test_the_type_name_checker_finds_dispatch_on_strings():
    assert type_names(ast.parse("if kind == 'full': pass")) == ["line 1: 'full'"]
    assert type_names(ast.parse("table = {'diag': 1}")) == ["line 1: 'diag'"]
    assert type_names(ast.parse("class Full:\n    name = 'full'")) == []
    assert type_names(ast.parse("def full(): '''of the full matrix'''")) == []
