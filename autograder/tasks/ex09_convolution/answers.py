"""The right answers of exercise 09: the library's functions under the notebook's names and with its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray


def answers() -> dict[str, Any]:
    """Return every name that a probe asks for."""
    from i2dl import analysis
    from i2dl import functional as f

    none = np.zeros(1)
    return {
        "filter_signal": f.filter_signal,
        "convolve": lambda signal, kernel: f.filter_signal(signal, kernel[::-1], padding=len(kernel) - 1),
        "filter_image": f.filter_image,
        "box_kernel": lambda size: f.box_kernel(none, size=size),
        "gaussian_kernel": lambda size: f.gaussian_kernel(none, size=size),
        "edge_strength": _edge_strength,
        "output_size": analysis.output_size,
        "fits": _fits,
        "conv_parameters": analysis.conv_parameters,
        "affine_parameters": lambda inputs, outputs: analysis.conv_parameters(inputs, outputs, 1),
        "batch_norm_parameters": lambda channels: 2 * channels,
        "conv_multiplications": analysis.conv_multiplications,
        "receptive_field": analysis.receptive_field,
        "same_padding": analysis.same_padding,
        "layers_to_see": _layers_to_see,
        "running_values": lambda shape: 2 * shape[1],
        "filters_of_affine": lambda shape, outputs: (outputs, *shape),
        "flat_features": _flat_features,
        "conv2d_forward": f.conv2d_forward,
        "conv2d_backward": _conv2d_backward,
        "window_rows": _window_rows,
        "add_rows": _add_rows,
        "fast_conv2d_forward": lambda x, w, b, _, *, stride, padding: f.conv2d_forward(
            x, w, b, stride=stride, padding=padding
        ),
        "fast_conv2d_backward": lambda dout, cache, _: f.conv2d_backward(dout, cache),
        "max_pool_forward": lambda x, *, size, stride: f.max_pool2d_forward(x, kernel_size=size, stride=stride),
        "max_pool_backward": f.max_pool2d_backward,
        "average_pool_forward": lambda x, *, size, stride: f.average_pool2d_forward(x, kernel_size=size, stride=stride),
        "average_pool_backward": f.average_pool2d_backward,
        "global_average_pool": lambda x: f.global_average_pool_forward(x)[0],
        "fast_max_pool_forward": lambda x, *, size: f.max_pool2d_forward(x, kernel_size=size),
        "fast_max_pool_backward": f.max_pool2d_backward,
        "one_by_one": lambda x, w, b: f.conv2d_forward(x, w[:, :, None, None], b)[0],
        "affine_filters": _affine_filters,
        "score_maps": _score_maps,
        "spatial_batch_norm_forward": _norm_forward,
        "spatial_batch_norm_backward": _norm_backward,
        "lenet_forward": _lenet_forward,
        "lenet_backward": _lenet_backward,
    }


def _edge_strength(image: Array, _: Any) -> Array:
    from i2dl import functional as f

    kernels = (f.sobel_kernel(image, edges=edges) for edges in ("vertical", "horizontal"))
    return np.hypot(*(f.filter_image(image, kernel) for kernel in kernels))


def _fits(n: int, size: int, *, padding: int, stride: int) -> bool:
    from i2dl.analysis import output_size

    try:
        output_size(n, size, padding=padding, stride=stride, exact=True)
    except ValueError:
        return False
    return True


def _layers_to_see(pixels: int) -> int:
    from i2dl.analysis import receptive_field

    count = 1
    while receptive_field([(3, 1)] * count)[-1] < pixels:
        count += 1
    return count


def _flat_features(size: int, pools: int, channels: int) -> int:
    from i2dl.analysis import output_size

    for _ in range(pools):
        size = output_size(size, 2, stride=2)
    return channels * size * size


def _conv2d_backward(dout: Array, cache: tuple[Array, Array, int, int]) -> tuple[Array, Array, Array]:
    from i2dl import functional as f

    x, w, stride, padding = cache
    no_bias = np.zeros(len(w), dtype=w.dtype)
    _, full = f.conv2d_forward(x, w, no_bias, stride=stride, padding=padding)
    return f.conv2d_backward(dout, full)


def _pickers(channels: int, height: int, width: int, dtype: Any) -> tuple[Array, Array]:
    """Return a filter for each entry of a window, with a 1 there and 0 elsewhere, and biases of 0."""
    entries = channels * height * width
    return np.eye(entries, dtype=dtype).reshape(entries, channels, height, width), np.zeros(entries, dtype=dtype)


def _window_rows(x: Array, height: int, width: int, *, stride: int, padding: int) -> Array:
    """Each entry of the windows is a map of its own: the rows are the maps' pixels."""
    from i2dl import functional as f

    w, b = _pickers(x.shape[1], height, width, x.dtype)
    maps, _ = f.conv2d_forward(x, w, b, stride=stride, padding=padding)
    return np.moveaxis(maps, 1, -1).reshape(-1, len(w))


def _add_rows(rows: Array, shape: tuple[int, ...], height: int, width: int, *, stride: int, padding: int) -> Array:
    """The rows are what comes back from those maps, and the gradient for the image adds them up."""
    from i2dl import functional as f

    w, b = _pickers(shape[1], height, width, rows.dtype)
    maps, cache = f.conv2d_forward(np.zeros(shape, dtype=rows.dtype), w, b, stride=stride, padding=padding)
    dout = np.moveaxis(rows.reshape(len(maps), *maps.shape[2:], -1), -1, 1)
    return f.conv2d_backward(np.ascontiguousarray(dout), cache)[0]


def _affine_filters(w: Array, shape: tuple[int, ...]) -> Array:
    """Output m of an affine layer depends on the image by filter m: it is the gradient for the image."""
    from i2dl import functional as f

    outputs = w.shape[1]
    images = np.zeros((outputs, *shape), dtype=w.dtype)
    _, cache = f.affine_forward(images, w, np.zeros(outputs, dtype=w.dtype))
    return f.affine_backward(np.eye(outputs, dtype=w.dtype), cache)[0]


def _score_maps(x: Array, w: Array, b: Array, shape: tuple[int, ...], _: Any) -> Array:
    """Let the affine layer itself look at every window."""
    from i2dl import functional as f

    _, height, width = shape
    down, across = x.shape[2] - height + 1, x.shape[3] - width + 1
    maps = np.empty((len(x), w.shape[1], down, across), dtype=x.dtype)
    for p, q in np.ndindex(down, across):
        maps[:, :, p, q], _ = f.affine_forward(x[:, :, p : p + height, q : q + width], w, b)
    return maps


def _norm_forward(x: Array, gamma: Array, beta: Array, **options: Any) -> tuple[Array, Any, Array, Array]:
    from i2dl import functional as f

    out, cache, running = f.spatial_batch_norm_forward(x, gamma, beta, **options)
    return out, cache, running["running_mean"], running["running_var"]


def _norm_backward(dout: Array, cache: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """Normalized values times their deviation are the inputs but for the mean, which has no influence on gradients."""
    from i2dl import functional as f

    x_hat, std, gamma = cache
    centred = x_hat * std[:, None, None]
    _, full, _ = f.spatial_batch_norm_forward(
        centred, gamma, np.zeros_like(gamma), running_mean=None, running_var=None, train=True
    )
    return f.spatial_batch_norm_backward(dout, full)


def _lenet_forward(x: Array, p: Mapping[str, Array], _: Any) -> tuple[Array, Any]:
    from i2dl import functional as f

    caches: list[Any] = []
    h = x
    for i, padding in ((1, 2), (2, 1)):
        h, conv = f.conv2d_forward(h, p[f"w{i}"], p[f"b{i}"], padding=padding)
        h, relu = f.relu_forward(h)
        h, pool = f.max_pool2d_forward(h, kernel_size=2)
        caches += [conv, relu, pool]
    h, affine3 = f.affine_forward(h, p["w3"], p["b3"])
    h, relu = f.relu_forward(h)
    scores, affine4 = f.affine_forward(h, p["w4"], p["b4"])
    return scores, [*caches, affine3, relu, affine4]


def _lenet_backward(dscores: Array, cache: list[Any], _: Any) -> dict[str, Array]:
    from i2dl import functional as f

    conv1, relu1, pool1, conv2, relu2, pool2, affine3, relu3, affine4 = cache
    g: dict[str, Array] = {}
    dh, g["w4"], g["b4"] = f.affine_backward(dscores, affine4)
    dh, g["w3"], g["b3"] = f.affine_backward(f.relu_backward(dh, relu3), affine3)
    dh = f.relu_backward(f.max_pool2d_backward(dh, pool2), relu2)
    dh, g["w2"], g["b2"] = f.conv2d_backward(dh, conv2)
    dh = f.relu_backward(f.max_pool2d_backward(dh, pool1), relu1)
    _, g["w1"], g["b1"] = f.conv2d_backward(dh, conv1)
    return g
