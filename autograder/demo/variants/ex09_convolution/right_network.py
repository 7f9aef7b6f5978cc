"""Right, in other styles: the convolution's relatives, and the LeNet."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

STEP_BY_STEP = Variant(
    "step_by_step",
    {
        "one_by_one_code": """
def one_by_one(x, w, b):
    return np.moveaxis(np.moveaxis(x, 1, -1) @ w.T + b, -1, 1)
""",
        "affine_as_convolution_code": """
def affine_filters(w, shape):
    return np.array([column.reshape(shape) for column in w.T])


def score_maps(x, w, b, shape, conv2d):
    maps = conv2d(x, affine_filters(w, shape), np.zeros(w.shape[1]))
    maps += b[:, None, None]
    return maps
""",
        "spatial_batch_norm_forward_code": """
def spatial_batch_norm_forward(x, gamma, beta, *, running_mean, running_var, train, momentum=0.9, eps=1e-5):
    n, c, h, w = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, c)
    if train:
        mean = rows.sum(axis=0) / len(rows)
        var = ((rows - mean) ** 2).sum(axis=0) / len(rows)
        running_mean = running_mean + (1 - momentum) * (mean - running_mean)
        running_var = running_var + (1 - momentum) * (var - running_var)
    else:
        mean, var = running_mean, running_var
    std = (var + eps) ** 0.5
    x_hat = (rows - mean) / std
    out = (gamma * x_hat + beta).reshape(n, h, w, c).transpose(0, 3, 1, 2)
    return out, (x_hat.reshape(n, h, w, c).transpose(0, 3, 1, 2), std, gamma), running_mean, running_var
""",
        "spatial_batch_norm_backward_code": """
def spatial_batch_norm_backward(dout, cache):
    x_hat, std, gamma = cache
    n, c, h, w = dout.shape
    rows, xs = (np.moveaxis(a, 1, -1).reshape(-1, c) for a in (dout, x_hat))
    m = len(rows)
    dbeta, dgamma = rows.sum(axis=0), (rows * xs).sum(axis=0)
    dx = gamma / (m * std) * (m * rows - dbeta - xs * dgamma)
    return np.moveaxis(dx.reshape(n, h, w, c), -1, 1), dgamma, dbeta
""",
        "lenet_code": """
def lenet_forward(x, p, layers):
    caches = []
    for i, padding in (("1", 2), ("2", 1)):
        x, cache = layers.conv2d_forward(x, p["w" + i], p["b" + i], padding=padding)
        caches.append(cache)
        x, cache = layers.relu_forward(x)
        caches.append(cache)
        x, cache = layers.max_pool_forward(x, size=2)
        caches.append(cache)
    x, cache = layers.affine_forward(x, p["w3"], p["b3"])
    caches.append(cache)
    x, cache = layers.relu_forward(x)
    caches.append(cache)
    x, cache = layers.affine_forward(x, p["w4"], p["b4"])
    caches.append(cache)
    return x, caches


def lenet_backward(dscores, cache, layers):
    caches, gradients = list(cache), {}
    d, gradients["w4"], gradients["b4"] = layers.affine_backward(dscores, caches.pop())
    d = layers.relu_backward(d, caches.pop())
    d, gradients["w3"], gradients["b3"] = layers.affine_backward(d, caches.pop())
    for i in "21":
        d = layers.max_pool_backward(d, caches.pop())
        d = layers.relu_backward(d, caches.pop())
        d, gradients["w" + i], gradients["b" + i] = layers.conv2d_backward(d, caches.pop())
    return gradients
""",
        "predict_code": """
def predict(images):
    return np.array([int(np.argmax(lenet_scores(image[None], after))) for image in images])
""",
    },
)

BY_OTHER_ALGEBRA = Variant(
    "by_other_algebra",
    {
        "one_by_one_code": """
def one_by_one(x, w, b):
    n, c, h, wide = x.shape
    return (w @ x.reshape(n, c, h * wide) + b[:, None]).reshape(n, len(w), h, wide)
""",
        "affine_as_convolution_code": """
def affine_filters(w, shape):
    return np.moveaxis(w.reshape(*shape, -1), -1, 0)


def score_maps(x, w, b, shape, conv2d):
    filters = np.ascontiguousarray(affine_filters(w, shape))
    return np.concatenate([conv2d(image[None], filters, b) for image in x])
""",
        "spatial_batch_norm_forward_code": """
def spatial_batch_norm_forward(x, gamma, beta, *, running_mean, running_var, train, momentum=0.9, eps=1e-5):
    m = x.size / x.shape[1]
    mean, var = running_mean, running_var
    if train:
        mean = np.einsum("nchw->c", x) / m
        centred = x - mean[:, None, None]
        var = np.einsum("nchw,nchw->c", centred, centred) / m
    scale = gamma / np.sqrt(var + eps)
    out = x * scale[:, None, None] + (beta - mean * scale)[:, None, None]
    kept = [momentum * a + (1 - momentum) * b for a, b in ((running_mean, mean), (running_var, var))]
    std = np.sqrt(var + eps)
    return out, ((x - mean[:, None, None]) / std[:, None, None], std, gamma), *kept
""",
        "spatial_batch_norm_backward_code": """
def spatial_batch_norm_backward(dout, cache):
    x_hat, std, gamma = cache
    axes, shape = (0, 2, 3), (1, -1, 1, 1)
    m = dout[:, 0].size
    r, g = 1 / std.reshape(shape), gamma.reshape(shape)
    c = x_hat * std.reshape(shape)
    dx_hat = g * dout
    dr = (dx_hat * c).sum(axis=axes, keepdims=True)
    dv = -0.5 * r**3 * dr
    dc = dx_hat * r + 2 * c * dv / m
    dx = dc - dc.sum(axis=axes, keepdims=True) / m
    return dx, (dout * x_hat).sum(axis=axes), dout.sum(axis=axes)
""",
        "lenet_code": """
def block_forward(x, w, b, padding, layers):
    x, conv = layers.conv2d_forward(x, w, b, padding=padding)
    x, pool = layers.max_pool_forward(x, size=2)  # the larger of two ReLUs is the ReLU of the larger
    x, relu = layers.relu_forward(x)
    return x, (conv, pool, relu)


def block_backward(dout, cache, layers):
    conv, pool, relu = cache
    return layers.conv2d_backward(layers.max_pool_backward(layers.relu_backward(dout, relu), pool), conv)


def lenet_forward(x, p, layers):
    x, one = block_forward(x, p["w1"], p["b1"], 2, layers)
    x, two = block_forward(x, p["w2"], p["b2"], 1, layers)
    shape = x.shape
    x, three = layers.affine_forward(x.reshape(len(x), -1), p["w3"], p["b3"])
    h, relu = layers.relu_forward(x)
    scores, four = layers.affine_forward(h, p["w4"], p["b4"])
    return scores, (one, two, three, relu, four, shape)


def lenet_backward(dscores, cache, layers):
    one, two, three, relu, four, shape = cache
    dh, dw4, db4 = layers.affine_backward(dscores, four)
    dh, dw3, db3 = layers.affine_backward(layers.relu_backward(dh, relu), three)
    dh, dw2, db2 = block_backward(dh.reshape(shape), two, layers)
    _, dw1, db1 = block_backward(dh, one, layers)
    return dict(w1=dw1, b1=db1, w2=dw2, b2=db2, w3=dw3, b3=db3, w4=dw4, b4=db4)
""",
        "predict_code": """
def predict(images):
    scores = given.lenet_scores(images, after)
    return np.argsort(scores, axis=1)[:, -1].astype(float)
""",
    },
)

IN_PLACE_AND_IN_FLOAT32 = Variant(
    "in_place_and_in_float32",
    {
        "one_by_one_code": """
def one_by_one(x, w, b):
    out = np.tensordot(w, x, axes=(1, 1)).swapaxes(0, 1)
    out += b.reshape(1, -1, 1, 1)
    return out
""",
        "affine_as_convolution_code": """
def affine_filters(w, shape):
    c, height, width = shape
    return np.transpose(w.reshape(c, height, width, w.shape[1]), (3, 0, 1, 2)).astype(np.float32)


def score_maps(x, w, b, shape, conv2d):
    _, height, width = shape
    n, _, rows, columns = x.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(2, 3))
    flat = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, len(w))
    return (flat @ w + b).reshape(n, rows - height + 1, columns - width + 1, -1).transpose(0, 3, 1, 2)
""",
        "spatial_batch_norm_forward_code": """
def spatial_batch_norm_forward(x, gamma, beta, *, running_mean, running_var, train, momentum=0.9, eps=1e-5):
    if train:
        mean, var = x.mean((0, 2, 3)), (x * x).mean((0, 2, 3)) - x.mean((0, 2, 3)) ** 2
        running_mean, running_var = running_mean.copy(), running_var.copy()
        running_mean *= momentum
        running_mean += (1 - momentum) * mean
        running_var *= momentum
        running_var += (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    std = np.sqrt(var + eps)
    x -= mean[None, :, None, None]
    x /= std[None, :, None, None]
    out = x * gamma[None, :, None, None]
    out += beta[None, :, None, None]
    return out, (x, std, gamma), running_mean, running_var
""",
        "spatial_batch_norm_backward_code": """
def spatial_batch_norm_backward(dout, cache):
    x_hat, std, gamma = cache
    dgamma, dbeta = np.zeros(len(gamma)), np.zeros(len(gamma))
    dx = np.empty(dout.shape, dtype=np.float32)
    for c in range(len(gamma)):
        d, x = dout[:, c], x_hat[:, c]
        dgamma[c], dbeta[c] = (d * x).sum(), d.sum()
        dx[:, c] = gamma[c] / std[c] * (d - d.mean() - x * (d * x).mean())
    return dx, dgamma, dbeta
""",
        "lenet_code": """
def lenet_forward(x, p, layers):
    trace = []

    def run(name, *arrays, **options):
        out, cache = getattr(layers, name + "_forward")(*arrays, **options)
        trace.append((name, cache))
        return out

    h = run("max_pool", run("relu", run("conv2d", x, p["w1"], p["b1"], padding=2)), size=2)
    h = run("max_pool", run("relu", run("conv2d", h, p["w2"], p["b2"], padding=1)), size=2)
    h = run("relu", run("affine", h, p["w3"], p["b3"]))
    return run("affine", h, p["w4"], p["b4"]), trace


def lenet_backward(dscores, cache, layers):
    gradients, number, d = {}, 4, dscores
    for name, kept in cache[::-1]:
        back = getattr(layers, name + "_backward")(d, kept)
        if name in ("conv2d", "affine"):
            d, gradients[f"w{number}"], gradients[f"b{number}"] = back
            number -= 1
        else:
            d = back
    return gradients
""",
        "predict_code": """
def predict(images):
    best = np.zeros(len(images), dtype=int)
    scores = lenet_scores(images, after)
    for k in range(1, 10):
        better = scores[:, k] > scores[np.arange(len(best)), best]
        best[better] = k
    return best
""",
    },
)

VARIANTS = [STEP_BY_STEP, BY_OTHER_ALGEBRA, IN_PLACE_AND_IN_FLOAT32]
