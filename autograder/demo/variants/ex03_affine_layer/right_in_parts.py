"""Right, in another style: helpers, dictionaries, names for every step.

Who wants another cache writes the forward pass anew beside the backward pass, so that each cell fits all others.
"""

from __future__ import annotations

from autograder.demo.variants import Variant

_DICTIONARY_FORWARD = """
def affine_forward(x, w, b):
    cache = {"x": x, "w": w, "b": b, "rows": flatten(x)}
    return cache["rows"].dot(w) + b, cache
"""

DICTIONARIES = Variant(
    "dictionaries",
    {
        "flatten_code": """
def flatten(x):
    n, *rest = x.shape
    return np.reshape(x, (n, int(np.prod(rest))))
""",
        "affine_forward_code": _DICTIONARY_FORWARD,
        "quiz_jacobian_code": """
def sizes(n, d, m):
    return {"y": n * m, "w": d * m}


def jacobian_entries(n, d, m):
    found = sizes(n, d, m)
    return float(found["y"] * found["w"])


def gradient_entries(n, d, m):
    return float(sizes(n, d, m)["w"])
""",
        "affine_backward_code": _DICTIONARY_FORWARD
        + """

def affine_backward(dout, cache):
    return tuple(gradient(dout, cache) for gradient in (input_gradient, weight_gradient, bias_gradient))


def input_gradient(dout, cache):
    return dout.dot(cache["w"].T).reshape(cache["x"].shape)


def weight_gradient(dout, cache):
    return cache["rows"].T.dot(dout)


def bias_gradient(dout, cache):
    return np.ones(len(dout)) @ dout
""",
        "toy_network_code": """
def square_forward(x):
    return x**2, {"slope": 2 * x}


def square_backward(dout, cache):
    return cache["slope"] * dout


def toy_network(x, w, affine, activation):
    made = {}
    made["y"], made["affine"] = affine[0](x, w, np.zeros(w.shape[1]))
    made["f"], made["activation"] = activation[0](made["y"])
    made["df"] = np.full(made["f"].shape, 1.0)
    made["dy"] = activation[1](made["df"], made["activation"])
    made["dx"], made["dw"], _ = affine[1](made["dy"], made["affine"])
    return [made["f"].sum(), *(made[name] for name in ("df", "dy", "dx", "dw"))]
""",
        "two_layer_loss_code": """
def two_layer_forward(x, w1, b1, w2, b2, layers):
    cache = {}
    z, cache["first"] = layers.affine_forward(x, w1, b1)
    h, cache["relu"] = layers.relu_forward(z)
    scores, cache["second"] = layers.affine_forward(h, w2, b2)
    return scores, cache


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    scores, cache = two_layer_forward(x, w1, b1, w2, b2, layers)
    gradients = {}
    loss, ds = layers.softmax_loss(scores, y)
    dh, gradients["w2"], gradients["b2"] = layers.affine_backward(ds, cache["second"])
    dz = layers.relu_backward(dh, cache["relu"])
    _, gradients["w1"], gradients["b1"] = layers.affine_backward(dz, cache["first"])
    return loss, tuple(gradients[name] for name in ("w1", "b1", "w2", "b2"))
""",
        "train_code": """
def accuracy(x, y, parameters):
    answers = np.argmax(network_scores(x, parameters), axis=1)
    return sum(answers == y) / len(y)


def train(parameters, *, learning_rate, epochs, batch_size, rng):
    history = {f"{s}_{m}": [] for s in ("train", "validation") for m in ("loss", "accuracy")}
    now = dict(zip(NAMES, parameters))
    for _ in range(epochs):
        for x, y in batches(train_images, train_labels, batch_size, rng):
            gradients = network_loss(x, y, list(now.values()))[1]
            for name, gradient in zip(NAMES, gradients):
                now[name] = now[name] - learning_rate * gradient
        end = list(now.values())
        history["train_loss"].append(network_loss(train_images, train_labels, end)[0])
        history["train_accuracy"].append(accuracy(train_images, train_labels, end))
        history["validation_loss"].append(network_loss(validation_images, validation_labels, end)[0])
        history["validation_accuracy"].append(accuracy(validation_images, validation_labels, end))
    return list(now.values()), history
""",
        "zero_initialization_code": """
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    now = dict(zip(NAMES, parameters))
    for _ in range(steps):
        gradients = gradients_of(list(now.values()))
        now = {n: now[n] - learning_rate * d for n, d in zip(NAMES, gradients)}
    return [n for n, before in zip(NAMES, parameters) if not np.array_equal(now[n], before)]
""",
        "quiz_code": """
def parameter_count(d, h, c):
    return sum(np.zeros(shape).size for shape in ((d, h), h, (h, c), c))


def hidden_shape(n, d, h, c):
    return (np.zeros((n, d)) @ np.zeros((d, h))).shape


def start_loss(c):
    p = np.exp(np.zeros(c))
    return -np.log(p[0] / p.sum())


def largest_slope(a):
    middle = 1 / (1 + np.exp(-a * 0))
    return a * middle * (1 - middle)


def repeat_factors(k):
    return 1.0, float(k)
""",
    },
)
