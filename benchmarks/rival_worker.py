"""Times EM iterations of another library; started by `rivals` in its environment.

It needs nothing but that library and NumPy. It first writes a line of JSON with the
version, then for each line {"problem": path} on its input one with the seconds, the
size of what was timed, and the log-likelihood at the start where the library tells it.
"""

import json
import sys
import time
from importlib.metadata import version

import numpy as np

FEW, MANY = 1, 11


def onedal(problem):
    """Return a function of the number of iterations that runs them."""
    import daal4py

    covariances = problem["covariances"]
    full = covariances.ndim == 3
    n_components = len(covariances)
    if not full:
        covariances = covariances[:, None, :]
    start = (problem["weights"][None], problem["means"], list(covariances))

    def run(n_iterations):
        algorithm = daal4py.em_gmm(
            nComponents=n_components,
            maxIterations=n_iterations,
            accuracyThreshold=0.0,
            covarianceStorage="full" if full else "diagonal",
        )
        result = algorithm.compute(problem["X"], *start)
        assert int(result.nIterations[0, 0]) == n_iterations
        return float(result.goalFunction[0, 0])

    return run


def mlpack(problem):
    """Do the same; the start is a single iteration after k-means."""
    from mlpack import gmm_train

    settings = {
        "input_": problem["X"],
        "gaussians": len(problem["means"]),
        "diagonal_covariance": problem["covariances"].ndim == 2,
        "tolerance": 0.0,
        "seed": 1,
        "copy_all_inputs": True,
    }
    start = gmm_train(max_iterations=1, kmeans_max_iterations=10, **settings)

    def run(n_iterations):
        gmm_train(
            input_model=start["output_model"], max_iterations=n_iterations, **settings
        )

    return run


LIBRARIES = {
    "oneDAL": (onedal, "scikit-learn-intelex"),
    "mlpack": (mlpack, "mlpack"),
}


def seconds(function, argument):
    """Wall time of one call, and its result."""
    start = time.perf_counter()
    result = function(argument)
    return time.perf_counter() - start, result


def main():
    """Answer requests until the input ends."""
    prepare, package = LIBRARIES[sys.argv[1]]
    print(json.dumps({"version": version(package)}), flush=True)
    path, problem, run = None, None, None
    for line in sys.stdin:
        request = json.loads(line)["problem"]
        if request != path:
            path = request
            with np.load(path) as arrays:
                problem = dict(arrays)
            run = prepare(problem)
        try:
            few, log_likelihood = seconds(run, FEW)
            many, _ = seconds(run, MANY)
            reply = {
                "seconds": (many - few) / (MANY - FEW),
                "shape": [*problem["X"].shape, len(problem["means"])],
                "log_likelihood": log_likelihood,
            }
        except RuntimeError as error:
            reply = {"error": str(error).splitlines()[0]}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
