"""E-steps of Poisson and Bernoulli mixtures: one pass against blocks of n × K."""

from functools import reduce
from operator import add
from typing import Any

import numpy as np

from benchmarks.size import CPUS, Size
from benchmarks.table import Bar, Row, Table, number
from benchmarks.timing import alternate_timers, steady
from mixtura.data import Rows
from mixtura.execution.in_memory import IN_MEMORY
from mixtura.families.bernoulli import Bernoulli, BernoulliParams
from mixtura.families.poisson import Poisson, PoissonParams
from mixtura.kernels.threads import using_threads
from mixtura.models.mixture import BLOCK_ROWS, Mixture, MixtureParams

BAR = Bar(4)
CASES = {
    ("Poisson", 2, 3): 500_000,
    ("Poisson", 10, 10): 200_000,
    ("Poisson", 64, 20): 50_000,
    ("Bernoulli", 10, 10): 200_000,
    ("Bernoulli", 784, 10): 10_000,
}


def tables(size: Size) -> list[Table]:
    """One row for each family and size."""
    shrink = size.pick(20, 1, 1)
    rows = [_row(size, *case, n // shrink) for case, n in size.some(CASES.items())]
    about = (
        "E-step of a mixture on all CPUs, in ns per row and component, against the "
        "same from its definition: responsibilities and statistics block by block. "
        "Multiplications and additions of the two products, 4 K D per row, in GF/s."
    )
    columns = ("model", "rows", "by definition", "one pass", "GF/s")
    return [Table("Families that are linear in their statistics", columns, rows, about)]


def problem(family: str, n: int, d: int, k: int) -> tuple[Mixture, Any, Rows]:
    """Draw rows from a random mixture."""
    rng = np.random.default_rng(0)
    weights = np.full(k, 1 / k)
    if family == "Poisson":
        model = Mixture(Poisson())
        params = MixtureParams(weights, PoissonParams(rng.uniform(0.1, 9, (k, d))))
    else:
        model = Mixture(Bernoulli())
        params = MixtureParams(weights, BernoulliParams(rng.uniform(0, 1, (k, d))))
    return model, params, Rows(model.sample(params, n, rng)[0])


def _row(size: Size, family: str, d: int, k: int, n: int) -> Row:
    model, params, data = problem(family, n, d, k)

    def by_definition() -> Any:
        blocks = data.blocks(BLOCK_ROWS)
        return reduce(
            add,
            (model.statistics(params, b, model.posterior(params, b)) for b in blocks),
        )

    def in_one_pass() -> Any:
        with using_threads(CPUS):
            return IN_MEMORY(lambda block: model.e_step(params, block), data)

    rounds = alternate_timers(
        [steady(by_definition), steady(in_one_pass)], size.repeats
    )
    per = 1e9 / (n * k)
    cells = [
        f"{n:,}",
        number(rounds.median(0) * per),
        number(rounds.median(1) * per),
        number(4 * d / (rounds.median(1) * per)),
    ]
    return Row(f"{family} D={d} K={k}", cells, rounds.ratio(0, 1), BAR)
