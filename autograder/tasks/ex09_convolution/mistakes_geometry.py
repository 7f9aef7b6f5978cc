"""Mistakes with sizes, counts and receptive fields: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from math import ceil, prod
from typing import Any

Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _sizes(formula: Callable[[int, int, int, int], Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, n, f, padding, stride: {"size": formula(n, f, padding, stride)}


def _fits(formula: Callable[[int, int, int, int], bool]) -> Callable[..., dict[str, Any]]:
    return lambda _, n, f, padding, stride: {"fits": formula(n, f, padding, stride)}


OUTPUT_SIZE: Mistakes = {
    "the padding counts once: it is on both sides, 2P.": _sizes(lambda n, f, p, s: (n + p - f) // s + 1),
    "the padding is not counted.": _sizes(lambda n, f, _, s: (n - f) // s + 1),
    "the + 1 is missing: the first window needs no step.": _sizes(lambda n, f, p, s: (n + 2 * p - f) // s),
    "the 1 is added before the division: it counts the first window, and no pixel.": (
        _sizes(lambda n, f, p, s: (n + 2 * p - f + 1) // s)
    ),
    "rounded up: a window that hangs over the end does not count.": (
        _sizes(lambda n, f, p, s: ceil((n + 2 * p - f) / s) + 1)
    ),
    "a fraction of a window: round the quotient down, `//` does.": _sizes(lambda n, f, p, s: (n + 2 * p - f) / s + 1),
    "this says where it does not fit.": _fits(lambda n, f, p, s: (n + 2 * p - f) % s != 0),
    "the padding counts once in what the stride divides: it is on both sides, 2P.": (
        _fits(lambda n, f, p, s: (n + p - f) % s == 0)
    ),
    "the image alone is divided by the stride: the first window takes F pixels, only what remains is walked.": (
        _fits(lambda n, _f, p, s: (n + 2 * p) % s == 0)
    ),
    "smaller than the image is not enough: the stride has to divide N + 2P − F.": _fits(
        lambda n, f, p, _: f <= n + 2 * p
    ),
}


def _cost(name: str, formula: Callable[[int, int, int, int, int], int]) -> Callable[..., dict[str, Any]]:
    return lambda _, channels, filters, size, height, width: {name: formula(channels, filters, size, height, width)}


LAYER_COSTS: Mistakes = {
    "the biases of the filters are missing: one for each filter.": (
        _cost("conv_parameters", lambda c, f, k, *_: f * c * k * k)
    ),
    "the channels are not counted: a filter extends through the whole depth of its input.": (
        _cost("conv_parameters", lambda _c, f, k, *_: f * (k * k + 1))
    ),
    "a bias is counted for every channel: a filter adds up all channels, and has one bias.": (
        _cost("conv_parameters", lambda c, f, k, *_: f * c * (k * k + 1))
    ),
    "one bias is counted for the whole layer: each filter has its own.": (
        _cost("conv_parameters", lambda c, f, k, *_: f * c * k * k + 1)
    ),
    "the size counts once: a filter is size · size.": _cost("conv_parameters", lambda c, f, k, *_: f * (c * k + 1)),
    "the biases of the affine layer are missing: one for each output.": (
        _cost("affine_parameters", lambda c, f, k, *_: c * k * f)
    ),
    "the affine layer's biases are counted per input: there is one for each output.": (
        _cost("affine_parameters", lambda c, f, k, *_: (f + 1) * c * k)
    ),
    "one number per channel: γ and β are two.": _cost("batch_norm_parameters", lambda _, f, *__: f),
    "the running statistics are counted as well: they are kept, not learnt.": (
        _cost("batch_norm_parameters", lambda _, f, *__: 4 * f)
    ),
    "two for the whole layer: every channel has its own γ and β.": _cost("batch_norm_parameters", lambda *_: 2),
    "this is the number of weights: each is used once at every place of the output.": (
        _cost("conv_multiplications", lambda c, f, k, *_: f * c * k * k)
    ),
    "one filter is counted: all of them visit every place.": (
        _cost("conv_multiplications", lambda c, _, k, h, w: c * k * k * h * w)
    ),
    "the channels are left out of the multiplications: every channel has weights of its own.": (
        _cost("conv_multiplications", lambda _, f, k, h, w: f * k * k * h * w)
    ),
    "the biases are counted: they are added, and cost no multiplication.": (
        _cost("conv_multiplications", lambda c, f, k, h, w: f * (c * k * k + 1) * h * w)
    ),
}


def _fields(walk: Callable[[list[list[int]]], Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, layers: {"fields": walk(layers)}


def _walk(layers: list[list[int]], step: Callable[[int, int], int], start: int = 1) -> list[int]:
    """Let ``step`` turn the distance before a layer, and its stride, into the one by which its window grows."""
    fields, field, jump = [], start, 1
    for f, s in layers:
        field += step(jump, s) * (f - 1)
        jump *= s
        fields.append(field)
    return fields


def _backwards(layers: list[list[int]]) -> list[int]:
    """Walk from each layer back to the image with the forward formula."""
    return [_walk(layers[: k + 1][::-1], lambda jump, _: jump)[-1] for k in range(len(layers))]


def _last_stride_alone(layers: list[list[int]]) -> list[int]:
    strides = [1] + [s for _, s in layers[:-1]]
    return list(accumulate((s * (f - 1) for (f, _), s in zip(layers, strides, strict=True)), initial=1))[1:]


RECEPTIVE_FIELD: Mistakes = {
    "the strides are not used: behind a stride of 2, neighbours look at the image 2 pixels apart.": (
        _fields(lambda layers: _walk(layers, lambda _jump, _s: 1))
    ),
    "a layer's own stride is multiplied in: only the strides before it move its inputs apart.": (
        _fields(lambda layers: _walk(layers, lambda jump, s: jump * s))
    ),
    "only the stride of the layer before counts: all strides before it multiply.": _fields(_last_stride_alone),
    "the whole window is added: of its f pixels one is there already, so f − 1 are new.": _fields(
        lambda layers: [
            sum(f * prod(s for _, s in layers[:i]) for i, (f, _) in enumerate(layers[: k + 1]))
            for k in range(len(layers))
        ]
    ),
    "it starts at 0: before the first layer, a pixel sees itself.": (
        _fields(lambda layers: _walk(layers, lambda jump, _: jump, start=0))
    ),
    "the layers are taken from the last to the first: start at the image.": _fields(_backwards),
    "this is the last field alone: return one number for every layer.": (
        _fields(lambda layers: _walk(layers, lambda jump, _: jump)[-1])
    ),
    "the windows are multiplied: they add up, each by f − 1 steps.": (
        _fields(lambda layers: list(accumulate((f for f, _ in layers), lambda a, b: a * b)))
    ),
}


def _quiz(name: str, formula: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, **given: {name: formula(**given)}


QUIZ_NETWORKS: Mistakes = {
    "half of F: the middle pixel of the window needs no padding, P = (F − 1)/2.": (
        _quiz("same_padding", lambda f, **_: f / 2)
    ),
    "this is for both sides together: P zeros go on each.": _quiz("same_padding", lambda f, **_: f - 1),
    "half of F, rounded up: the middle pixel of the window needs no padding, P = (F − 1)/2.": (
        _quiz("same_padding", lambda f, **_: (f + 1) // 2)
    ),
    "each layer is taken to add 3 pixels: windows overlap, a further layer adds 2.": (
        _quiz("layers_to_see", lambda pixels, **_: ceil(pixels / 3))
    ),
    "one layer too many: the first layer sees 3 pixels already.": (
        _quiz("layers_to_see", lambda pixels, **_: (pixels + 1) // 2)
    ),
    "each layer is taken to add 1 pixel: it adds one on either side.": (
        _quiz("layers_to_see", lambda pixels, **_: pixels - 2)
    ),
    "one running value per channel: there is a mean and a variance.": (
        _quiz("running_values", lambda shape, **_: shape[1])
    ),
    "a pair of running values for every pixel: a channel shares one pair over all its pixels.": (
        _quiz("running_values", lambda shape, **_: 2 * prod(shape[1:]))
    ),
    "the batch is counted: the channels are the second axis.": _quiz("running_values", lambda shape, **_: 2 * shape[0]),
    "the channels come first: a tensor of filters is (filters, channels, height, width).": _quiz(
        "filters_of_affine", lambda shape, outputs, **_: [shape[1], outputs, *shape[2:]]
    ),
    "1 × 1 filters see one pixel: an output of an affine layer sees all.": (
        _quiz("filters_of_affine", lambda shape, outputs, **_: [outputs, shape[1], 1, 1])
    ),
    "the image is flattened: a filter has the image's shape, (channels, height, width).": (
        _quiz("filters_of_affine", lambda shape, outputs, **_: [outputs, prod(shape[1:])])
    ),
    "the pooling is not counted.": _quiz("flat_features", lambda size, shape, **_: size * size * shape[1]),
    "one pooling is counted: each of them halves height and width.": (
        _quiz("flat_features", lambda size, shape, **_: (size // 2) ** 2 * shape[1])
    ),
    "the height is halved, the width is not: pooling works on both.": (
        _quiz("flat_features", lambda size, pools, shape, **_: size // 2**pools * size * shape[1])
    ),
    "the channels are left out: flattening lays out all of them.": (
        _quiz("flat_features", lambda size, pools, **_: (size // 2**pools) ** 2)
    ),
}
