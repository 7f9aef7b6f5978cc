# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 08 · Initialization and regularization
#
# Stack ten layers, and chances are that nothing comes out at the other end: the signal has died on its way, or it has
# blown up, and so have the gradients on their way back. Get it to learn, and it learns by heart. This notebook is
# about both troubles. You will start the weights where they belong, keep the activations in shape with normalization
# layers, and build the classic cures for overfitting: dropout, augmentation, early stopping, ensembles.
#
# | part | you build | follows |
# | --- | --- | --- |
# | 1 | Xavier and Kaiming, and what zeros do | I2DL lecture 7; CS 4342 class 22 |
# | 2 | dropout, in both its forms; Monte-Carlo dropout | I2DL lecture 8; CS 4342 class 22 |
# | 3 | batch norm: forward, backward in two ways, train and test | I2DL lecture 8 |
# | 4 | layer, instance and group norm | I2DL lecture 8 |
# | 5 | random crops, ten-crop testing | I2DL lecture 8 |
# | 6 | early stopping, bagging, ensembles | I2DL lecture 8 |
#
# **Time:** about four hours. You need NumPy and the backward passes of exercise 03; no PyTorch.
#
# Fill in the cells that say `YOUR CODE HERE`, and run the `check` after each. No step needs an earlier one to be
# right: if you are stuck, go on. (Some pictures will then have to wait.)

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from autograder import Check
from i2dl.data import load_digits
from i2dl.data.augmentation import (
    add_noise,
    change_brightness,
    change_contrast,
    random_crops,
    random_flips,
    random_resized_crops,
    rotate,
)
from i2dl.data.augmentation_policies import trivial_augment
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture
from i2dl.plots.regularization import draw_thinned, layer_histograms, show_image_rows, show_normalization_sets

check = Check("08_initialization_and_regularization")

# %% [markdown]
# ## 1 Where the weights start
#
# A neuron adds up $n$ products, $s = \sum_{i=1}^n w_i x_i$. Let the weights be drawn independently with mean 0, and let
# the inputs have mean 0 too. For independent $X$ and $Y$,
#
# $$\mathrm{Var}(XY) = E(X)^2\, \mathrm{Var}(Y) + E(Y)^2\, \mathrm{Var}(X) + \mathrm{Var}(X)\, \mathrm{Var}(Y),$$
#
# where the first two terms are 0 here, so that
#
# $$\mathrm{Var}(s) = n \cdot \mathrm{Var}(w) \cdot \mathrm{Var}(x).$$
#
# (The hint in the exam of August 2020 prints the upper formula for $\mathrm{Var}(X + Y)$. It is that of the product.)
#
# The signal keeps its size from layer to layer if $n \cdot \mathrm{Var}(w) = 1$. Here $n$ is the number of *inputs of
# the neuron*, not the number $N$ of samples. That is **Xavier** initialization, $\mathrm{Var}(w) = 1/n$.
#
# A ReLU cuts off the negative half of $s$. Half of the *mean square* $E(h^2)$ is then gone, and that is what counts
# in the next layer: with inputs whose mean is not 0, $\mathrm{Var}(s) = n \cdot \mathrm{Var}(w) \cdot E(h^2)$. To make
# up for it, **Kaiming** initialization doubles the variance. (The exam says that ReLU halves the variance. The
# variance falls to about a third; it is the mean square that is halved.)
#
# With numbers drawn from the uniform distribution $U(-\alpha, \alpha)$, which has the variance $\alpha^2/3$, the same
# reasoning gives another bound. And Glorot and Bengio also want the gradients to keep their size on the way back, for
# which $m$, the number of *outputs*, counts. Their compromise has the variance $2/(n + m)$, and as a uniform
# distribution it, too, has a bound.
#
# Write the four functions. Beware: generators want the **standard deviation**, or the **bound**.
#
# Example: $n = 12$ gives 0.289, 0.408 and 0.5; with $m = 4$ the last one gives 0.612.


# %% nbgrader={"grade_id": "weight_scales_code", "solution": true}
def xavier_std(n):
    """Return the standard deviation of Xavier initialization.

    Parameters
    ----------
    n : int
        Inputs of the layer.

    Returns
    -------
    float
        What N(0, std²) needs for Var(s) = Var(x).
    """
    ### BEGIN SOLUTION
    return (1 / n) ** 0.5
    ### END SOLUTION


def kaiming_std(n):
    """Return the standard deviation of Kaiming initialization, for a layer of n inputs behind a ReLU."""
    ### BEGIN SOLUTION
    return (2 / n) ** 0.5
    ### END SOLUTION


def uniform_bound(n):
    """Return the α for which numbers from U(−α, α) have Xavier's variance."""
    ### BEGIN SOLUTION
    return (3 / n) ** 0.5
    ### END SOLUTION


def glorot_bound(n, m):
    """Return the bound a for which numbers from U(−a, a) have the variance 2/(n + m)."""
    ### BEGIN SOLUTION
    return (6 / (n + m)) ** 0.5
    ### END SOLUTION


# %% nbgrader={"grade_id": "weight_scales", "grade": true}
check("weight_scales")

# %% [markdown]
# ### Ten layers of 500
#
# Now the lecture's experiment. Send 500 samples of unit Gaussian numbers through ten layers of 500 neurons,
#
# $$h_l = f(h_{l-1} W_l), \qquad h_0 = x,$$
#
# without biases, and keep what every layer puts out.
#
# | | shape |
# | --- | --- |
# | `x` | (N, D) |
# | each `W` | (inputs, outputs) of its layer |
# | result | a list with one array (N, outputs) per layer |
#
# Example: for `x = [[1, 2]]`, two weight matrices `[[1], [1]]` and `[[-2]]`, and $f = $ ReLU, the result is
# `[[[3]], [[0]]]`.


# %% nbgrader={"grade_id": "deep_activations_code", "solution": true}
def deep_activations(x, weights, f):
    """Send samples through a deep network without biases.

    Parameters
    ----------
    x : array (N, D)
        The samples.
    weights : list of arrays
        W of each layer: (D, M) for the first, and each has as many rows as the one before has columns.
    f : function
        The activation, applied after every layer; from an array to an array.

    Returns
    -------
    list of arrays
        The activations of each layer, the input not among them.
    """
    ### BEGIN SOLUTION
    layers = []
    for w in weights:
        x = f(x @ w)
        layers.append(x)
    return layers
    ### END SOLUTION


# %% nbgrader={"grade_id": "deep_activations", "grade": true}
check("deep_activations")

# %% [markdown]
# Each row below is one way to start, each column a layer. (The standard deviations are typed in as numbers, so that
# this picture does not wait for the first step.)

# %%
rng = np.random.default_rng(0)
samples = rng.standard_normal((500, 500))


def relu(s):
    """Return max(0, s), entry by entry."""
    return np.where(s > 0, s, 0.0)


starts = {
    "tanh, N(0, 0.01²)": (np.tanh, 0.01),
    "tanh, N(0, 1)": (np.tanh, 1.0),
    "tanh, Xavier": (np.tanh, 0.04472136),
    "ReLU, Xavier": (relu, 0.04472136),
    "ReLU, Kaiming": (relu, 0.06324555),
}
draws = {name: [std * rng.standard_normal((500, 500)) for _ in range(10)] for name, (_, std) in starts.items()}
runs = {name: deep_activations(samples, draws[name], f) for name, (f, _) in starts.items()}
layer_histograms(runs)

# %% [markdown]
# - $N(0, 0.01^2)$ is **too small**: by the third layer nearly all activations are 0. The gradient of a weight has its
#   input as a factor, so it is nearly 0, too.
# - $N(0, 1)$ is **too large**: every neuron sits at −1 or 1. There the slope of tanh is 0, and the neuron passes no
#   gradient on. (What that does to the network as a whole, the next picture will show.)
# - **Xavier** keeps tanh alive down to the last layer. (It shrinks a little, as tanh pulls everything towards 0.)
# - With **ReLU**, Xavier loses a factor $\sqrt 2$ in each layer. Kaiming does not.
#
# What does that do to learning? The picture on the right shows how large the gradient of each layer's *weights* is when
# the gradient that enters at the top is the same for all.

# %%
slopes = {np.tanh: lambda h: 1 - h**2, relu: lambda h: h > 0}


def weight_gradients(x, weights, layers, slope, upstream):
    """Return the standard deviation of the gradient of each layer's weights."""
    sizes, inputs = [], [x, *layers[:-1]]
    for w, h, below in zip(weights[::-1], layers[::-1], inputs[::-1], strict=True):
        ds = upstream * slope(h)
        sizes.append((below.T @ ds).std())
        upstream = ds @ w.T
    return sizes[::-1]


picture = Picture(figsize=(10, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
upstream = rng.standard_normal((500, 500))
for (name, (f, _)), color, style in zip(
    starts.items(), [GREY, "black", BLUE, ORANGE, GREEN], ["--", ":", "-", "--", "-"], strict=True
):
    sizes = weight_gradients(samples, draws[name], runs[name], slopes[f], upstream)
    options = {"color": color, "linestyle": style, "marker": "o", "markersize": 3, "label": name}
    left.semilogy(range(1, 11), [h.std() for h in runs[name]], **options)
    right.semilogy(range(1, 11), sizes, **options)
left.set(xlabel="layer", title="standard deviation of the activations")
right.set(xlabel="layer", title="size of the weight gradients")
for ax in (left, right):
    ax.grid(alpha=0.3)
left.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# Weights that are too small have next to no gradients. Weights that are too large are worse than the lecture says:
# nearly every neuron is saturated and passes nothing on, but the few that are not multiply the gradient with large
# weights, layer by layer. It does not vanish on its way down, it **explodes**, and points nowhere useful. With Xavier
# and Kaiming all layers get gradients of one size.
#
# ### All zeros
#
# Why not start at 0, or with all weights equal? Class 22 of CS 4342 asks which parameters of a small network *ever
# move*. The network has one hidden layer,
#
# $$h = \mathrm{ReLU}(x W_1 + b_1), \qquad \hat y = \mathrm{softmax}(h W_2 + b_2),$$
#
# and its gradients, with $g = ((\hat y - y)\, W_2^\top) \odot \mathrm{ReLU}'(x W_1 + b_1)$ and $\mathrm{ReLU}'(0) = 0$,
# are
#
# $$\frac{\partial L}{\partial W_2} = h^\top (\hat y - y), \qquad
# \frac{\partial L}{\partial b_2} = \sum (\hat y - y), \qquad
# \frac{\partial L}{\partial W_1} = x^\top g, \qquad
# \frac{\partial L}{\partial b_1} = \sum g.$$
#
# Write a function that takes some steps of gradient descent and reports whose values have changed. Example: with
# $\partial L/\partial a = a$ and $\partial L/\partial b = 0$, starting from $a = 8$, $b = 3$, two steps with rate 0.5
# end at $a = 2$, $b = 3$, and `["a"]` has moved.


# %% nbgrader={"grade_id": "descend_code", "solution": true}
def descend(parameters, gradients_of, rate, steps):
    """Take steps of gradient descent, and report which parameters have moved.

    Parameters
    ----------
    parameters : dict from str to array
        Where to start; neither the dictionary nor its arrays may be changed.
    gradients_of : function
        Takes such a dictionary, returns one with the gradient of each.
    rate : float
        Learning rate.
    steps : int
        How many steps.

    Returns
    -------
    parameters : dict from str to array
        After the last step.
    moved : list of str
        The names of those that differ from their start, in any order.
    """
    ### BEGIN SOLUTION
    now = dict(parameters)
    for _ in range(steps):
        gradients = gradients_of(now)
        now = {name: now[name] - rate * gradients[name] for name in now}
    moved = [name for name in now if not np.array_equal(now[name], parameters[name])]
    return now, moved
    ### END SOLUTION


# %% nbgrader={"grade_id": "descend", "grade": true}
check("descend")

# %% nbgrader={"grade_id": "which_move", "locked": true}
train, validation = load_digits("train"), load_digits("validation")
x_train, y_train = train.images.reshape(len(train), -1), train.labels
x_validation, y_validation = validation.images.reshape(len(validation), -1), validation.labels


def softmax(scores):
    """Return probabilities (N, C) from scores (N, C)."""
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def small_network_gradients(p):
    """Return the gradients of the network above, on 100 digits."""
    x, y = x_train[:100], np.eye(10)[y_train[:100]]
    h = relu(x @ p["W1"] + p["b1"])
    error = (softmax(h @ p["W2"] + p["b2"]) - y) / len(x)
    g = error @ p["W2"].T * (h > 0)
    return {"W1": x.T @ g, "b1": g.sum(axis=0), "W2": h.T @ error, "b2": error.sum(axis=0)}


def start(first, second):
    """Return the small network's parameters, drawn, and scaled in either layer."""
    rng = np.random.default_rng(1)
    draw = {name: 0.3 * rng.standard_normal(s) for name, s in {"W1": (64, 8), "b1": 8, "W2": (8, 10), "b2": 10}.items()}
    return {name: value * (first if name.endswith("1") else second) for name, value in draw.items()}


cases = {"all zero": start(0, 0), "first layer zero": start(0, 1), "second layer zero": start(1, 0)}
for case, parameters in cases.items():
    for steps in (1, 2, 50):
        _, moved = descend(parameters, small_network_gradients, 0.5, steps)
        print(f"{case:18} after {steps:2} steps, moved: {', '.join(sorted(moved))}")

# %% [markdown]
# With zeros in the first layer, $h = 0$ and $\mathrm{ReLU}' = 0$: only $b_2$ moves, for ever, and all that the network
# can learn is how frequent the classes are. Zeros in the second layer are harmless: $W_2$ moves at once, and from the
# second step on $W_1$ moves too. (The slides say that $\hat y$ is 0 when everything is 0, and that $b_2$ then goes to
# the mean of the targets. A softmax of zeros gives $1/C$ for each class; and it is $\mathrm{softmax}(b_2)$ that goes to
# the mean.)
#
# Equal numbers other than 0 do let gradients through, but all neurons of a layer then get the same one and stay equal:
# eight neurons that do the work of one. The **symmetry** has to be broken, and random numbers do it. Below, the columns
# of $W_1$ after 300 steps, each a neuron, as the image of 8 × 8 pixels that it looks for.

# %%
equal = {name: np.full_like(value, 0.1) for name, value in start(1, 1).items()}
columns = {
    "started equal": descend(equal, small_network_gradients, 0.5, 300)[0]["W1"],
    "started at random": descend(start(1, 1), small_network_gradients, 0.5, 300)[0]["W1"],
}
show_image_rows({name: 0.5 + w.T.reshape(8, 1, 8, 8) / 2 for name, w in columns.items()})

# %% [markdown]
# ## 2 Dropout
#
# In every training step, a random set of neurons is switched off. No neuron can rely on a single other one any more, so
# the network spreads what it knows over many, and has several ways to the same answer. Each step trains another,
# thinner network out of the many that can be formed, and all share their weights. Inputs and hidden neurons may be
# dropped, outputs never.

# %%
rng = np.random.default_rng(3)
picture = Picture(figsize=(9, 2.5), layout="constrained")
for i, ax in enumerate(picture.subplots(1, 3)):
    kept = [rng.random(n) >= p if i else np.ones(n) for n, p in ((5, 0.2), (6, 0.5), (5, 0.5), (3, 0.0))]
    draw_thinned(kept, ax=ax, title=["the network", "one step", "the next step"][i])
picture

# %% [markdown]
# **What $p$ means.** Here, as in PyTorch, $p$ is the probability that a neuron is **dropped**. Sources differ, so look
# twice: class 22 of CS 4342 calls $p$ the probability to *keep*. And lecture 8 calls $p = 0.5$ the dropout probability,
# and multiplies by it where the probability to keep is due; at one half, nobody notices.
#
# Draw a mask: 1 (or `True`) where an entry is kept, 0 (or `False`) where it is dropped; every entry for itself, so that
# each sample gets a thinned network of its own.
#
# Example: with $p = 0.25$, about 750 of the 1000 entries of a mask of shape (50, 20) are 1. With $p = 0$ all are, with
# $p = 1$ none.


# %% nbgrader={"grade_id": "dropout_mask_code", "solution": true}
def dropout_mask(shape, p, rng):
    """Draw which entries dropout keeps.

    Parameters
    ----------
    shape : tuple of int
        That of the activations.
    p : float in [0, 1]
        Probability to drop an entry.
    rng : numpy.random.Generator
        Where the random numbers come from; take `rng.random(...)`, numbers from [0, 1).

    Returns
    -------
    array of this shape
        1 or True where an entry is kept, 0 or False where it is dropped.
    """
    ### BEGIN SOLUTION
    return rng.random(shape) >= p
    ### END SOLUTION


# %% nbgrader={"grade_id": "dropout_mask", "grade": true}
check("dropout_mask")

# %% [markdown]
# ### Training and test have to agree
#
# At test time all neurons are there. The next layer then gets more than it was trained with. How much more? Two
# inputs and $p = \tfrac12$ give four equally likely masks (lecture 8):
#
# $$E[z] = \tfrac14 \bigl( 0 \;+\; \theta_1 x_1 \;+\; \theta_2 x_2 \;+\; \theta_1 x_1 + \theta_2 x_2 \bigr)
# = \tfrac12\, (\theta_1 x_1 + \theta_2 x_2)$$
#
# and in general $E[z] = (1 - p)(\theta_1 x_1 + \theta_2 x_2)$. There are two remedies:
#
# | | in training | at test time |
# | --- | --- | --- |
# | **test-time scaling** (the lecture's weight scaling rule) | $m \odot x$ | $(1 - p)\, x$ |
# | **inverted dropout** (PyTorch) | $m \odot x \,/\, (1 - p)$ | $x$ |
#
# With the inverted form, a network in use need not know about dropout at all. Build it first, with its gradient: the
# mask does not depend on $x$, so the slope of each entry is just what it was multiplied with.
#
# Example: `x = [1, 2, 3, 4]`, `mask = [1, 0, 1, 1]`, $p = 0.2$ gives `[1.25, 0, 3.75, 5]` in training, and a `dout` of
# ones gives `[1.25, 0, 1.25, 1.25]`.


# %% nbgrader={"grade_id": "dropout_inverted_code", "solution": true}
def dropout_forward(x, mask, p, train):
    """Apply inverted dropout.

    Parameters
    ----------
    x : array, any shape
        Activations.
    mask : boolean array, shape of x
        True where an entry is kept, in training.
    p : float in [0, 1)
        Probability with which entries were dropped.
    train : bool
        Whether this is training; at test time nothing is dropped.

    Returns
    -------
    array, shape of x
        What is left.
    """
    ### BEGIN SOLUTION
    return x * mask / (1 - p) if train else x
    ### END SOLUTION


def dropout_backward(dout, mask, p, train):
    """Return dx, the gradient with respect to x, from the upstream gradient dout; the rest is as above."""
    ### BEGIN SOLUTION
    return dout * mask / (1 - p) if train else dout
    ### END SOLUTION


# %% nbgrader={"grade_id": "dropout_inverted", "grade": true}
check("dropout_inverted")

# %% [markdown]
# And the lecture's form. Example: with the numbers above, `[1, 0, 3, 4]` in training and `[0.8, 1.6, 2.4, 3.2]` at
# test time.


# %% nbgrader={"grade_id": "dropout_test_scaling_code", "solution": true}
def dropout_lecture(x, mask, p, train):
    """Apply dropout with test-time scaling; arguments and result are those of `dropout_forward`."""
    ### BEGIN SOLUTION
    return x * mask if train else (1 - p) * x
    ### END SOLUTION


# %% nbgrader={"grade_id": "dropout_test_scaling", "grade": true}
check("dropout_test_scaling")

# %% [markdown]
# ### Numbers about dropout
#
# Four questions, each with a formula for an answer; it is checked with drawn numbers.
#
# - Two dropout layers follow one another, with drop probabilities $p$ and $q$. With which probability does the pair
#   drop an entry? (Exam of February 2022. Its solution, $p + q - 2pq$, is the probability that *exactly one* of the two
#   would drop it. Count the case in which both would, too.)
# - Both are inverted. By which factor is an entry multiplied that got through?
# - A network has $n$ neurons that may be dropped. How many different thinned networks are there, counting the full one
#   and the one without any?
# - How many trainable parameters does a fully-connected network have that drops each hidden neuron with probability
#   $p$? `sizes` are the layers from input to output, every neuron but the inputs has a bias. (Exam of July 2021: sizes
#   64, 10, 5, 3.)
#
# Example: $p = 0.5$ and $q = 0.2$ drop 0.6, and scale by 2.5; 3 neurons make 8 networks; sizes 2, 3, 1 have 13
# parameters.


# %% nbgrader={"grade_id": "dropout_numbers_code", "solution": true}
def dropped_by_pair(p, q):
    """Return the probability that one of two dropout layers, or both, drops an entry."""
    ### BEGIN SOLUTION
    return 1 - (1 - p) * (1 - q)
    ### END SOLUTION


def scale_of_pair(p, q):
    """Return what two inverted dropout layers multiply an entry with that neither drops."""
    ### BEGIN SOLUTION
    return 1 / ((1 - p) * (1 - q))
    ### END SOLUTION


def thinned_networks(n):
    """Return the number of thinned networks that n droppable neurons can form."""
    ### BEGIN SOLUTION
    return 2**n
    ### END SOLUTION


def trainable_parameters(sizes, p):
    """Return the number of weights and biases of a fully-connected network with dropout; sizes is a list of int."""
    ### BEGIN SOLUTION
    return sum((n + 1) * m for n, m in zip(sizes[:-1], sizes[1:], strict=True))
    ### END SOLUTION


# %% nbgrader={"grade_id": "dropout_numbers", "grade": true}
check("dropout_numbers")

# %% [markdown]
# ### A network to try it on
#
# For the experiments you get a small network: layers in a list, each with `forward` and `backward`, trained by
# stochastic gradient descent with momentum. The dropout layer calls what you have written.


# %% nbgrader={"grade_id": "network", "locked": true}
class Affine:
    """y = x W + b, with the gradients summed over the batch."""

    def __init__(self, n, m, rng, std=None):
        w = rng.standard_normal((n, m))
        # Without a std, the squared weights of each neuron add up to 2: that is Kaiming's start.
        self.values = {"W": w * (1.41421356 / np.linalg.norm(w, axis=0) if std is None else std), "b": np.zeros(m)}

    def forward(self, x, train):
        self.x = x
        return x @ self.values["W"] + self.values["b"]

    def backward(self, dout):
        self.gradients = {"W": self.x.T @ dout, "b": dout.sum(axis=0)}
        return dout @ self.values["W"].T


class ReLU:
    """max(0, x)."""

    def forward(self, x, train):
        self.open = x > 0
        return np.where(self.open, x, 0.0)

    def backward(self, dout):
        return np.where(self.open, dout, 0.0)


class Dropout:
    """Your inverted dropout."""

    def __init__(self, p, rng):
        self.p, self.rng = p, rng

    def forward(self, x, train):
        self.mask, self.train = dropout_mask(x.shape, self.p, self.rng), train
        return dropout_forward(x, self.mask, self.p, train)

    def backward(self, dout):
        return dropout_backward(dout, self.mask, self.p, self.train)


def scores(layers, x, train=False):
    """Send a batch through all layers."""
    for layer in layers:
        x = layer.forward(x, train)
    return x


def measure(layers, x, y):
    """Return the cross-entropy and the share of errors, in test mode."""
    p = softmax(scores(layers, x))
    return -np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean(), np.mean(p.argmax(axis=1) != y)


def fit(layers, x, y, *, epochs, batch_size, rate, rng, change=lambda x: x):
    """Train with momentum 0.9; return an array (epochs, 4): training loss and error, validation loss and error."""
    velocity, history = {}, []
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for begin in range(0, len(x), batch_size):
            chosen = order[begin : begin + batch_size]
            dout = softmax(scores(layers, change(x[chosen]), train=True))
            dout[np.arange(len(chosen)), y[chosen]] -= 1
            dout /= len(chosen)
            for layer in layers[::-1]:
                dout = layer.backward(dout)
            for layer in layers:
                for name, value in getattr(layer, "values", {}).items():
                    key = id(layer), name
                    velocity[key] = 0.9 * velocity.get(key, 0.0) - rate * layer.gradients[name]
                    value += velocity[key]
        history.append([*measure(layers, x, y), *measure(layers, x_validation, y_validation)])
    return np.array(history)


# %% [markdown]
# To see overfitting, make it easy: 300 digits, one in five with a label that was drawn at random (somebody was
# careless), and a network large enough to learn all of that by heart.

# %%
rng = np.random.default_rng(42)
x_few, y_few = x_train[:300], y_train[:300].copy()
careless = rng.random(300) < 0.2
y_few[careless] = rng.integers(10, size=careless.sum())


def wide_network(p, seed=0):
    """Return a network with two hidden layers of 100 neurons, behind each a dropout layer if p > 0."""
    rng = np.random.default_rng(seed)
    layers = []
    for n in (64, 100):
        layers += [Affine(n, 100, rng), ReLU(), *([Dropout(p, rng)] if p else [])]
    return [*layers, Affine(100, 10, rng)]


curves = {
    p: fit(wide_network(p), x_few, y_few, epochs=100, batch_size=25, rate=0.02, rng=np.random.default_rng(1))
    for p in (0, 0.5)
}
picture = Picture(figsize=(9, 3.4), layout="constrained")
for ax, (p, history) in zip(picture.subplots(1, 2, sharey=True), curves.items(), strict=True):
    ax.semilogy(history[:, 0], "--", color=GREY, label="training (in test mode)")
    ax.semilogy(history[:, 2], color=BLUE, label="validation")
    title = f"dropout with p = {p}" if p else "no dropout"
    ax.set(xlabel="epoch", title=f"{title}: {history[-10:, 3].mean():.0%} validation errors", ylim=(3e-3, 3))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, loc="lower left")
picture

# %% [markdown]
# Without dropout the network learns every wrong label, and pays for it. With dropout it cannot: a few neurons that
# remember one odd image are not there the next time.
#
# ### Monte-Carlo dropout
#
# Networks are overconfident: a softmax says 99 % even for images like none it has seen. Gal and Ghahramani leave
# dropout **on** at test time, predict the same input 25 to 100 times, and average the probabilities. Each prediction
# comes from another thinned network. Where they disagree, the network does not know, and the spread says so. (Train
# with a low $p$ for this, 0.1 or 0.2.)
#
# Take $T$ predictions; return their mean and their standard deviation, divided by $T$ (not by $T - 1$):
#
# $$\bar p = \frac1T \sum_t p_t \qquad\qquad
# \mathrm{std} = \sqrt{\frac1T \sum_t (p_t - \bar p)^2}$$
#
# Example: predictions `[[0.2, 0.8]]` and `[[0.6, 0.4]]` have the mean `[[0.4, 0.6]]` and the spread `[[0.2, 0.2]]`.


# %% nbgrader={"grade_id": "monte_carlo_code", "solution": true}
def monte_carlo(predict, x, samples):
    """Predict several times with dropout left on.

    Parameters
    ----------
    predict : function
        From inputs (N, ...) to probabilities (N, C); another result at each call, as dropout is on.
    x : array (N, ...)
        Inputs.
    samples : int
        T, how many predictions to take, exactly.

    Returns
    -------
    mean, std : arrays (N, C)
        Mean and standard deviation over the predictions.
    """
    ### BEGIN SOLUTION
    predictions = np.stack([predict(x) for _ in range(samples)])
    return predictions.mean(axis=0), predictions.std(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "monte_carlo", "grade": true}
check("monte_carlo")

# %% [markdown]
# A 1 is turned step by step until it lies down. Nobody ever showed the network such an image. Above, the 1; then what
# the network says in test mode; then the Monte-Carlo mean, with its spread as black lines.

# %%


class Turn:
    """Stands in for a generator: every angle is the given one."""

    def __init__(self, degrees):
        self.degrees = degrees

    def uniform(self, low, high, size):
        return np.full(size, self.degrees)


network = wide_network(0.1, seed=5)
fit(network, x_train, y_train, epochs=30, batch_size=32, rate=0.02, rng=np.random.default_rng(6))
one = validation.images[validation.labels == 1][8:9]
picture = Picture(figsize=(10, 4.6), layout="constrained")
for column, degrees in zip(picture.subplots(3, 7, sharey="row").T, range(0, 91, 15), strict=True):
    turned = rotate(one, rng=Turn(degrees))
    column[0].imshow(turned[0, 0], cmap="gray_r", vmin=0, vmax=1)
    column[0].set(title=f"{degrees}°", xticks=[], yticks=[])
    flat = turned.reshape(1, -1)
    sure = softmax(scores(network, flat))
    mean, std = monte_carlo(lambda x: softmax(scores(network, x, train=True)), flat, 100)
    column[1].bar(range(10), sure[0], color=GREY)
    column[2].bar(range(10), mean[0], yerr=std[0], color=BLUE, ecolor="black")
    for ax in column[1:]:
        ax.set_xticks(range(0, 10, 3))
        ax.set_ylim(0, 1.2)
picture.axes[7].set_ylabel("test mode")
picture.axes[14].set_ylabel("Monte Carlo")
picture

# %% [markdown]
# Upright, all thinned networks agree. Half-way down they disagree, and the long black lines say so; the mean is also
# less sure of itself than the network in test mode. But look at the end: a 1 that lies down is a 4, say all of them. A
# large spread is a warning, a small one no proof.

# %% [markdown]
# ## 3 Batch normalization
#
# We want activations of mean 0 and variance 1 in every layer. Initialization gives them at the start, and learning
# spoils them. Batch norm takes the wish literally: compute mean and variance of every feature over the mini-batch, and
# normalize.
#
# $$\mu = \frac1N \sum_i x_i \qquad \sigma^2 = \frac1N \sum_i (x_i - \mu)^2 \qquad
# \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} \qquad y = \gamma \hat x + \beta$$
#
# Everything is done for each feature by itself. $\gamma$ and $\beta$ are learned, so the network can undo the
# normalization where it does harm. The small $\varepsilon$ guards against features that never change.
#
# The layer stands behind an affine (or convolutional) layer and before the activation. The bias of the affine layer is
# of no use there: the mean takes it away again.
#
# Hand the backward pass what it will need: the centred numbers $c = x - \mu$, the factor
# $r = 1/\sqrt{\sigma^2 + \varepsilon}$, and $\gamma$. So $\hat x = c \cdot r$.
#
# Example: the column $x = (1, 3)$ with $\varepsilon = 0$, $\gamma = 2$, $\beta = 5$ has $\mu = 2$, $\sigma^2 = 1$,
# $\hat x = (-1, 1)$, $y = (3, 7)$.


# %% nbgrader={"grade_id": "batch_norm_forward_code", "solution": true}
def batch_norm_forward(x, gamma, beta, eps):
    """Normalize a batch, in training.

    Parameters
    ----------
    x : array (N, D)
        The batch, one row a sample.
    gamma, beta : arrays (D,)
        Scale and shift.
    eps : float
        ε.

    Returns
    -------
    out : array (N, D)
        y.
    cache : tuple
        (c, r, gamma), of shapes (N, D), (D,) and (D,).
    """
    ### BEGIN SOLUTION
    c = x - x.mean(axis=0)
    r = 1 / np.sqrt((c**2).mean(axis=0) + eps)
    return gamma * c * r + beta, (c, r, gamma)
    ### END SOLUTION


# %% nbgrader={"grade_id": "batch_norm_forward", "grade": true}
check("batch_norm_forward")

# %% [markdown]
# ### Backward, along the graph
#
# The mean and the variance depend on all samples, so each $x_i$ reaches each $y_j$ of its feature, on three paths. Draw
# the graph, and nothing can go wrong. Forward, one operation per node:
#
# | | node | shape |
# | --- | --- | --- |
# | 1 | $\mu = \frac1N\sum_i x_i$ | (D,) |
# | 2 | $c = x - \mu$ | (N, D) |
# | 3 | $s = c^2$ | (N, D) |
# | 4 | $v = \frac1N\sum_i s_i$ | (D,) |
# | 5 | $r = (v + \varepsilon)^{-1/2}$ | (D,) |
# | 6 | $\hat x = c \cdot r$ | (N, D) |
# | 7 | $y = \gamma\hat x + \beta$ | (N, D) |
#
# Backward, from the last node to the first; a letter with a d in front is the gradient of the loss with respect to that
# node. Two rules do most of it. Where a row of shape (D,) was *broadcast* to all samples, the gradients of all samples
# are **summed**. And a node used in two places gets the **sum** of what comes back from both: here $c$, from $\hat x$
# and from $s$; and $x$, from $c$ and from $\mu$.
#
# - 7: $d\gamma$ and $d\beta$ are sums over the samples; $d\hat x = \gamma \cdot dout$.
# - 6: $\hat x$ is a product. What goes to $r$ is summed; what goes to $c$ is its first part.
# - 5: the derivative of $(v + \varepsilon)^{-1/2}$ is $-\tfrac12 (v + \varepsilon)^{-3/2}$, which is
#   $-\tfrac12 r^3$.
# - 4 and 3: each sample has the share $\tfrac1N$ in a mean, and $c^2$ has the slope $2c$: the second part of $c$.
# - 2 and 1: $c = x - \mu$ goes to $x$ unchanged, and to $\mu$ with a minus; from there each sample gets $\tfrac1N$ of
#   it.
#
# Write all of them down, and return them under their names. ($dc$ is the sum of both parts.)
#
# Example: the column $c = (-1, 1)$ with $r = 1$, $\gamma = 2$ and $dout = (1, 4)$. $d\gamma = 3$, $d\beta = 5$,
# $d\hat x = (2, 8)$, $dr = 6$, $dv = -3$, $dc = (2, 8) + (3, -3) = (5, 5)$, $d\mu = -10$, and $dx = (0, 0)$.


# %% nbgrader={"grade_id": "batch_norm_graph_code", "solution": true}
def batch_norm_graph(dout, cache):
    """Go back through the graph of batch norm, step by step.

    Parameters
    ----------
    dout : array (N, D)
        Upstream gradient.
    cache : tuple
        (c, r, gamma), of shapes (N, D), (D,) and (D,).

    Returns
    -------
    dict of arrays
        "dgamma", "dbeta", "dr", "dv", "dmu", each (D,), and "dc", "dx", each (N, D).
    """
    c, r, gamma = cache
    ### BEGIN SOLUTION
    n = len(dout)
    dgamma, dbeta = (dout * c * r).sum(axis=0), dout.sum(axis=0)
    dxhat = gamma * dout
    dr = (dxhat * c).sum(axis=0)
    dv = -0.5 * r**3 * dr
    dc = dxhat * r + 2 * c * dv / n
    dmu = -dc.sum(axis=0)
    dx = dc + dmu / n
    return {"dgamma": dgamma, "dbeta": dbeta, "dr": dr, "dv": dv, "dc": dc, "dmu": dmu, "dx": dx}
    ### END SOLUTION


# %% nbgrader={"grade_id": "batch_norm_graph", "grade": true}
check("batch_norm_graph")

# %% [markdown]
# ### Backward, in one line
#
# Put the steps together on paper, using $\sum c = 0$, and most of it cancels. With $N$ samples there remains
#
# $$dx = \gamma\, r \left( dout - \frac{d\beta}{N} - \hat x\, \frac{d\gamma}{N} \right)$$
#
# One can read it without the graph. Shift all $x$ by a constant, and nothing changes in $y$; stretch them all, and
# nothing changes either. So the part of the gradient that would shift (its mean) and the part that would stretch (its
# component along $\hat x$) are taken out.
#
# Example: $c = (-1, 1)$, $r = 1$, $\gamma = 2$ and $dout = (1, 4)$ give $d\beta = 5$, $d\gamma = 3$ and
# $dx = 2 \cdot (1 - 2.5 + 1.5,\; 4 - 2.5 - 1.5) = (0, 0)$, as along the graph. With two samples $\hat x$ is always
# $\pm 1$, whatever they are; no wonder that the gradient is 0.


# %% nbgrader={"grade_id": "batch_norm_compact_code", "solution": true}
def batch_norm_backward(dout, cache):
    """Return the gradients of batch norm, in the compact form.

    Parameters
    ----------
    dout : array (N, D)
        Upstream gradient.
    cache : tuple
        (c, r, gamma), of shapes (N, D), (D,) and (D,).

    Returns
    -------
    dx : array (N, D)
        Gradient with respect to x.
    dgamma, dbeta : arrays (D,)
        Gradients with respect to gamma and beta.
    """
    c, r, gamma = cache
    ### BEGIN SOLUTION
    n, xhat = len(dout), c * r
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    dx = gamma * r * (dout - dbeta / n - xhat * dgamma / n)
    return dx, dgamma, dbeta
    ### END SOLUTION


# %% nbgrader={"grade_id": "batch_norm_compact", "grade": true}
check("batch_norm_compact")

# %% [markdown]
# ### Training and test
#
# At test time there may be a single image, and one sample has no variance. So running averages are collected during
# training, and stand in for $\mu$ and $\sigma^2$ at test time:
#
# $$\mu_{run} \leftarrow \beta_m\, \mu_{run} + (1 - \beta_m)\, \mu \qquad\qquad
# \sigma^2_{run} \leftarrow \beta_m\, \sigma^2_{run} + (1 - \beta_m)\, \sigma^2$$
#
# **Mind the weights.** In the lecture, $\beta_m$ (0.9, say) weighs the **old** value. What PyTorch calls `momentum`
# (0.1, say) weighs the *new* one: it is $1 - \beta_m$. And PyTorch puts the unbiased variance, divided by $N - 1$, into
# the average, where the lecture takes the $\sigma^2$ from above, divided by $N$. Here: the lecture's.
#
# Example: $\mu_{run} = 0$, $\sigma^2_{run} = 1$, the batch $(1, 3)$ and $\beta_m = 0.9$ give $0.2$ and $1$.
#
# With $\mu_{run}$ and $\sigma^2_{run}$ as constants, what is left at test time is an affine function of $x$: one factor
# and one shift per feature. With the averages of the example, $\varepsilon = 0$, $\gamma = 2$ and $\beta = 5$,
# $x = 1.2$ becomes $2 \cdot (1.2 - 0.2) + 5 = 7$.


# %% nbgrader={"grade_id": "train_test_code", "solution": true}
def update_running(running_mean, running_var, x, momentum):
    """Average the statistics of a batch into the running ones.

    Parameters
    ----------
    running_mean, running_var : arrays (D,)
        The running averages so far; they are not to be changed.
    x : array (N, D)
        A training batch.
    momentum : float
        βₘ, the weight of the old value.

    Returns
    -------
    running_mean, running_var : arrays (D,)
        The new ones.
    """
    ### BEGIN SOLUTION
    mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
    var = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return mean, var
    ### END SOLUTION


def batch_norm_test(x, gamma, beta, running_mean, running_var, eps):
    """Return batch norm's output (N, D) at test time, with the running averages; arguments are as above."""
    ### BEGIN SOLUTION
    return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta
    ### END SOLUTION


# %% nbgrader={"grade_id": "train_test", "grade": true}
check("train_test")

# %% [markdown]
# ### Numbers about batch norm
#
# After a convolution, all positions of a feature map are values of one feature: a channel of N images has one $\mu$
# and one $\sigma^2$, over all samples *and* all positions. Fill in the formulas, for inputs of shape (N, D) or
# (N, C, H, W).
#
# Example: for shape (8, 3, 32, 64), from the exam of August 2022, the running mean and variance hold 6 numbers, and
# each mean is taken over 16384. (The solution of the exam of July 2021 counts 2 learned parameters behind a
# fully-connected layer. It is 2 for *each* of its neurons.)


# %% nbgrader={"grade_id": "batch_norm_numbers_code", "solution": true}
def learned_numbers(shape):
    """Return how many numbers the layer learns; shape is a tuple (N, D) or (N, C, H, W)."""
    ### BEGIN SOLUTION
    return 2 * shape[1]
    ### END SOLUTION


def running_numbers(shape):
    """Return how many numbers the running averages hold together."""
    ### BEGIN SOLUTION
    return 2 * shape[1]
    ### END SOLUTION


def numbers_per_mean(shape):
    """Return over how many numbers each mean is taken, in training."""
    ### BEGIN SOLUTION
    return int(np.prod(shape)) // shape[1]
    ### END SOLUTION


# %% nbgrader={"grade_id": "batch_norm_numbers", "grade": true}
check("batch_norm_numbers")

# %% [markdown]
# ### Does it help?
#
# Back to ten tanh layers of 500, with the worst of all starts, N(0, 0.01²) and N(0, 1). First without, then with your
# batch norm in front of every tanh.

# %%


def with_batch_norm(f):
    """Return the activation f with batch norm in front of it."""
    return lambda s: f(batch_norm_forward(s, np.ones(s.shape[1]), np.zeros(s.shape[1]), 1e-5)[0])


repaired = {
    f"{name} with batch norm": deep_activations(samples, draws[key], with_batch_norm(np.tanh))
    for key, name in (
        ("tanh, N(0, 0.01²)", "N(0, 0.01²)"),
        ("tanh, N(0, 1)", "N(0, 1)"),
    )
}
layer_histograms({"N(0, 0.01²)": runs["tanh, N(0, 0.01²)"], **repaired})

# %% [markdown]
# Now train: eight ReLU layers on the digits, five epochs, at learning rates from far too small to far too large, and
# from Kaiming's start as well as from one that is too small.


# %%
class BatchNorm:
    """Your batch norm, with running averages."""

    def __init__(self, d):
        self.values = {"gamma": np.ones(d), "beta": np.zeros(d)}
        self.mean, self.var = np.zeros(d), np.ones(d)

    def forward(self, x, train):
        gamma, beta = self.values["gamma"], self.values["beta"]
        if not train:
            return batch_norm_test(x, gamma, beta, self.mean, self.var, 1e-5)
        self.mean, self.var = update_running(self.mean, self.var, x, 0.9)
        out, self.cache = batch_norm_forward(x, gamma, beta, 1e-5)
        return out

    def backward(self, dout):
        dx, dgamma, dbeta = batch_norm_backward(dout, self.cache)
        self.gradients = {"gamma": dgamma, "beta": dbeta}
        return dx


def deep_network(norm, std=None, depth=8, width=40, seed=0):
    """Return a network with hidden layers: affine, perhaps norm(width), ReLU."""
    rng = np.random.default_rng(seed)
    layers = []
    for n in [64] + [width] * (depth - 1):
        layers += [Affine(n, width, rng, std), *([norm(width)] if norm else []), ReLU()]
    return [*layers, Affine(width, 10, rng)]


rates = 10.0 ** np.arange(-3, 0.6, 0.5)
picture = Picture(figsize=(8, 3.6), layout="constrained")
ax = picture.subplots()
for norm, std, name, color, style in (
    (None, 0.05, "small start", ORANGE, "s:"),
    (None, None, "Kaiming", ORANGE, "s-"),
    (BatchNorm, 0.05, "small start, batch norm", BLUE, "o:"),
    (BatchNorm, None, "Kaiming, batch norm", BLUE, "o-"),
):
    errors = []
    for rate in rates:
        with np.errstate(all="ignore"):  # the largest rates diverge
            history = fit(
                deep_network(norm, std),
                x_train,
                y_train,
                epochs=5,
                batch_size=32,
                rate=rate,
                rng=np.random.default_rng(1),
            )
        errors.append(100 * history[-1, 3])
    ax.semilogx(rates, errors, style, color=color, label=name)
ax.set(xlabel="learning rate", ylabel="validation errors in %", title="eight layers, after five epochs", ylim=(0, 100))
ax.grid(alpha=0.3)
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(0, 0.66))
picture

# %% [markdown]
# Without batch norm, the small start learns nothing at any rate, and Kaiming's needs the right one. With it both starts
# learn, at rates up to ten times as large, and better.
#
# **Question** (graded by hand, a few sentences). A friend trained a network that has batch norm and dropout layers. In
# use, the same image gets another answer whenever it is asked about, and the answer depends on which other images are
# in the batch. For a batch of one image the output does not depend on the image at all. What was forgotten, which layer
# causes which of the three symptoms, and why is it right that both layers behave like this in training?

# %% [markdown] nbgrader={"grade_id": "why_two_modes", "grade": true, "solution": true}
# The network was left in training mode (in PyTorch, `model.eval()` is missing).
#
# - Another answer each time: **dropout** draws a new mask at every call.
# - The answer depends on the neighbours: **batch norm** uses mean and variance of the batch at hand.
# - With one image, each feature is its own mean: $\hat x = 0$, and what is left is $y = \beta$, whatever the image is.
#
# In training both are wanted. The random masks keep neurons from relying on single others, and train many thinned
# networks at once. The statistics of the batch keep the activations in range while the weights change from step to
# step (running averages would lag behind), gradients go through them, and their noise regularizes. In use we want one
# answer per image: dropout is switched off (with the scaling that keeps the expectation), and batch norm takes the
# running averages of training.

# %% [markdown]
# ## 4 Without the batch
#
# Batch norm has a weak spot: with few samples in a batch, mean and variance are noise. Of large images only two or
# three fit into the memory of a GPU. The other norms take their statistics from **one sample** instead. Below, each
# cell is a feature map; cells of one colour and number share a mean and a variance.

# %%
show_normalization_sets(samples=3, channels=6, groups=2)

# %% [markdown]
# ### Layer norm
#
# For vectors (N, D), layer norm takes mean and variance of each **row**. It is the norm of the transformers. The
# samples do not know each other, so training and test are the same, and nothing is averaged.
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \quad \mu, \sigma^2 \text{ over the } D \text{ features of a
# sample} \qquad\qquad y = \gamma \hat x + \beta$$
#
# $\gamma$ and $\beta$ still have one entry for each feature. So within one row, over which the mean goes, $\gamma$ is
# not constant, and cannot be pulled out of the means as in batch norm. With $d\hat x = \gamma \cdot dout$ and means
# over the row,
#
# $$dx = r \left( d\hat x - \overline{d\hat x} - \hat x \cdot \overline{d\hat x \cdot \hat x} \right)$$
#
# Example: the row $x = (1, 3)$ with $\varepsilon = 0$, $\gamma = (2, 4)$, $\beta = (0, 5)$ gives $\hat x = (-1, 1)$ and
# $y = (-2, 9)$.


# %% nbgrader={"grade_id": "layer_norm_code", "solution": true}
def layer_norm_forward(x, gamma, beta, eps):
    """Normalize each sample by itself.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    gamma, beta : arrays (D,)
        Scale and shift.
    eps : float
        ε.

    Returns
    -------
    out : array (N, D)
        y.
    cache : tuple
        (c, r, gamma): the centred numbers (N, D), r = 1/√(σ² + ε) of shape (N, 1), and gamma.
    """
    ### BEGIN SOLUTION
    c = x - x.mean(axis=1, keepdims=True)
    r = 1 / np.sqrt((c**2).mean(axis=1, keepdims=True) + eps)
    return gamma * c * r + beta, (c, r, gamma)
    ### END SOLUTION


def layer_norm_backward(dout, cache):
    """Return dx (N, D), dgamma (D,) and dbeta (D,) from dout (N, D) and such a cache."""
    c, r, gamma = cache
    ### BEGIN SOLUTION
    xhat, dxhat = c * r, gamma * dout
    dx = r * (dxhat - dxhat.mean(axis=1, keepdims=True) - xhat * (dxhat * xhat).mean(axis=1, keepdims=True))
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "layer_norm", "grade": true}
check("layer_norm")

# %% [markdown]
# ### Group norm
#
# For images (N, C, H, W), group norm deals the C channels into G groups of *neighbouring* channels, and takes mean and
# variance of each group of each sample, over its channels and all positions. $\gamma$ and $\beta$ have one entry per
# **channel**. With G = 1, all channels together, that is layer norm; with G = C, each channel by itself, **instance
# norm**, which takes out each map's brightness and contrast, and with them much of an image's style.
#
# Example: one image with four channels of a single pixel, $x = (1, 3, 10, 30)$, and two groups: $\hat x = (-1, 1, -1,
# 1)$ for $\varepsilon = 0$.


# %% nbgrader={"grade_id": "group_norm_code", "solution": true}
def group_norm(x, gamma, beta, groups, eps):
    """Normalize each group of channels of each sample.

    Parameters
    ----------
    x : array (N, C, H, W)
        Feature maps.
    gamma, beta : arrays (C,)
        Scale and shift of each channel.
    groups : int
        G, a divisor of C.
    eps : float
        ε.

    Returns
    -------
    array (N, C, H, W)
        y.
    """
    ### BEGIN SOLUTION
    sets = x.reshape(len(x), groups, -1)
    c = sets - sets.mean(axis=2, keepdims=True)
    xhat = (c / np.sqrt((c**2).mean(axis=2, keepdims=True) + eps)).reshape(x.shape)
    return gamma[:, None, None] * xhat + beta[:, None, None]
    ### END SOLUTION


# %% nbgrader={"grade_id": "group_norm", "grade": true}
check("group_norm")

# %% [markdown]
# ### The batch size
#
# Now the plot that made group norm known, with a small network and digits: batch norm, layer norm and group norm with
# batches of 2 to 64, three starts each. (The learning rate is in proportion to the batch size, as in the paper. Group
# norm on vectors is layer norm on each group, so that your layer norm can do it.)


# %%
class GroupNorm:
    """Your layer norm on each of some groups of features."""

    def __init__(self, d, groups=4):
        self.groups = groups
        self.values = {"gamma": np.ones(d), "beta": np.zeros(d)}

    def forward(self, x, train):
        sets = x.reshape(len(x) * self.groups, -1)
        ones, zeros = np.ones(sets.shape[1]), np.zeros(sets.shape[1])
        out, self.cache = layer_norm_forward(sets, ones, zeros, 1e-5)
        self.xhat = out.reshape(x.shape)
        return self.values["gamma"] * self.xhat + self.values["beta"]

    def backward(self, dout):
        self.gradients = {"gamma": (dout * self.xhat).sum(axis=0), "beta": dout.sum(axis=0)}
        dxhat = self.values["gamma"] * dout
        return layer_norm_backward(dxhat.reshape(len(dout) * self.groups, -1), self.cache)[0].reshape(dout.shape)


class LayerNorm(GroupNorm):
    """One group of all features."""

    def __init__(self, d):
        super().__init__(d, groups=1)


sizes = [2, 4, 8, 16, 32, 64]
picture = Picture(figsize=(7, 3.4), layout="constrained")
ax = picture.subplots()
for norm, name, color, style in (
    (BatchNorm, "batch norm", ORANGE, "s-"),
    (LayerNorm, "layer norm", GREEN, "^--"),
    (GroupNorm, "group norm, 4 groups", BLUE, "o-"),
):
    errors = []
    for size in sizes:
        networks = [deep_network(norm, depth=2, width=40, seed=seed) for seed in range(3)]
        options = {"epochs": 4, "batch_size": size, "rate": 0.001 * size}
        ends = [
            fit(n, x_train, y_train, rng=np.random.default_rng(i), **options)[-1, 3] for i, n in enumerate(networks)
        ]
        errors.append(100 * np.mean(ends))
    ax.semilogx(sizes, errors, style, color=color, label=name)
ax.set_xticks(sizes, [str(s) for s in sizes])
ax.minorticks_off()
ax.set(xlabel="batch size", ylabel="validation errors in %", title="after four epochs", ylim=(0, None))
ax.grid(alpha=0.3)
ax.legend(frameon=False)
picture

# %% [markdown]
# From eight samples upward batch norm is as good as the others, or better. With two it fails: $\hat x$ is then always
# near $\pm 1$, and all that the layer passes on is which of the two had more. (Remember the gradient of 0 in part 3.)

# %% [markdown]
# ## 5 More data out of the data
#
# A classifier should not care where in the picture the cat sits, or how bright the day was. So show it the cat
# elsewhere, and in other light: the label stays the same. That is **augmentation**. Two rules: only the *training*
# images are changed, and only in ways that images at test time may differ in, too.
#
# **Online or offline.** *Offline* augmentation computes the changed images once, before training, and stores them: the
# training set grows. *Online* augmentation changes each mini-batch on its way into the network, so that no two epochs
# see the same images, and nothing is stored. (The student summary has the two words swapped.)

# %%
rng = np.random.default_rng(8)
digits = np.concatenate(
    [np.tile(train.images[train.labels == d][i : i + 1], (5, 1, 1, 1)) for d, i in ((3, 2), (6, 9))]
)
show_image_rows(
    {
        "original": digits,
        "shifted by up to 2": random_crops(digits, rng=rng, size=8, padding=2),
        "resized crops": random_resized_crops(digits, rng=rng, size=8, scale=(0.6, 0.9)),
        "brightness": change_brightness(digits, rng=rng, strength=0.6),
        "contrast": change_contrast(digits, rng=rng, strength=0.6),
        "rotated by up to 15°": rotate(digits, rng=rng, degrees=15),
        "noise": add_noise(digits, rng=rng, std=0.15),
        "TrivialAugment": trivial_augment(digits, rng=rng),
        "flipped": random_flips(digits, rng=rng, p=1.0),
    }
)

# %% [markdown]
# Advanced recipes choose for themselves: RandAugment applies a few operations out of a list, drawn anew for each image,
# all with one strength; TrivialAugment applies a single one, with a random strength, and has nothing left to tune.
# (Two rows of the picture should not be there if the classifier is to read digits. Which?)
#
# ### Random crops
#
# The most useful change of all: put a border of zeros around each image, and cut a square of the old size out of it,
# for each image at another place. The image has moved.
#
# Position $(\mathrm{top}, \mathrm{left})$ is counted in the padded image, so both lie between 0 and twice the padding,
# and the padding itself, in the middle, leaves the image where it was.
#
# Example: with padding 1, the image `[[1, 2], [3, 4]]` becomes `[[0, 0], [0, 1]]` for top 0 and left 0, and
# `[[3, 4], [0, 0]]` for top 2 and left 1.


# %% nbgrader={"grade_id": "shifted_crops_code", "solution": true}
def shifted_crops(images, tops, lefts, padding):
    """Pad images with zeros and cut out of each a square of its old size.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    tops, lefts : integer arrays (N,)
        First row and first column of each square, counted in the padded image: 0 to 2 · padding.
    padding : int
        Width of the border on each of the four sides.

    Returns
    -------
    array (N, C, H, W)
        The squares.
    """
    ### BEGIN SOLUTION
    height, width = images.shape[2:]
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    places = zip(padded, tops, lefts, strict=True)
    return np.stack([image[:, top : top + height, left : left + width] for image, top, left in places])
    ### END SOLUTION


# %% nbgrader={"grade_id": "shifted_crops", "grade": true}
check("shifted_crops")

# %% [markdown]
# ### Ten crops
#
# At test time nothing is random. But the network can be asked about **ten** fixed crops of the image, and its answers
# averaged: the four corners, the centre, and the mirror images of these five.
#
# The order: top left, top right, bottom left, bottom right, centre, then the same five, each mirrored left to right.
# Where the centre cannot be exact, round its first row and column down.
#
# Example: of `[[1, 2, 3], [4, 5, 6], [7, 8, 9]]` with size 2, the second crop is `[[2, 3], [5, 6]]`, the third
# `[[4, 5], [7, 8]]`, and the seventh, the mirror image of the second, `[[3, 2], [6, 5]]`. The centre would begin at row
# and column ½: it is `[[1, 2], [4, 5]]`, as the first.


# %% nbgrader={"grade_id": "ten_crops_code", "solution": true}
def ten_crops(images, size):
    """Cut out the four corners and the centre of each image, and their mirror images.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images; they need not be square.
    size : int
        Height and width of the crops.

    Returns
    -------
    array (N, 10, C, size, size)
        The crops, in the order above.
    """
    ### BEGIN SOLUTION
    down, right = images.shape[2] - size, images.shape[3] - size
    places = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    five = np.stack([images[:, :, top : top + size, left : left + size] for top, left in places], axis=1)
    return np.concatenate([five, five[..., ::-1]], axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "ten_crops", "grade": true}
check("ten_crops")

# %%
show_image_rows({str(d): ten_crops(validation.images[validation.labels == d][:1], 6)[0] for d in (2, 5)})

# %% [markdown]
# ### What it is worth
#
# The network of part 2 again, with the same 300 images and their careless labels. In each mini-batch every image is
# turned a little, and every other one is shifted by a pixel (your crops).


# %%
def augmenting(seed):
    """Return a function that changes a mini-batch of digits."""
    rng = np.random.default_rng(seed)

    def change(x):
        images = x.reshape(-1, 1, 8, 8)
        tops, lefts = 1 + rng.integers(-1, 2, size=(2, len(x))) * (rng.random(len(x)) < 0.5)
        images = shifted_crops(images, tops, lefts, 1)
        return rotate(images, rng=rng, degrees=12).reshape(x.shape)

    return change


def fit_augmented(p):
    """Train the network of part 2 as there, but with changed mini-batches."""
    options = {"epochs": 100, "batch_size": 25, "rate": 0.02, "rng": np.random.default_rng(1)}
    return fit(wide_network(p), x_few, y_few, change=augmenting(2), **options)


augmented = {  # by dropout, and whether augmented
    (0, False): curves[0],
    (0, True): fit_augmented(0),
    (0.5, False): curves[0.5],
    (0.3, True): fit_augmented(0.3),
}
picture = Picture(figsize=(8, 3.4), layout="constrained")
ax = picture.subplots()
for ((p, change), history), color, style in zip(
    augmented.items(), [GREY, BLUE, ORANGE, GREEN], ["--", "-", ":", "-"], strict=True
):
    name = " and ".join(["augmentation"] * change + [f"dropout with p = {p}"] * (p > 0)) or "neither"
    ax.plot(100 * history[:, 3], style, color=color, label=f"{name}: {history[-10:, 3].mean():.0%}")
ax.set(xlabel="epoch", ylabel="validation errors in %", title="300 training images", ylim=(0, 60))
ax.grid(alpha=0.3)
ax.legend(frameon=False)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences; after the exam of August 2022). You train on digits, and a friend adds
# two changes to the training images: horizontal flips and blur. The training error goes up. Is that bad? Which of the
# two changes would you take out again, and why? And to which of the three sets, training, validation and test, is
# augmentation applied?

# %% [markdown] nbgrader={"grade_id": "which_augmentation", "grade": true, "solution": true}
# A higher training error is expected, and not bad in itself: the training images have become more varied and harder,
# and the network cannot learn them by heart any more. What counts is the validation error.
#
# The flip has to go. A mirrored digit is not a digit that occurs at test time (a mirrored 3 is no digit at all, and a
# mirrored 2 looks rather like a 5), so the network spends capacity on images from another distribution, and classes
# may get mixed up. A little blur may well occur in real images.
#
# Augmentation is applied to the training set alone. Validation and test have to measure the error on images as they
# are. (Averaging over ten fixed crops of each image at test time is something else: it is part of the prediction.)

# %% [markdown]
# ## 6 Stop in time, and ask several
#
# ### Early stopping
#
# While the training loss still falls, the validation loss reaches its lowest point and turns. Stop there: keep the
# weights of the **best** epoch, and end the training when there has been no new best for `patience` epochs in a row.
#
# (The student summary waits for so many losses in a row that *increase*. But the curve jitters: a loss that goes down a
# little from its neighbour is no success if it is far above the best. Each loss is compared with the **best so far**.)
#
# Example: the losses 5, 3, 4, 2, 3, 2.5, 2.2, 1 with patience 3 stop after epoch 6, counted from 0, and epoch 3 was the
# best. (The 1 is never seen. Patience has its price.) With patience 5 the training runs to its end, epoch 7, which is
# also the best.


# %% nbgrader={"grade_id": "early_stopping_code", "solution": true}
def early_stopping(losses, patience):
    """Tell after which epoch to stop, and which was the best.

    Parameters
    ----------
    losses : list of float
        The validation loss after each epoch, as long as training could go on.
    patience : int
        How many epochs in a row without a new best end the training, 1 or more. An equal loss is no new best.

    Returns
    -------
    stop : int
        The last epoch that is run, counted from 0; the last of all if patience never runs out.
    best : int
        Of those that were run, the epoch with the lowest loss.
    """
    ### BEGIN SOLUTION
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            return epoch, best
    return len(losses) - 1, best
    ### END SOLUTION


# %% nbgrader={"grade_id": "early_stopping", "grade": true}
check("early_stopping")

# %%
losses = curves[0][:, 2]
stop, best = early_stopping(losses.tolist(), 15)
picture = Picture(figsize=(7, 3.2), layout="constrained")
ax = picture.subplots()
ax.plot(losses, color=GREY, linestyle=":", label="what would have come")
ax.plot(losses[: stop + 1], color=BLUE, label="validation loss")
ax.plot(best, losses[best], "o", color=GREEN, label=f"best: epoch {best}, loss {losses[best]:.3f}")
ax.axvline(stop, color=ORANGE, linestyle="--", label=f"stop: epoch {stop}")
ax.set(xlabel="epoch", title="no dropout, patience 15", ylim=(0.9 * losses.min(), 1.5 * losses.max() ** 0.5))
ax.grid(alpha=0.3)
ax.legend(frameon=False)
picture

# %% [markdown]
# ### Bagging
#
# Several models make different mistakes, and correct one another. But they have to differ. **Bagging** gives each one a
# training set of its own: $N$ samples drawn from the $N$ that there are, *with* replacement. One draw misses a given
# sample with probability $1 - \frac1N$, all $N$ of them with $(1 - \frac1N)^N \approx 1/e$; so each model sees about
# 63 % of the samples, some of them several times.
#
# Example: of the samples 7, 8, 9 with the labels 0, 1, 2, the draws 2, 0, 2 (counted from 0) make the samples 9, 7, 9
# with the labels 2, 0, 2.


# %% nbgrader={"grade_id": "bootstrap_code", "solution": true}
def bootstrap(x, y, rng):
    """Draw a training set of the same size, with replacement.

    Parameters
    ----------
    x : array (N, ...)
        The samples.
    y : array (N,)
        Their labels.
    rng : numpy.random.Generator
        Where the draws come from.

    Returns
    -------
    x, y : arrays (N, ...) and (N,)
        Drawn samples, each with its own label.
    """
    ### BEGIN SOLUTION
    drawn = rng.integers(len(x), size=len(x))
    return x[drawn], y[drawn]
    ### END SOLUTION


# %% nbgrader={"grade_id": "bootstrap", "grade": true}
check("bootstrap")

# %% [markdown]
# ### One answer from many
#
# There are two ways to get one answer. **Average** the probabilities of all models and take the largest; or let them
# **vote**, each for its class. Of classes with equally many votes, the lowest number wins.
#
# And what is it worth? Let each model be off by a random error with mean 0 and variance $v$, and let the errors of any
# two have the covariance $c$. Expand the square of the average $\frac1k \sum_i \varepsilon_i$: there are $k$ squares
# and $k(k - 1)$ mixed products. Find the expected square of the ensemble's error. (Lecture 8 says that for uncorrelated
# errors, $c = 0$, it decreases *linearly* with the size of the ensemble. It is $v/k$: in inverse proportion.)
#
# Example: two samples, three models.
#
# | | model 1 | model 2 | model 3 | average | vote |
# | --- | --- | --- | --- | --- | --- |
# | probabilities of sample 1 | 0.9, 0.1 | 0.4, 0.6 | 0.4, 0.6 | 0.57, 0.43: class 0 | 0, 1, 1: class 1 |
# | probabilities of sample 2 | 0.2, 0.8 | 0.7, 0.3 | 0.3, 0.7 | 0.4, 0.6: class 1 | 1, 0, 1: class 1 |
#
# And $v = 4$, $c = 1$ with $k = 2$ models gives 2.5.


# %% nbgrader={"grade_id": "combine_code", "solution": true}
def average_answer(probabilities):
    """Return the classes (N,) with the highest average probability; probabilities is an array (K, N, C), K models."""
    ### BEGIN SOLUTION
    return probabilities.mean(axis=0).argmax(axis=1)
    ### END SOLUTION


def majority_answer(predictions, classes):
    """Return the classes (N,) with the most votes.

    Parameters
    ----------
    predictions : integer array (K, N)
        The class that each of K models predicts for each of N samples.
    classes : int
        Number of classes.

    Returns
    -------
    integer array (N,)
        The class with the most votes; of several, the lowest.
    """
    ### BEGIN SOLUTION
    votes = predictions[:, :, None] == np.arange(classes)
    return votes.sum(axis=0).argmax(axis=1)
    ### END SOLUTION


def ensemble_error(v, c, k):
    """Return the expected squared error of the average of k models, from v and c as above."""
    ### BEGIN SOLUTION
    return v / k + (k - 1) / k * c
    ### END SOLUTION


# %% nbgrader={"grade_id": "combine", "grade": true}
check("combine")

# %% [markdown]
# Left, your formula. Right, networks on bootstrap samples of the 300 digits: the validation errors of $k$ of them
# together, for both ways to combine them (averaged over several choices of the $k$).

# %%
rng = np.random.default_rng(11)
members = []
for _ in range(15):
    network = [Affine(64, 30, rng), ReLU(), Affine(30, 10, rng)]
    fit(network, *bootstrap(x_few, y_few, rng), epochs=25, batch_size=25, rate=0.03, rng=rng)
    members.append(softmax(scores(network, x_validation)))
members = np.array(members)
counts = np.arange(1, 16)
averaged, voted = np.zeros((2, 30, 15))
for row in range(30):
    order = rng.permutation(15)
    for k in counts:
        some = members[order[:k]]
        averaged[row, k - 1] = np.mean(average_answer(some) != y_validation)
        voted[row, k - 1] = np.mean(majority_answer(some.argmax(axis=2), 10) != y_validation)

picture = Picture(figsize=(9.5, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
for c, style, color in ((1.0, ":", GREY), (0.3, "--", ORANGE), (0.0, "-", BLUE)):
    left.plot(counts, [ensemble_error(1.0, c, int(k)) for k in counts], style, color=color, label=f"c = {c:g}")
left.set(xlabel="models", title="expected squared error, v = 1", ylim=(0, 1.1))
right.plot(counts, 100 * averaged.mean(axis=0), "o-", color=BLUE, label="average")
right.plot(counts, 100 * voted.mean(axis=0), "s--", color=ORANGE, label="majority vote")
right.set(xlabel="models", ylabel="validation errors in %", title="digits", ylim=(0, None))
for ax in (left, right):
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
picture

# %% [markdown]
# The models are trained on data that overlap, so their errors are correlated: the gain is large at first, and then
# comes to an end. Dropout can be read as bagging, too: very many models that share their weights.
#
# ## What to remember
#
# - A layer keeps the size of its signal if $n \cdot \mathrm{Var}(w) = 1$: **Xavier**, for tanh. Behind ReLU, twice as
#   much: **Kaiming**. Never all zeros, never all equal: nothing would break the symmetry.
# - **Dropout** drops with probability $p$, *and* scales, once: by $1/(1 - p)$ in training, or by $1 - p$ at test time.
#   Two in a row drop $p + q - pq$.
# - **Batch norm** takes mean and variance over the batch in training, and running averages at test time. Its gradient
#   has three paths; what is left of it has neither a mean nor a part along $\hat x$.
# - Small batches: **layer, instance, group norm** take their statistics from one sample.
# - Training mode and test mode are two different networks. Switch.
# - **Augmentation** changes training images only, and in ways that keep the label and the distribution.
# - **Early stopping** compares with the best so far, and goes back to it. **Ensembles** gain as far as their members'
#   errors are uncorrelated.
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from.** I2DL lectures 7 (initialization) and 8 (augmentation, early stopping, ensembles, dropout,
# batch norm), WPI CS 4342 class 22 (which parameters ever move), and the exams of August 2020, July 2021, February and
# August 2022.
#
# **Further reading.** X. Glorot, Y. Bengio, *Understanding the difficulty of training deep feedforward neural
# networks*, 2010. K. He and others, *Delving deep into rectifiers*, 2015. N. Srivastava and others, *Dropout: a simple
# way to prevent neural networks from overfitting*, 2014. Y. Gal, Z. Ghahramani, *Dropout as a Bayesian approximation*,
# 2016. S. Ioffe, C. Szegedy, *Batch normalization*, 2015. Y. Wu, K. He, *Group normalization*, 2018. E. Cubuk and
# others, *RandAugment*, 2020; S. Müller, F. Hutter, *TrivialAugment*, 2021. L. Breiman, *Bagging predictors*, 1996.
