"""Part 3: how large, how many, how far: numbers that need a pencil and no array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex09_convolution import mistakes_geometry as mistakes

# ---------------------------------------------------------------------------------------------------------------
# Output sizes

GIVEN_SIZES = (
    ("7 × 7, F = 3, S = 2", 7, 3, 0, 2),
    ("7 × 7, F = 3, S = 3", 7, 3, 0, 3),
    ("32 × 32, F = 5, P = 2", 32, 5, 2, 1),
)


def _output_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, f, padding, stride in GIVEN_SIZES:
        yield case(name, given=True, n=n, f=f, padding=padding, stride=stride)
    for name, exact in (
        ("it fits", True),
        ("a remainder", False),
        ("it fits, too", True),
        ("another remainder", False),
    ):
        f, padding, stride = int(rng.integers(2, 8)), int(rng.integers(1, 4)), int(rng.integers(3, 6))
        rest = 0 if exact else int(rng.integers(1, stride))
        n = f - 2 * padding + stride * int(rng.integers(5, 20)) + rest
        yield case(name, n=n, f=f, padding=padding, stride=stride)
    f = int(rng.integers(5, 30))
    yield case("a window as large as the image", edge="a single window", n=f, f=f, padding=0, stride=1)


@task(
    points=2,
    cases=_output_cases,
    mistakes=mistakes.OUTPUT_SIZE,
    hints={
        "size": "⌊(N + 2P − F)/S⌋ + 1.",
        "fits": "it fits where the stride divides N + 2P − F without a remainder.",
    },
)
def output_size(impl: Any, n: int, f: int, padding: int, stride: int) -> dict[str, Any]:
    """How many windows there are along one axis, and whether they fit."""
    size = impl.output_size(n, f, padding=padding, stride=stride)
    fits = impl.fits(n, f, padding=padding, stride=stride)
    return {"size": size, "fits": None if fits is None else bool(fits)}


# ---------------------------------------------------------------------------------------------------------------
# Costs


def _cost_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's layer", given=True, channels=3, filters=10, size=5, height=32, width=32)
    for i in range(3):
        channels, filters, size, height, width = (
            int(rng.integers(*r)) for r in ((2, 65), (5, 129), (2, 8), (4, 30), (31, 60))
        )
        yield case(f"layer {i + 1}", channels=channels, filters=filters, size=size, height=height, width=width)
    yield case("a 1 × 1 filter", edge="1 × 1", channels=32, filters=1, size=1, height=8, width=9)


@task(
    points=2,
    cases=_cost_cases,
    mistakes=mistakes.LAYER_COSTS,
    hints={
        "conv_parameters": "every filter has size · size weights for each channel of the input, and one bias.",
        "affine_parameters": "every output has a weight for each input, and a bias.",
        "batch_norm_parameters": "a γ and a β for each channel.",
        "conv_multiplications": "at each place of the output, each filter multiplies all its weights once.",
    },
)
def layer_costs(impl: Any, channels: int, filters: int, size: int, height: int, width: int) -> dict[str, Any]:
    """Parameters and multiplications of layers."""
    return {
        "conv_parameters": impl.conv_parameters(channels, filters, size),
        "affine_parameters": impl.affine_parameters(channels * size, filters),
        "batch_norm_parameters": impl.batch_norm_parameters(filters),
        "conv_multiplications": impl.conv_multiplications(channels, filters, size, (height, width)),
    }


# ---------------------------------------------------------------------------------------------------------------
# Receptive fields


def _field_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three 3 × 3 convolutions", given=True, layers=[[3, 1], [3, 1], [3, 1]])
    yield case("a 5 × 5 convolution and a pooling", given=True, layers=[[5, 1], [2, 2]])
    for count in (3, 4, 5):
        layers = [[int(rng.integers(2, 8)), int(rng.integers(1, 4))] for _ in range(count)]
        layers[0][1] = 2
        yield case(f"{count} layers", layers=layers)
    yield case("one layer", edge="a single layer", layers=[[int(rng.integers(3, 12)), 2]])


@task(
    points=3,
    cases=_field_cases,
    mistakes=mistakes.RECEPTIVE_FIELD,
    hints={"fields": "r₁ = f₁; then r_k = r_{k−1} + (s₁ · … · s_{k−1}) · (f_k − 1)."},
)
def receptive_field(impl: Any, layers: list[list[int]]) -> dict[str, Any]:
    """How much of the image an output of each layer sees."""
    fields = impl.receptive_field([(f, s) for f, s in layers])
    return {"fields": None if fields is None else list(fields) if isinstance(fields, (list, tuple)) else fields}


# ---------------------------------------------------------------------------------------------------------------
# The quiz


def _quiz_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the exams' networks", given=True, f=3, pixels=7, shape=[8, 3, 32, 64], outputs=100, size=80, pools=3)
    for i in range(3):
        pools = int(rng.integers(2, 4))
        yield case(
            f"network {i + 1}",
            f=int(2 * rng.integers(2, 7) + 1),
            pixels=int(2 * rng.integers(4, 30) + 1),
            shape=[int(n) for n in rng.permutation([5, 6, 7, 9, 10, 11, 12])[:4]],
            outputs=int(rng.integers(13, 200)),
            size=int(2**pools * rng.integers(3, 9)),
            pools=pools,
        )


@task(
    points=3,
    cases=_quiz_cases,
    mistakes=mistakes.QUIZ_NETWORKS,
    hints={
        "same_padding": "set the output size for S = 1 equal to N, and solve for P.",
        "layers_to_see": "the first layer sees 3 pixels, and each further one adds as many as F − 1.",
        "running_values": "batch norm behind a convolution has one running mean and one running variance per channel.",
        "filters_of_affine": "one filter per output, and each has as many weights as the image has numbers.",
        "flat_features": "each pooling halves height and width; then count channels · height · width.",
    },
)
def quiz_networks(
    impl: Any, f: int, pixels: int, shape: list[int], outputs: int, size: int, pools: int
) -> dict[str, Any]:
    """Five numbers, each as a function of what is given."""
    filters = impl.filters_of_affine(tuple(shape[1:]), outputs)
    return {
        "same_padding": impl.same_padding(f),
        "layers_to_see": impl.layers_to_see(pixels),
        "running_values": impl.running_values(tuple(shape)),
        "filters_of_affine": None if filters is None else list(np.ravel(filters)),
        "flat_features": impl.flat_features(size, pools, shape[1]),
    }
