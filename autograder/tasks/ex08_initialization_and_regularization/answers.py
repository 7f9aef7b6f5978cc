"""The right implementations, all from `i2dl`, in the form that the notebook asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = np.ndarray
Cache = tuple[Array, Array, Array]


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation

    return Implementation(
        {
            "xavier_std": lambda n: _asked("xavier_normal", (n, 1)),
            "kaiming_std": lambda n: _asked("kaiming_normal", (n, 1)),
            "uniform_bound": lambda n: _asked("fan_in_uniform", (n, 1)),
            "glorot_bound": lambda n, m: _asked("xavier_uniform", (n, m)),
            "deep_activations": _deep_activations,
            "descend": _descend,
            "dropout_mask": _dropout_mask,
            "dropout_forward": _dropout_forward,
            "dropout_backward": _dropout_backward,
            "dropout_lecture": _dropout_lecture,
            "dropped_by_pair": lambda p, q: p + q - p * q,
            "scale_of_pair": _scale_of_pair,
            "thinned_networks": lambda n: 2**n,
            "trainable_parameters": lambda sizes, p: sum((n + 1) * m for n, m in zip(sizes, sizes[1:], strict=False)),  # noqa: ARG005, RUF007
            "monte_carlo": _monte_carlo,
            "batch_norm_forward": _batch_norm_forward,
            "batch_norm_graph": _batch_norm_graph,
            "batch_norm_backward": _batch_norm_backward,
            "update_running": _update_running,
            "batch_norm_test": _batch_norm_test,
            "learned_numbers": lambda shape: _counted(shape)[0],
            "running_numbers": lambda shape: _counted(shape)[1],
            "numbers_per_mean": lambda shape: _counted(shape)[2],
            "layer_norm_forward": _layer_norm_forward,
            "layer_norm_backward": _layer_norm_backward,
            "group_norm": _group_norm,
            "shifted_crops": _shifted_crops,
            "ten_crops": _ten_crops,
            "early_stopping": _early_stopping,
            "bootstrap": _bootstrap,
            "average_answer": _average_answer,
            "majority_answer": _majority_answer,
            "ensemble_error": _ensemble_error,
        }
    )


# ---------------------------------------------------------------------------------------------------------------
# Initialization


class _Asked:
    """Stands in for a generator, and answers with what it is asked for: the standard deviation, or the bound."""

    def normal(self, _mean: float, std: float, size: Any) -> float:  # noqa: ARG002
        return std

    def uniform(self, _low: float, high: float, size: Any) -> float:  # noqa: ARG002
        return high


def _asked(scheme: str, shape: tuple[int, int]) -> float:
    from i2dl import init

    return float(getattr(init, scheme)(shape, rng=_Asked()))


def _deep_activations(x: Array, weights: Sequence[Array], f: Callable[[Array], Array]) -> list[Array]:
    from i2dl.functional import affine_forward

    layers = []
    for w in weights:
        x = f(affine_forward(x, w, np.zeros(w.shape[1], w.dtype))[0])
        layers.append(x)
    return layers


def _descend(
    parameters: Mapping[str, Array], gradients_of: Callable[..., Mapping[str, Array]], rate: float, steps: int
) -> tuple[dict[str, Array], list[str]]:
    from i2dl.optim import sgd_update

    now = dict(parameters)
    for _ in range(steps):
        gradients = gradients_of(now)
        now = {name: sgd_update(now[name], gradients[name], learning_rate=rate) for name in now}
    return now, [name for name in now if not np.array_equal(now[name], parameters[name])]


# ---------------------------------------------------------------------------------------------------------------
# Dropout


def _dropout_mask(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> Array:
    from i2dl.functional import dropout_forward

    return dropout_forward(np.ones(shape), p=p, train=True, rng=rng, scaling="test")[0]


def _dropout(x: Array, mask: Array, p: float, train: bool, scaling: Any) -> tuple[Array, Any]:
    from i2dl.functional import dropout_forward

    return dropout_forward(x, p=p, train=train, scaling=scaling, mask=np.asarray(mask, bool))


def _dropout_forward(x: Array, mask: Array, p: float, train: bool) -> Array:
    return _dropout(x, mask, p, train, "inverted")[0]


def _dropout_backward(dout: Array, mask: Array, p: float, train: bool) -> Array:
    from i2dl.functional import dropout_backward

    return dropout_backward(dout, _dropout(dout, mask, p, train, "inverted")[1])


def _dropout_lecture(x: Array, mask: Array, p: float, train: bool) -> Array:
    return _dropout(x, mask, p, train, "test")[0]


def _scale_of_pair(p: float, q: float) -> float:
    one = np.ones(1)
    return float(_dropout_forward(_dropout_forward(one, one, p, True), one, q, True)[0])


def _monte_carlo(predict: Callable[[Array], Array], x: Array, samples: int) -> tuple[Array, Array]:
    from i2dl.functional import monte_carlo_dropout

    return monte_carlo_dropout(lambda inputs, _rng: predict(inputs), x, samples=samples, rng=np.random.default_rng(0))


# ---------------------------------------------------------------------------------------------------------------
# Normalization


def _batch_norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    from i2dl.functional import batch_norm_forward

    options: dict[str, Any] = {"running_mean": None, "running_var": None, "train": True, "eps": eps}
    out, (centred, inv_std, _, _), _ = batch_norm_forward(x, gamma, beta, **options)
    return out, (centred, inv_std.reshape(-1), gamma)


def _batch_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    from i2dl.functional import batch_norm_backward

    c, r, gamma = cache
    return batch_norm_backward(dout, (c, r.reshape(1, -1), gamma, True))


def _batch_norm_graph(dout: Array, cache: Cache) -> dict[str, Array]:
    """Build the graph of each feature out of scalars, and let reverse mode find the gradients of all nodes."""
    from i2dl.autodiff import Value

    c, r, gamma = cache
    n, features = c.shape
    found: dict[str, Array] = {name: np.zeros(features, c.dtype) for name in ("dr", "dv", "dmu")}
    found["dc"] = np.zeros(c.shape, c.dtype)
    for k in range(features):
        # The batch is known but for its mean, on which no gradient depends; ε is what r has besides the variance.
        x = [Value(float(v)) for v in c[:, k]]
        mu = _sum(x) * (1 / n)
        centred = [v - mu for v in x]
        var = _sum([v * v for v in centred]) * (1 / n)
        factor = (var + (float(r[k]) ** -2 - var.data)) ** -0.5
        loss = _sum([v * factor * float(gamma[k] * d) for v, d in zip(centred, dout[:, k], strict=True)])
        loss.backward()
        found["dr"][k], found["dv"][k], found["dmu"][k] = factor.grad, var.grad, mu.grad
        found["dc"][:, k] = [v.grad for v in centred]
    dx, dgamma, dbeta = _batch_norm_backward(dout, cache)
    return {"dgamma": dgamma, "dbeta": dbeta, **found, "dx": dx}


def _sum(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _update_running(running_mean: Array, running_var: Array, x: Array, momentum: float) -> tuple[Array, Array]:
    from i2dl.functional import batch_norm_forward

    ones = np.ones_like(running_mean)
    options: dict[str, Any] = {"running_mean": running_mean, "running_var": running_var, "train": True}
    running = batch_norm_forward(x, ones, 0 * ones, momentum=momentum, **options)[2]
    return running["running_mean"], running["running_var"]


def _batch_norm_test(x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, eps: float) -> Array:
    from i2dl.functional import batch_norm_forward

    options: dict[str, Any] = {"running_mean": running_mean, "running_var": running_var, "train": False, "eps": eps}
    return batch_norm_forward(x, gamma, beta, **options)[0]


def _counted(shape: Sequence[int]) -> tuple[int, int, int]:
    """Count what the layer learns, what it keeps, and what a mean is taken over, for an input of this shape."""
    from i2dl.functional import batch_norm_forward, spatial_batch_norm_forward

    learned = np.ones(shape[1]), np.zeros(shape[1])
    options: dict[str, Any] = {"running_mean": learned[1], "running_var": learned[0], "train": True}
    layer = batch_norm_forward if len(shape) == 2 else spatial_batch_norm_forward
    kept = layer(np.zeros(shape), *learned, **options)[2]
    running = sum(v.size for v in kept.values())
    return sum(v.size for v in learned), running, math.prod(shape) // kept["running_mean"].size


def _layer_norm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, Cache]:
    from i2dl.functional import layer_norm_forward

    out, (_, centred, inv_std, _) = layer_norm_forward(x, gamma, beta, eps=eps)
    return out, (centred, inv_std, gamma)


def _layer_norm_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    from i2dl.functional import layer_norm_backward

    c, r, gamma = cache
    return layer_norm_backward(dout, (c.shape, c, r, gamma))


def _group_norm(x: Array, gamma: Array, beta: Array, groups: int, eps: float) -> Array:
    from i2dl.functional import group_norm_forward

    return group_norm_forward(x, gamma, beta, groups=groups, eps=eps)[0]


# ---------------------------------------------------------------------------------------------------------------
# Data, stopping, ensembles


def _shifted_crops(images: Array, tops: Array, lefts: Array, padding: int) -> Array:
    from i2dl.data.augmentation import crop

    return crop(images, tops, lefts, size=images.shape[2], padding=padding)


def _ten_crops(images: Array, size: int) -> Array:
    from i2dl.data.augmentation import ten_crop

    return ten_crop(images, size=size)


def _early_stopping(losses: Sequence[float], patience: int) -> tuple[int, int]:
    from i2dl.training import EarlyStopping

    watch = EarlyStopping(patience)
    stop = next((epoch for epoch, loss in enumerate(losses) if watch.step(loss)), len(losses) - 1)
    assert watch.best_epoch is not None
    return stop, watch.best_epoch


def _bootstrap(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    from i2dl.classic.ensembles import bootstrap_indices

    drawn = bootstrap_indices(len(x), rng=rng)
    return x[drawn], y[drawn]


def _average_answer(probabilities: Array) -> Array:
    from i2dl.classic.ensembles import average_probabilities

    return average_probabilities(probabilities).argmax(axis=1)


def _majority_answer(predictions: Array, classes: int) -> Array:
    from i2dl.classic.ensembles import majority

    return majority(predictions, classes=classes)


def _ensemble_error(v: float, c: float, k: int) -> float:
    from i2dl.classic.ensembles import ensemble_error

    return ensemble_error(v, c, k)
