"""Right answers in other styles: rectifiers and dead units."""

from __future__ import annotations

from autograder.demo.variants import Variant

LOOPS = Variant(
    "entry_by_entry_rectified",
    {
        "leaky_relu_code": """
def leaky_relu_forward(x, *, alpha=0.01):
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        out[i] = x[i] if x[i] > 0 else alpha * x[i]
    return out, (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    dx = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        dx[i] = dout[i] if x[i] > 0 else alpha * dout[i]
    return dx
""",
        "prelu_code": """
def prelu_forward(x, alpha):
    out = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] if x[i, j] > 0 else alpha[j] * x[i, j]
    return out, {"x": x, "alpha": alpha}


def prelu_backward(dout, cache):
    x, alpha = cache["x"], cache["alpha"]
    dx, dalpha = np.zeros(x.shape), np.zeros(alpha.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 0:
                dx[i, j] = dout[i, j]
            else:
                dx[i, j] = alpha[j] * dout[i, j]
                dalpha[j] += x[i, j] * dout[i, j]
    return dx, dalpha
""",
        "elu_code": """
def elu_forward(x, *, alpha=1.0):
    out = np.array([v if v > 0 else alpha * (np.exp(v) - 1) for v in x.ravel()]).reshape(x.shape)
    return out, (x, out, alpha)


def elu_backward(dout, cache):
    x, out, alpha = cache
    dx = dout.copy()
    for i in np.ndindex(x.shape):
        if x[i] <= 0:
            dx[i] *= out[i] + alpha
    return dx
""",
        "dead_units_code": """
def dead_units(x, w, b):
    dead = []
    for j in range(w.shape[1]):
        alive = False
        for row in x:
            if row @ w[:, j] + b[j] > 0:
                alive = True
        dead.append(not alive)
    return np.array(dead)
""",
    },
)

OTHER_ALGEBRA = Variant(
    "other_algebra_rectified",
    {
        "leaky_relu_code": """
def leaky_relu_forward(x, *, alpha=0.01):
    return np.maximum(x, 0) + alpha * np.minimum(x, 0), (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    return dout * (alpha + (1 - alpha) * (x > 0))
""",
        "prelu_code": """
def prelu_forward(x, alpha):
    return np.maximum(x, 0) + alpha[None, :] * np.minimum(x, 0), (x, alpha)


def prelu_backward(dout, cache):
    x, alpha = cache
    dx = dout * (alpha + (1 - alpha) * (x > 0))
    return dx, np.einsum("nc,nc->c", np.minimum(x, 0), dout)
""",
        "elu_code": """
def elu_forward(x, *, alpha=1.0):
    out = np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))
    return out, (x, alpha)


def elu_backward(dout, cache):
    x, alpha = cache
    return dout * ((x > 0) + (x <= 0) * alpha * np.exp(-np.abs(x)))
""",
        "dead_units_code": """
def dead_units(x, w, b):
    return (x @ w + b).max(axis=0) <= 0
""",
    },
)

OTHER_CACHES = Variant(
    "other_caches_rectified",
    {
        "leaky_relu_code": """
def leaky_relu_forward(x, *, alpha=0.01):
    out = x.copy()
    out[x <= 0] *= alpha
    return out, (x <= 0, alpha)


def leaky_relu_backward(dout, cache):
    left, alpha = cache
    dx = dout.copy()
    dx[left] *= alpha
    return dx
""",
        "prelu_code": """
def prelu_forward(x, alpha):
    left = x <= 0
    out = np.where(left, x * alpha.reshape(1, -1), x)
    return out, (np.where(left, x, 0.0), np.where(left, alpha, 1.0))


def prelu_backward(dout, cache):
    negative, slope = cache
    return slope * dout, np.diag(negative.T @ dout)
""",
        "elu_code": """
def elu_forward(x, *, alpha=1.0):
    out = x.copy()
    left = x <= 0
    out[left] = alpha * np.expm1(x[left])
    slope = np.ones_like(x)
    slope[left] = out[left] + alpha
    return out, slope


def elu_backward(dout, cache):
    return cache * dout
""",
        "dead_units_code": """
def dead_units(x, w, b):
    slopes = (np.einsum("nd,dm->nm", x, w) + b > 0).astype(int)
    return (slopes.sum(axis=0) == 0).astype(int)
""",
    },
)

VARIANTS = [LOOPS, OTHER_ALGEBRA, OTHER_CACHES]
