"""Source 001, sections 3.6.1 and 3.6.2, against their exact values.

Most of the numbers printed there are wrong; the exact ones were computed with fifty
digits and are stored with those printed.
"""

from itertools import islice

import numpy as np
import pytest
from stored import full_mixture, full_numbers, reference

from checks import close
from mixtura.data import Rows
from mixtura.em import em_steps
from mixtura.families.covariance import Full

EXAMPLES = reference("worked_examples")
# A few units in the last place: sums of six terms, and condition numbers of nine.
EXACT = 2e-14


def record(name):
    """The data and the start of an example, in full matrices."""
    example = EXAMPLES[name]
    data = np.array(example["data"], dtype=float).reshape(6, -1)
    start = example["start"]
    means = np.array(start["means"], dtype=float).reshape(2, -1)
    covariances = np.tile(np.eye(data.shape[1]), (2, 1, 1))
    return data, {**start, "means": means, "covariances": covariances}


def walked(name):
    data, start = record(name)
    model, params = full_mixture(start)
    return list(islice(em_steps(model, Rows(data), params), 21))


def in_full(example):
    """Weights, means and covariances of a stored state, with both axes."""
    means = np.array(example["means"], dtype=float).reshape(2, -1)
    spread = example.get("covariances", example.get("variances"))
    size = means.shape[1]
    return (
        np.array(example["weights"]),
        means,
        np.array(spread, dtype=float).reshape(2, size, size),
    )


NAMES = pytest.mark.parametrize("name", EXAMPLES)


@NAMES
def test_the_responsibilities_and_counts_of_the_first_e_step(name):
    example, first = EXAMPLES[name], walked(name)[0]
    gamma = example.get("responsibilities_comp1", example.get("gamma1"))
    close(first.responsibilities[:, 0], gamma, EXACT)
    close(first.statistics.counts, example["N"], EXACT)
    close(first.log_likelihood, example["loglik_start"], EXACT)


@NAMES
def test_one_iteration(name):
    example, steps = EXAMPLES[name], walked(name)
    for found, expected in zip(
        full_numbers(steps[2].params, Full()), in_full(example), strict=True
    ):
        close(found, expected, EXACT)
    close(steps[2].log_likelihood, example["loglik_after_1"], EXACT)


@NAMES
def test_ten_iterations(name):
    example, steps = EXAMPLES[name], walked(name)
    trace = [step.log_likelihood for step in steps[::2]]
    close(trace, example["loglik_trace_0_to_10"], EXACT)
    for found, expected in zip(
        full_numbers(steps[20].params, Full()),
        in_full(example["after_10"]),
        strict=True,
    ):
        close(found, expected, EXACT)


def test_the_distance_of_a_responsibility_from_one():
    """Section 3.6.2 prints 7e-6 for 1 / (1 + e^12) = 6.144e-6."""
    gamma = walked("example_3_6_2")[0].responsibilities
    exact = [
        float(text) for text in EXAMPLES["example_3_6_2"]["one_minus_gamma1_20_digits"]
    ]
    close(gamma[:, 1], exact, EXACT)
    assert round(gamma[1, 1], 6) == 6e-6


def test_the_numbers_printed_in_section_3_6_1_are_not_those_of_em():
    """Its mean of -1.268 for the first component is -1.039."""
    means = walked("example_3_6_1")[2].params.components.means[:, 0]
    printed = {
        entry["quantity"]: entry
        for entry in EXAMPLES["example_3_6_1"]["printed_vs_exact"]
    }
    wrong = [
        name
        for name, entry in printed.items()
        if not entry["correct_to_printed_digits"]
    ]
    assert len(wrong) > 10
    assert abs(means[0] + 1.268) > 0.2 and abs(means[1] - 2.439) > 0.4
