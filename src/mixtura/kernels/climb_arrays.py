"""Arrays of a compiled run: written over others, and statistics as vectors."""

from math import sqrt
from typing import Any

from mixtura.kernels.anderson import MEMORY
from mixtura.kernels.small_matrices import inlined


@inlined
def pack(statistics: Any) -> None:
    """Write counts, first and second moments about the origin as a vector."""
    counts, centers, own, vector = statistics
    K, D = centers.shape
    place = 0
    for k in range(K):
        vector[place] = counts[k]
        place += 1
        for d in range(D):
            vector[place] = counts[k] * centers[k, d]
            place += 1
            for c in range(d + 1):
                square = own[k, d, c] + centers[k, d] * centers[k, c]
                vector[place] = counts[k] * square
                place += 1


@inlined
def unpack(statistics: Any) -> bool:
    """Write what the vector says; False if a count is not positive."""
    counts, centers, own, vector = statistics
    K, D = centers.shape
    place = 0
    for k in range(K):
        count = vector[place]
        if not count > 0.0:
            return False
        counts[k] = count
        place += 1
        for d in range(D):
            centers[k, d] = vector[place] / count
            place += 1
            for c in range(d + 1):
                square = vector[place] / count - centers[k, d] * centers[k, c]
                own[k, d, c] = own[k, c, d] = square
                place += 1
    return True


@inlined
def put(source: Any, target: Any) -> None:
    """Write the first three of a group of arrays over those of another."""
    for k in range(len(source[0])):
        target[0][k] = source[0][k]
        for d in range(source[1].shape[1]):
            target[1][k, d] = source[1][k, d]
            for c in range(source[1].shape[1]):
                target[2][k, d, c] = source[2][k, d, c]


@inlined
def put_vector(source: Any, target: Any) -> None:
    """Write a vector over another."""
    for c in range(len(source)):
        target[c] = source[c]


@inlined
def put_statistics(source: Any, target: Any) -> None:
    """Write statistics, and their vector, over others."""
    put(source, target)
    put_vector(source[3], target[3])


@inlined
def put_params(source: Any, target: Any) -> None:
    """Write parameters over others."""
    put(source, target)
    for k in range(len(source[0])):
        for d in range(source[1].shape[1]):
            for c in range(source[1].shape[1]):
                target[3][k, d, c] = source[3][k, d, c]


@inlined
def put_floor(source: Any, floor: Any, target: Any) -> None:
    """Write weights and means, and covariances at the floor."""
    for k in range(len(source[0])):
        target[0][k] = source[0][k]
        for d in range(len(floor)):
            target[1][k, d] = source[1][k, d]
            for c in range(len(floor)):
                target[2][k, d, c] = floor[d] if c == d else 0.0
                target[3][k, d, c] = 1.0 / sqrt(floor[d]) if c == d else 0.0


@inlined
def remembered(memory: Any, n_known: int, origin: Any, image: Any) -> int:
    """Add a step to the memory of Anderson acceleration; return its length."""
    origins, images = memory
    if n_known > MEMORY:
        for i in range(MEMORY):
            put_vector(origins[i + 1], origins[i])
            put_vector(images[i + 1], images[i])
        n_known = MEMORY
    put_vector(origin, origins[n_known])
    put_vector(image, images[n_known])
    return n_known + 1
