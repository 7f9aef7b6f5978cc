# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04 · Activations and losses
#
# A network is affine layers with something in between, and something at the end. This notebook is about the something:
# the **activations** between the layers, the **losses** behind the last one, and the **regularizers** beside the loss.
# You write all of them, forward and backward, and look at what they do to a network that learns.
#
# | part | you build | you see |
# | --- | --- | --- |
# | 1–2 | identity, step, sigmoid, tanh | saturation; why outputs around 0 are better |
# | 3–4 | leaky and parametric ReLU, ELU, softplus, swish | units that die |
# | 5–6 | maxout, softmax | any convex curve; probabilities |
# | 7 | L1 and squared error | median and mean |
# | 8 | cross-entropy, hinge and 0/1 loss for two classes | the loss that cannot teach |
# | 9 | cross-entropy with label smoothing, multiclass hinge | who is satisfied when |
# | 10 | L1, L2, elastic net, max-norm, weight decay | zeros and small weights, smooth curves |
#
# It follows lectures 3, 4 and 7, and takes **about six hours**. Three sittings are a good plan: parts 1–6, 7–9, 10.
# The steps do not build on each other: if one does not come out, go on with the next. (A picture that needs it will
# have to wait.)
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("sigmoid")`: it runs your
# functions on drawn inputs and shows what is right, where it differs, and often why. Check as often as you like.
# Grading asks the same questions with other inputs.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from autograder import Check
from i2dl.data import load_digits
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture
from i2dl.plots.curves import activation_curves, binary_loss_curves, penalty_contours

check = Check("04_activations_and_losses")
images, labels = load_digits("train").xy

# %% [markdown]
# ## 1 Why there has to be a bend
#
# Two affine layers in a row are one affine layer. Below, a three-layer network without activations and the single
# layer that does the same. More layers would bring nothing but work.

# %%
rng = np.random.default_rng(0)
w1, w2, w3 = rng.standard_normal((4, 6)), rng.standard_normal((6, 5)), rng.standard_normal((5, 2))
x_few = rng.standard_normal((3, 4))
print("three layers:", np.round(x_few @ w1 @ w2 @ w3, 3).tolist())
print("one layer:   ", np.round(x_few @ (w1 @ w2 @ w3), 3).tolist())

# %% [markdown]
# What is needed between two layers is a function that is not a straight line, applied entry by entry. Each activation
# $f$ comes as a pair:
#
# - **forward**: $\;out = f(x)$, and a `cache` with whatever the way back needs;
# - **backward**: given the upstream gradient $dout = \partial L / \partial out$, return
#
# $$dx = dout \odot f'(x)$$
#
# Entry $i$ of the output depends on entry $i$ of the input alone, so the chain rule is a product entry by entry. No
# matrix, no sum.
#
# ### The two simplest
#
# | | value | slope |
# | --- | --- | --- |
# | identity | $x$ | 1 |
# | step | 1 where $x \ge 0$, else 0 | 0 |
#
# The identity stands behind the last layer of a regression. The step was the first artificial neuron's. It has one
# great fault: it is flat everywhere, so no gradient ever gets through it. (At its jump it has no slope at all; take 0.)
#
# *Example.* $x = (-2, 0, 3)$, $dout = (5, 6, 7)$: the step gives $(0, 1, 1)$ and $dx = (0, 0, 0)$.


# %% nbgrader={"grade_id": "identity_and_step_code", "solution": true}
def identity_forward(x):
    """Return x (any shape) and a cache."""
    ### BEGIN SOLUTION
    return x.copy(), None
    ### END SOLUTION


def identity_backward(dout, cache):
    """Return ∂L/∂x, in dout's shape."""
    ### BEGIN SOLUTION
    return dout.copy()
    ### END SOLUTION


def step_forward(x):
    """Return 1.0 where x ≥ 0 and 0.0 elsewhere, in x's shape, and a cache."""
    ### BEGIN SOLUTION
    return np.where(x >= 0, 1.0, 0.0), None
    ### END SOLUTION


def step_backward(dout, cache):
    """Return ∂L/∂x, in dout's shape."""
    ### BEGIN SOLUTION
    return np.zeros_like(dout)
    ### END SOLUTION


# %% nbgrader={"grade_id": "identity_and_step", "grade": true}
check("identity_and_step")

# %% [markdown]
# ## 2 Two that saturate
#
# ### Sigmoid
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}} \qquad\qquad \sigma'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = y\,(1 - y)
# \quad\text{with } y = \sigma(x)$$
#
# A step with a soft edge: any score becomes a number between 0 and 1, which may be read as a probability. The slope
# needs nothing but the output $y$.
#
# *Example* (exam, February 2022). $x = (5, 0)$ gives $y \approx (1, 0.5)$, so the slope is about $(0, 0.25)$. The exam
# rounds: in truth $\sigma(5) = 0.9933$, and the slope there is $0.0066$, small but not zero.
#
# **Mind the overflow.** `np.exp(1000)` is infinite. The same number has two forms,
# $\frac{1}{1 + e^{-x}} = \frac{e^{x}}{1 + e^{x}}$; take each where its exponent is not positive.


# %% nbgrader={"grade_id": "sigmoid_code", "solution": true}
def sigmoid_forward(x):
    """Compute σ(x), entry by entry.

    Parameters
    ----------
    x : array of any shape
        Scores; entries of ±1000 must do no harm.

    Returns
    -------
    out : array of x's shape
        Values in [0, 1].
    cache
        Whatever `sigmoid_backward` will need.
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out
    ### END SOLUTION


def sigmoid_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    return dout * cache * (1.0 - cache)
    ### END SOLUTION


# %% nbgrader={"grade_id": "sigmoid", "grade": true}
check("sigmoid")

# %% [markdown]
# ### Tanh
#
# $$\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}} = 2\,\sigma(2x) - 1 \qquad\qquad \tanh'(x) = 1 - y^2
# \quad\text{with } y = \tanh(x)$$
#
# The sigmoid, made twice as steep, stretched to height 2 and moved down by 1: its values lie around 0. The fraction
# above overflows for large $x$; `np.tanh` does not.
#
# *Example.* Where the output is $y = 0.6$, the slope is $1 - 0.36 = 0.64$.


# %% nbgrader={"grade_id": "tanh_code", "solution": true}
def tanh_forward(x):
    """Return tanh(x), in x's shape, and a cache; entries of ±1000 must do no harm."""
    ### BEGIN SOLUTION
    out = np.tanh(x)
    return out, out
    ### END SOLUTION


def tanh_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    return dout * (1.0 - cache**2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "tanh", "grade": true}
check("tanh")

# %% [markdown]
# Your four functions so far. The dots are slopes measured from the forward pass alone: they should sit on the dashed
# line that your backward pass draws. (The step's jump has none.)

# %%
activation_curves(
    {
        "identity": (identity_forward, identity_backward),
        "step": (step_forward, step_backward),
        "sigmoid": (sigmoid_forward, sigmoid_backward),
        "tanh": (tanh_forward, tanh_backward),
    }
)

# %% [markdown]
# From here on, a sigmoid is given to you, so that no later step depends on yours:


# %% nbgrader={"grade_id": "given_sigmoid", "locked": true}
def sigma(x):
    """Return σ(x), safe for every x: the sigmoid as half a tanh, moved up."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


# %% [markdown]
# ### Saturation
#
# Where the curve is flat, the slope is almost 0, and almost no gradient gets through: the unit is **saturated**. The
# active region of the sigmoid is narrow, and even in its middle the slope is only ¼.
#
# Left: one layer of units with ever larger weights. How many of them sit where their slope is less than a tenth of
# the largest one? Right: ten layers. A random gradient enters behind the last and travels back to the first; the
# weights are scaled with care (exercise 08 tells how). What arrives?

# %% nbgrader={"grade_id": "saturation", "locked": true}
SLOPES = {
    "sigmoid": (sigma, lambda y: y * (1 - y)),
    "tanh": (np.tanh, lambda y: 1 - y**2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda y: (y > 0) * 1.0),
}


def gradient_sizes(name, layers=10, width=200):
    """Return the mean size of the gradient behind each layer, from the last to the first."""
    f, slope = SLOPES[name]
    rng = np.random.default_rng(1)
    spread = np.sqrt((2 if name == "ReLU" else 1) / width)
    weights = [spread * rng.standard_normal((width, width)) for _ in range(layers)]
    outputs = [rng.standard_normal((50, width))]
    for w in weights:
        outputs.append(f(outputs[-1] @ w))
    gradient = rng.standard_normal((50, width))
    sizes = [np.abs(gradient).mean()]
    for w, y in zip(weights[::-1], outputs[:0:-1], strict=True):
        gradient = (gradient * slope(y)) @ w.T
        sizes.append(np.abs(gradient).mean())
    return np.array(sizes) / sizes[0]


picture = Picture(figsize=(9, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
scores = np.random.default_rng(2).standard_normal(5000)
scales = np.linspace(0.1, 10, 60)
for (name, (f, slope)), style, colour in zip(SLOPES.items(), ["-", "--", ":"], [BLUE, ORANGE, GREEN], strict=True):
    largest = slope(f(np.array([1e-9]))).item()
    left.plot(scales, [np.mean(slope(f(a * scores)) < 0.1 * largest) for a in scales], style, color=colour, label=name)
    right.semilogy(range(11), gradient_sizes(name), style, color=colour, marker="o", markersize=4, label=name)
left.set(title="share of units with hardly any slope", xlabel="spread of the scores", ylim=(0, 1))
right.set(title="gradient on its way back", xlabel="layers passed", ylabel="mean size (log scale)")
for ax in (left, right):
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
picture

# %% [markdown]
# Ten sigmoids leave a millionth of the gradient or so: it has **vanished**, and the first layers learn nothing. The
# ReLU loses half of its units whatever the scale, but the other half pass everything on.
#
# ### Not zero-centred
#
# The sigmoid has a second fault: its outputs are all positive. They are the inputs of the next layer, and there
#
# $$\frac{\partial L}{\partial w_1} = \frac{\partial L}{\partial s}\, x_1 \qquad
# \frac{\partial L}{\partial w_2} = \frac{\partial L}{\partial s}\, x_2 \qquad\text{with } x_1, x_2 > 0$$
#
# have the same sign. In one step the weights into a neuron can all grow or all shrink. If one should grow and the other
# shrink, the path has to zigzag. Below, two weights travel from the cross to the star, one sample a step, with inputs
# from a sigmoid and from a tanh.

# %%
picture = Picture(figsize=(9, 3.6), layout="constrained")
rng = np.random.default_rng(3)
features = rng.standard_normal((150, 2))
goal = np.array([1.0, -1.0])
for ax, name, inputs in zip(
    picture.subplots(1, 2),
    ["sigmoid: inputs > 0", "tanh: inputs around 0"],
    [sigma(features), np.tanh(features)],
    strict=True,
):
    path = [np.array([-1.0, 1.0])]
    for x in inputs:
        path.append(path[-1] - 0.6 * (x @ path[-1] - x @ goal) * x)
    ax.plot(*np.array(path).T, "-o", color=BLUE, markersize=3, linewidth=1)
    ax.plot(*path[0], "x", color="black", markersize=10)
    ax.plot(*goal, "*", color=ORANGE, markersize=14)
    ax.set(title=name, xlabel="$w_1$", ylabel="$w_2$", aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    ax.grid(alpha=0.3)
picture

# %% [markdown]
# ## 3 Rectifiers
#
# $$\mathrm{relu}(x) = \max(0, x)$$
#
# On the right the slope is 1, however large the score: no saturation there, and training is fast. On the left there
# is nothing. Its relatives differ in what they do on the left.
#
# ### Leaky ReLU
#
# $$f(x) = \begin{cases} x & x > 0 \\ \alpha x & x \le 0 \end{cases} \qquad\qquad
# f'(x) = \begin{cases} 1 & x > 0 \\ \alpha & x \le 0 \end{cases}$$
#
# with a small, fixed $\alpha$. (Lecture 3 draws it with 0.1, lecture 7 and the paper take 0.01.) With $\alpha = 0$ it
# **is** the ReLU. The lectures write $\max(\alpha x, x)$, which is the same as long as $\alpha \le 1$; your function
# should be right for any $\alpha$. The course's summary has a table whose left branch reads 0.01 instead of $0.01\,x$:
# a misprint.
#
# *Example.* $\alpha = 0.1$, $x = (-2, 3)$, $dout = (5, 7)$: $out = (-0.2, 3)$ and $dx = (0.5, 7)$.


# %% nbgrader={"grade_id": "leaky_relu_code", "solution": true}
def leaky_relu_forward(x, *, alpha=0.01):
    """Compute x where x > 0 and alpha · x elsewhere.

    Parameters
    ----------
    x : array of any shape
        Scores.
    alpha : float
        Slope on the left, any number.

    Returns
    -------
    out : array of x's shape
        The activations.
    cache
        Whatever `leaky_relu_backward` will need.
    """
    ### BEGIN SOLUTION
    slope = np.where(x > 0, 1.0, alpha)
    return slope * x, slope
    ### END SOLUTION


def leaky_relu_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    return dout * cache
    ### END SOLUTION


# %% nbgrader={"grade_id": "leaky_relu", "grade": true}
check("leaky_relu")

# %% [markdown]
# ### Parametric ReLU
#
# Which $\alpha$ is best? Let the network find out: make it a parameter, one per column (channel) $j$, and learn it.
# That needs one more gradient. The loss depends on $\alpha_j$ through all entries of column $j$ with $x_{ij} \le 0$,
# and there $\partial (\alpha_j x_{ij}) / \partial \alpha_j = x_{ij}$:
#
# $$\frac{\partial L}{\partial \alpha_j} = \sum_{i:\; x_{ij} \le 0} dout_{ij}\; x_{ij}$$
#
# | | shape |
# | --- | --- |
# | $x$, $out$, $dout$, $dx$ | $(N, C)$ |
# | $\alpha$, $d\alpha$ | $(C,)$ |
#
# *Example.* One column $x = (-2, 3, -1)$, $dout = (5, 7, 4)$: $d\alpha = 5 \cdot (-2) + 4 \cdot (-1) = -14$.


# %% nbgrader={"grade_id": "prelu_code", "solution": true}
def prelu_forward(x, alpha):
    """Compute x where x > 0, elsewhere x times the alpha of its column.

    Parameters
    ----------
    x : array (N, C)
        Scores.
    alpha : array (C,)
        Slope on the left, one per column; any numbers.

    Returns
    -------
    out : array (N, C)
        The activations.
    cache
        Whatever `prelu_backward` will need.
    """
    ### BEGIN SOLUTION
    return np.where(x > 0, x, alpha * x), (x, alpha)
    ### END SOLUTION


def prelu_backward(dout, cache):
    """Send a gradient back.

    Parameters
    ----------
    dout : array (N, C)
        Upstream gradient.
    cache
        What `prelu_forward` returned.

    Returns
    -------
    dx : array (N, C)
        ∂L/∂x.
    dalpha : array (C,)
        ∂L/∂alpha.
    """
    ### BEGIN SOLUTION
    x, alpha = cache
    dx = np.where(x > 0, dout, alpha * dout)
    dalpha = np.where(x > 0, 0.0, x * dout).sum(axis=0)
    return dx, dalpha
    ### END SOLUTION


# %% nbgrader={"grade_id": "prelu", "grade": true}
check("prelu")

# %% [markdown]
# ### ELU
#
# $$f(x) = \begin{cases} x & x > 0 \\ \alpha\,(e^x - 1) & x \le 0 \end{cases} \qquad\qquad
# f'(x) = \begin{cases} 1 & x > 0 \\ \alpha\, e^x & x \le 0 \end{cases}$$
#
# The exponential linear unit bends smoothly towards $-\alpha$. Its negative values pull the mean output towards 0.
#
# *Example.* $\alpha = 2$, $x = -\ln 2$: $out = 2\,(0.5 - 1) = -1$, the slope is $2 \cdot 0.5 = 1$.
#
# Careful: `np.where` computes both branches everywhere. What does the left one do at $x = 1000$?


# %% nbgrader={"grade_id": "elu_code", "solution": true}
def elu_forward(x, *, alpha=1.0):
    """Compute x where x > 0 and alpha · (eˣ − 1) elsewhere; return it (x's shape) and a cache."""
    ### BEGIN SOLUTION
    left = alpha * (np.exp(np.minimum(x, 0.0)) - 1.0)
    return np.where(x > 0, x, left), (x, alpha)
    ### END SOLUTION


def elu_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    x, alpha = cache
    return dout * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0)))
    ### END SOLUTION


# %% nbgrader={"grade_id": "elu", "grade": true}
check("elu")

# %%
activation_curves(
    {
        "ReLU (α = 0)": (lambda x: leaky_relu_forward(x, alpha=0.0), leaky_relu_backward),
        "leaky ReLU, α = 0.1": (lambda x: leaky_relu_forward(x, alpha=0.1), leaky_relu_backward),
        "parametric ReLU, α = 0.5": (
            lambda x: prelu_forward(x, np.full(x.shape, 0.5)),
            lambda dout, cache: prelu_backward(dout, cache)[0],
        ),
        "ELU, α = 1": (elu_forward, elu_backward),
    },
    low=-4,
    high=4,
)

# %% [markdown]
# ### Dead units
#
# A ReLU unit computes $\mathrm{relu}(x \cdot w + b)$. Where its score $x \cdot w + b$ is at most 0, its slope is 0, and
# this sample sends no gradient to $w$ and $b$. If that is so for **all** samples, nothing ever moves $w$ and $b$ again:
# the unit is **dead**. It can happen when one large step throws $b$ far below 0. Slightly positive biases at the start
# (0.01) make it rarer; a slope on the left makes it impossible.
#
# Find the dead units of a layer. One entry per unit, `True` where dead.
#
# *Example.* Two samples, three units, scores $\begin{pmatrix} -1 & -1 & 2 \\ -3 & 4 & 5 \end{pmatrix}$: only the first
# unit is dead.


# %% nbgrader={"grade_id": "dead_units_code", "solution": true}
def dead_units(x, w, b):
    """Find the ReLU units to which no sample sends a gradient.

    Parameters
    ----------
    x : array (N, D)
        Inputs of the layer.
    w : array (D, M)
        Weights.
    b : array (M,)
        Biases.

    Returns
    -------
    boolean array (M,)
        True for each dead unit.
    """
    ### BEGIN SOLUTION
    return np.all(x @ w + b <= 0, axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "dead_units", "grade": true}
check("dead_units")

# %% [markdown]
# Left: 48 digits, 60 units with biases well below 0. Dark where a unit is on; an orange mark under the dead ones.
# Right: a small ReLU network learns, with three learning rates. Every step is a chance to be thrown out.


# %% nbgrader={"grade_id": "dying", "locked": true}
def train_relu(rate, steps=100):
    """Fit a bumpy function with one hidden layer of 60 ReLU units; return x and (w, b) of that layer at each step."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((200, 5))
    target = np.sin(2 * x[:, :1]) + x[:, 1:2]
    w, b = rng.standard_normal((5, 60)) / np.sqrt(5), np.zeros(60)
    v = rng.standard_normal((60, 1)) / np.sqrt(60)
    seen = []
    for _ in range(steps):
        seen.append((w, b))
        s = x @ w + b
        h = np.maximum(s, 0)
        dout = np.sign(h @ v - target) / len(x)
        ds = (dout @ v.T) * (s > 0)
        v, w, b = v - rate * h.T @ dout, w - rate * x.T @ ds, b - rate * ds.sum(axis=0)
    return x, seen


# %%
picture = Picture(figsize=(9.5, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
rng = np.random.default_rng(5)
x, w, b = images[:48].reshape(48, -1), rng.standard_normal((64, 60)) / 8, rng.uniform(-1.2, 0.6, 60)
left.imshow(x @ w + b > 0, cmap="gray_r", aspect="auto", interpolation="nearest")
dead = np.flatnonzero(dead_units(x, w, b))
left.plot(dead, np.full(len(dead), 48.7), "^", color=ORANGE, clip_on=False)
left.set(title=f"{len(dead)} of 60 units are dead", xlabel="unit", ylabel="digit")
for rate, style, colour in zip([0.5, 2.0, 3.0], ["-", "--", ":"], [BLUE, ORANGE, GREEN], strict=True):
    x, seen = train_relu(rate)
    right.plot([dead_units(x, w, b).mean() for w, b in seen], style, color=colour, linewidth=2, label=f"rate {rate}")
right.set(title="share of dead units in training", xlabel="step", ylim=(-0.02, 1.02))
right.grid(alpha=0.3)
right.legend(frameon=False)
picture

# %% [markdown]
# ## 4 Smooth relatives
#
# ### Softplus
#
# $$f(x) = \frac{1}{\beta} \ln\bigl(1 + e^{\beta x}\bigr) \qquad\qquad f'(x) = \;?$$
#
# A ReLU with a rounded corner (exam, February 2022): differentiable everywhere, and nowhere quite dead. The larger
# $\beta$, the sharper the corner. Find the slope on paper: it is an old acquaintance, and `sigma` is at hand.
#
# $e^{\beta x}$ overflows. Take the larger of the two terms out of the logarithm first:
#
# $$\ln(1 + e^{z}) = \max(0, z) + \ln\bigl(1 + e^{-|z|}\bigr)$$
#
# *Example.* $\beta = 1$, $x = 0$: $out = \ln 2 \approx 0.693$, and the slope is ½.


# %% nbgrader={"grade_id": "softplus_code", "solution": true}
def softplus_forward(x, *, beta=1.0):
    """Compute ln(1 + e^(βx)) / β; return it (x's shape) and a cache. Scores of ±1000 must do no harm."""
    ### BEGIN SOLUTION
    z = beta * x
    out = (np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))) / beta
    return out, z
    ### END SOLUTION


def softplus_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    return dout * sigma(cache)
    ### END SOLUTION


# %% nbgrader={"grade_id": "softplus", "grade": true}
check("softplus")

# %% [markdown]
# ### Swish
#
# $$f(x) = x \cdot g \qquad\text{with the gate}\quad g = \sigma(\beta x)$$
#
# The score decides for itself how far its gate is open. $\beta = 0$ gives $x/2$, $\beta \to \infty$ the ReLU. For the
# slope use the product rule; the gate's own slope is $\beta\, g\,(1 - g)$.
#
# (The course's summary prints a factor 2 in front, and the range $(-\infty, \infty)$. The paper and PyTorch, where
# $\beta = 1$ is called SiLU, have no 2, and for $\beta = 1$ the values never fall below $-0.2785$.)
#
# *Example.* $\beta = 1$, $x = 0$: $out = 0$, and the slope is the gate, ½.


# %% nbgrader={"grade_id": "swish_code", "solution": true}
def swish_forward(x, *, beta=1.0):
    """Compute x · σ(βx); return it (x's shape) and a cache."""
    ### BEGIN SOLUTION
    gate = sigma(beta * x)
    return x * gate, (x, gate, beta)
    ### END SOLUTION


def swish_backward(dout, cache):
    """Return ∂L/∂x (x's shape) from the upstream gradient dout (x's shape) and the cache."""
    ### BEGIN SOLUTION
    x, gate, beta = cache
    return dout * (gate + x * beta * gate * (1.0 - gate))
    ### END SOLUTION


# %% nbgrader={"grade_id": "swish", "grade": true}
check("swish")

# %%
activation_curves(
    {
        "softplus, β = 1": (softplus_forward, softplus_backward),
        "softplus, β = 4": (lambda x: softplus_forward(x, beta=4.0), softplus_backward),
        "swish, β = 1": (swish_forward, swish_backward),
        "swish, β = 4": (lambda x: swish_forward(x, beta=4.0), swish_backward),
    },
    low=-4,
    high=4,
)

# %% [markdown]
# ## 5 Maxout: an activation that learns its own shape
#
# Each unit computes $k$ affine pieces of its input and keeps the largest:
#
# $$out = \max_{p = 1 \dots k} \bigl( x W_p + b_p \bigr) \qquad\text{entry by entry}$$
#
# | | shape |
# | --- | --- |
# | $x$, $dx$ | $(N, D)$ |
# | $W$, $dW$ | $(k, D, M)$ |
# | $b$, $db$ | $(k, M)$ |
# | $out$, $dout$ | $(N, M)$ |
#
# On the way back, only the piece that **won** took part, and it was an affine layer. So for each piece: keep $dout$
# where it won, put 0 elsewhere, and send that through the affine layer's three formulas,
#
# $$dW_p = x^\top dout_p \qquad db_p = \sum_i dout_{p,i} \qquad dx = \sum_p dout_p\, W_p^\top$$
#
# *Example.* One unit, one input, pieces $x$ and $-x$ (so $out = |x|$). At $x = -3$ with $dout = 5$ the second piece
# wins: $dW = (0, -15)$, $db = (0, 5)$, $dx = -5$.
#
# Hint: `x @ w` with $w$ of shape $(k, D, M)$ gives all pieces at once, $(k, N, M)$.


# %% nbgrader={"grade_id": "maxout_code", "solution": true}
def maxout_forward(x, w, b):
    """Keep the largest of k affine pieces, for each sample and unit.

    Parameters
    ----------
    x : array (N, D)
        The batch.
    w : array (k, D, M)
        Weights of the pieces.
    b : array (k, M)
        Biases of the pieces.

    Returns
    -------
    out : array (N, M)
        The largest piece.
    cache
        Whatever `maxout_backward` will need.
    """
    ### BEGIN SOLUTION
    pieces = x @ w + b[:, None, :]
    out = pieces.max(axis=0)
    return out, (x, w, pieces == out)
    ### END SOLUTION


def maxout_backward(dout, cache):
    """Send a gradient back.

    Parameters
    ----------
    dout : array (N, M)
        Upstream gradient.
    cache
        What `maxout_forward` returned.

    Returns
    -------
    dx : array (N, D)
        ∂L/∂x.
    dw : array (k, D, M)
        ∂L/∂w.
    db : array (k, M)
        ∂L/∂b.
    """
    ### BEGIN SOLUTION
    x, w, won = cache
    dpieces = np.where(won, dout, 0.0)
    dx = sum(d @ w_piece.T for d, w_piece in zip(dpieces, w, strict=True))
    dw = x.T @ dpieces
    db = dpieces.sum(axis=1)
    return dx, dw, db
    ### END SOLUTION


# %% nbgrader={"grade_id": "maxout", "grade": true}
check("maxout")

# %% [markdown]
# A maximum of straight lines is convex, and with enough lines it comes near any convex curve. It never saturates and
# never dies, since there is always a piece that wins and has a slope. The price: $k$ times the parameters.

# %%
x = np.linspace(-2, 2, 401)[:, None]
picture = Picture(figsize=(9, 2.9), layout="constrained")
shapes = {
    "two pieces: |x|": ([-1, 1], [0, 0], np.abs(x)),
    "two pieces: ReLU": ([0, 1], [0, 0], np.maximum(x, 0)),
    "five pieces: nearly x²": ([-3, -1.5, 0, 1.5, 3], [-2.25, -0.5625, 0, -0.5625, -2.25], x**2),
}
for ax, (title, (slopes, offsets, curve)) in zip(picture.subplots(1, 3), shapes.items(), strict=True):
    w, b = np.array(slopes, float)[:, None, None], np.array(offsets, float)[:, None]
    for slope, offset in zip(slopes, offsets, strict=True):
        ax.plot(x, slope * x + offset, color=GREY, linewidth=0.8)
    ax.plot(x, curve, color=ORANGE, linewidth=4, alpha=0.4)
    ax.plot(x, maxout_forward(x, w, b)[0], color=BLUE, linewidth=2)
    ax.set(title=title, ylim=(-1, 4))
    ax.grid(alpha=0.3)
picture

# %% [markdown]
# ## 6 Softmax
#
# From $C$ scores to $C$ probabilities, for each row of scores on its own:
#
# $$p_k = \frac{e^{s_k}}{\sum_j e^{s_j}} = \frac{e^{s_k - m}}{\sum_j e^{s_j - m}} \qquad\text{for any } m$$
#
# (multiply above and below by $e^{-m}$). With $m = \max_j s_j$ no exponent is positive, and nothing overflows.
#
# This one is **not** entry by entry: every probability depends on every score of its row. Its Jacobian is a full
# matrix,
#
# $$\frac{\partial p_i}{\partial s_j} = p_i\,\bigl([i = j] - p_j\bigr)$$
#
# but the chain rule boils it down to one line for each row, and the matrix is never built:
#
# $$ds_j = \sum_i dout_i\, p_i\,\bigl([i = j] - p_j\bigr) = p_j\,\Bigl( dout_j - \sum_i dout_i\, p_i \Bigr)$$
#
# *Example.* $s = (0, \ln 3)$: $p = (0.25, 0.75)$. With $dout = (4, 0)$ the sum is 1, and
# $ds = (0.25 \cdot 3,\; 0.75 \cdot (-1)) = (0.75, -0.75)$. The entries of $ds$ always add up to 0: can you see why?


# %% nbgrader={"grade_id": "softmax_code", "solution": true}
def softmax_forward(x):
    """Turn each row of scores into probabilities.

    Parameters
    ----------
    x : array (N, C)
        Scores; entries of ±1000 must do no harm.

    Returns
    -------
    out : array (N, C)
        Probabilities; every row sums to 1.
    cache
        Whatever `softmax_backward` will need.
    """
    ### BEGIN SOLUTION
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    out = powers / powers.sum(axis=1, keepdims=True)
    return out, out
    ### END SOLUTION


def softmax_backward(dout, cache):
    """Return ∂L/∂x (N, C) from the upstream gradient dout (N, C) and the cache."""
    ### BEGIN SOLUTION
    return cache * (dout - (dout * cache).sum(axis=1, keepdims=True))
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax", "grade": true}
check("softmax")

# %% [markdown]
# Doubling all scores does not change their order, but it makes the softmax surer of itself; halving them makes it
# hesitate. Below, the lecture's three scores for the picture of a cat.

# %%
picture = Picture(figsize=(7.5, 2.8), layout="constrained")
cat_scores = np.array([[3.2, 5.1, -1.7]])
for ax, factor in zip(picture.subplots(1, 4, sharey=True), [0, 0.5, 1, 2], strict=True):
    bars = ax.bar(["cat", "chair", "car"], softmax_forward(factor * cat_scores)[0][0], color=[ORANGE, BLUE, GREEN])
    ax.bar_label(bars, fmt="%.2f", fontsize=8)
    ax.set(title=f"scores × {factor}", ylim=(0, 1.1))
picture

# %% [markdown]
# ### Which is which?
#
# Nine activations went from entry to entry: `identity`, `step`, `sigmoid`, `tanh`, `relu`, `leaky_relu`, `elu`,
# `softplus`, `swish` (with their usual parameters: $\alpha = 0.01$ for the leaky ReLU, 1 for the ELU, $\beta = 1$).
# Look at your plots and sort them. Each answer is a list of names, in any order.

# %% nbgrader={"grade_id": "quiz_properties_code", "solution": true}
# saturate: those whose slope fades, or is 0, at both ends
# zero_centred: those with f(−x) = −f(x)
# can_die: those whose slope is exactly 0 for all negative scores
# never_negative: those that never give a negative value
### BEGIN SOLUTION
saturate = ["step", "sigmoid", "tanh"]
zero_centred = ["identity", "tanh"]
can_die = ["step", "relu"]
never_negative = ["step", "sigmoid", "relu", "softplus"]
### END SOLUTION

# %% nbgrader={"grade_id": "quiz_properties", "grade": true}
check("quiz_properties")

# %% [markdown]
# ### In numbers
#
# Four questions, each with numbers that the check draws. Give the answer as a function of them.


# %% nbgrader={"grade_id": "quiz_activations_code", "solution": true}
def largest_gradient(layers):
    """A gradient of size 1 goes back through that many sigmoids (forget the weights): how much can arrive at most?"""
    ### BEGIN SOLUTION
    return 0.25**layers
    ### END SOLUTION


def tanh_from_sigmoid(s):
    """You know that σ(2x) = s. How large is tanh(x)?"""
    ### BEGIN SOLUTION
    return 2 * s - 1
    ### END SOLUTION


def maxout_parameters(inputs, units, pieces):
    """How many numbers does such a maxout layer learn?"""
    ### BEGIN SOLUTION
    return pieces * (inputs + 1) * units
    ### END SOLUTION


def deadly_bias(w):
    """All inputs lie between 0 and 1. A ReLU unit has the weights w, (D,). From which bias down is it surely dead?"""
    ### BEGIN SOLUTION
    return -np.maximum(w, 0).sum()
    ### END SOLUTION


# %% nbgrader={"grade_id": "quiz_activations", "grade": true}
check("quiz_activations")

# %% [markdown]
# ## 7 Losses for regression
#
# A loss compares the network's outputs with the targets, and answers with one number. It is the last function of all:
# nothing lies upstream, so it returns its gradient at once: `loss, gradient`. What it divides by, its gradient is
# divided by too, and that $1/n$ stands here and nowhere else.
#
# | | one entry costs | its slope |
# | --- | --- | --- |
# | L1 | $\lvert \hat y - y \rvert$ | $\mathrm{sign}(\hat y - y)$, and 0 at 0 |
# | squared error | $(\hat y - y)^2$ | $2\,(\hat y - y)$ |
#
# With `reduction="mean"` average over **all** entries, with `"sum"` add them up.
#
# *Example* (lecture 7). Four differences that are not 0: 3, 4, 2 and 2. Summed, L1 is 11, and the squared error is
# $9 + 16 + 4 + 4 = 33$.


# %% nbgrader={"grade_id": "regression_losses_code", "solution": true}
def l1_loss(prediction, target, *, reduction="mean"):
    """Compute the absolute error and its gradient.

    Parameters
    ----------
    prediction : array of any shape
        Outputs of the network.
    target : array of prediction's shape
        What they should be.
    reduction : "mean" or "sum"
        Whether the entries are averaged or added up.

    Returns
    -------
    loss : float
        The loss.
    dprediction : array of prediction's shape
        ∂L/∂prediction.
    """
    ### BEGIN SOLUTION
    difference = prediction - target
    n = difference.size if reduction == "mean" else 1
    return np.abs(difference).sum() / n, np.sign(difference) / n
    ### END SOLUTION


def mse_loss(prediction, target, *, reduction="mean"):
    """Compute the squared error and its gradient; arguments and results as in `l1_loss`."""
    ### BEGIN SOLUTION
    difference = prediction - target
    n = difference.size if reduction == "mean" else 1
    return (difference**2).sum() / n, 2.0 * difference / n
    ### END SOLUTION


# %% nbgrader={"grade_id": "regression_losses", "grade": true}
check("regression_losses")

# %% [markdown]
# What does each want? Take seven measurements, one of them far off, and let the network answer with one constant $c$.
# Below, both losses for every $c$. The dotted lines mark the lowest points: the squared error, in which the outlier's
# distance counts squared, follows it; the absolute error does not.

# %%
measured = np.array([1.0, 1.4, 1.6, 2.0, 2.3, 2.7, 9.0])
constants = np.linspace(0, 10, 501)
picture = Picture(figsize=(9, 3.2), layout="constrained")
for ax, name, loss in zip(picture.subplots(1, 2), ["L1", "squared error"], [l1_loss, mse_loss], strict=True):
    curve = [loss(np.full(7, c), measured)[0] for c in constants]
    best = constants[np.argmin(curve)]
    ax.plot(constants, curve, color=BLUE, linewidth=2)
    ax.plot(measured, np.full(7, 0.05 * max(curve)), "|", color="black", markersize=14)
    ax.axvline(best, color=ORANGE, linestyle=":", linewidth=2)
    ax.set(title=f"{name}: best constant {best:.2f}", xlabel="constant c", ylim=(0, None))
    ax.grid(alpha=0.3)
picture

# %% [markdown]
# ## 8 Losses for two classes
#
# ### Cross-entropy
#
# A sigmoid gives $p$, the probability of class 1. The label $y$ is 0 or 1. What the true class was denied is the loss:
#
# $$\ell = -\bigl[\, y \log p + (1 - y) \log(1 - p) \,\bigr] \qquad\qquad
# \frac{\partial \ell}{\partial p} = -\frac{y}{p} + \frac{1 - y}{1 - p} = \frac{p - y}{p\,(1 - p)}$$
#
# One of the two terms is always 0. If $p$ is made from a score, $p = \sigma(s)$, it is better to start from the score.
# Put $\sigma$ in, and all quotients cancel:
#
# $$\ell = \log(1 + e^{s}) - y\,s \qquad\qquad \frac{\partial \ell}{\partial s} = \sigma(s) - y$$
#
# No logarithm of 0, and a gradient that does not vanish where the sigmoid is saturated and **wrong**: the sigmoid's
# small slope $p(1 - p)$ has cancelled against the denominator. (Take $\log(1 + e^s)$ from part 4, so that scores of
# $\pm 1000$ do no harm.)
#
# Both losses are means over all entries. *Example.* $p = 0.5$, whatever $y$: $\ell = \log 2 \approx 0.693$. With
# $y = 1$, the slope for $p$ is $-2$, for $s$ it is $-0.5$.


# %% nbgrader={"grade_id": "binary_cross_entropy_code", "solution": true}
def binary_cross_entropy(probabilities, y):
    """Compute the cross-entropy of given probabilities, and its gradient.

    Parameters
    ----------
    probabilities : array of any shape
        Probability p of class 1, strictly between 0 and 1.
    y : array of the same shape
        Labels, 0 or 1, or anything between (a soft label).

    Returns
    -------
    loss : float
        Mean over all entries.
    dprobabilities : array of the same shape
        ∂L/∂p.
    """
    ### BEGIN SOLUTION
    p = probabilities
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, (p - y) / (p * (1 - p)) / p.size
    ### END SOLUTION


def binary_cross_entropy_with_logits(scores, y):
    """Compute the cross-entropy of p = σ(scores), and ∂L/∂scores.

    Arguments and results as above, with scores (any shape) in the place of probabilities; ±1000 must do no harm.
    """
    ### BEGIN SOLUTION
    softplus = np.maximum(scores, 0.0) + np.log1p(np.exp(-np.abs(scores)))
    return np.mean(softplus - y * scores), (sigma(scores) - y) / scores.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "binary_cross_entropy", "grade": true}
check("binary_cross_entropy")

# %% [markdown]
# ### Labels of ±1
#
# Many texts call the two classes $z = +1$ and $z = -1$. Then $z \cdot s$ is positive where the score is on the right
# side, and one formula serves both classes. Give the classes the scores $+s$ and $-s$; their softmax is
#
# $$p(z) = \frac{e^{z s}}{e^{s} + e^{-s}} = \frac{1}{1 + e^{-2 z s}} \qquad\qquad
# \ell = -\log p(z) = \log\bigl(1 + e^{-2 z s}\bigr)$$
#
# The two scores are $2s$ apart, hence the 2: it is the cross-entropy from above for the score $2s$. The slope:
#
# $$\frac{\partial \ell}{\partial s} = -2z\,\bigl(1 - p(z)\bigr)$$
#
# *Example.* $s = 0$: $\ell = \log 2$, and the slope is $-z$.


# %% nbgrader={"grade_id": "binary_softmax_loss_code", "solution": true}
def binary_softmax_loss(scores, z):
    """Compute the mean of log(1 + e^(−2zs)), and its gradient.

    Parameters
    ----------
    scores : array of any shape
        Scores s; ±1000 must do no harm.
    z : array of the same shape
        Labels, −1 or +1.

    Returns
    -------
    loss : float
        Mean over all entries.
    dscores : array of the same shape
        ∂L/∂scores.
    """
    ### BEGIN SOLUTION
    exponent = -2.0 * z * scores
    losses = np.maximum(exponent, 0.0) + np.log1p(np.exp(-np.abs(exponent)))
    return losses.mean(), -2.0 * z * sigma(exponent) / scores.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "binary_softmax_loss", "grade": true}
check("binary_softmax_loss")

# %% [markdown]
# ### Hinge loss
#
# $$\ell = \max(0,\; 1 - z s) \qquad\qquad
# \frac{\partial \ell}{\partial s} = \begin{cases} -z & z s < 1 \\ 0 & z s \ge 1 \end{cases}$$
#
# Being right is not enough: the score has to be right by a **margin** of 1. Then the sample costs nothing at all, and
# is left alone. (At the corner, $z s = 1$, any slope between the two would do; take 0.)
#
# *Example.* $z = -1$: $s = 2$ costs 3, $s = -0.4$ costs 0.6 although it is right, $s = -5$ costs 0.


# %% nbgrader={"grade_id": "hinge_loss_code", "solution": true}
def hinge_loss(scores, z):
    """Return the mean of max(0, 1 − z·s), and ∂L/∂scores; scores and z (−1 or +1) have one shape."""
    ### BEGIN SOLUTION
    gaps = 1.0 - z * scores
    return np.maximum(gaps, 0.0).mean(), np.where(gaps > 0, -z, 0.0) / scores.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "hinge_loss", "grade": true}
check("hinge_loss")

# %% [markdown]
# ### 0/1 loss
#
# $$\ell = \begin{cases} 0 & z s \ge 0 \\ 1 & z s < 0 \end{cases}$$
#
# The share of wrong answers: what we want to be small in the end. Why not minimize just that? Write it down, with the
# gradient that it has. (Where it jumps it has none; take 0.)
#
# *Example.* $z = (1, 1, -1)$, $s = (2, -0.1, -3)$: one of three is wrong, the loss is ⅓.


# %% nbgrader={"grade_id": "zero_one_loss_code", "solution": true}
def zero_one_loss(scores, z):
    """Return the share of the samples with z·s < 0, and ∂L/∂scores; scores and z (−1 or +1) have one shape."""
    ### BEGIN SOLUTION
    return np.mean(z * scores < 0), np.zeros_like(scores)
    ### END SOLUTION


# %% nbgrader={"grade_id": "zero_one_loss", "grade": true}
check("zero_one_loss")

# %% [markdown]
# All of them together, for a sample of class $+1$. On the left each is a price; on the right the push that a score
# gets.

# %%
binary_loss_curves(
    {
        "0/1": zero_one_loss,
        "hinge": hinge_loss,
        "cross-entropy of s": lambda s, z: binary_cross_entropy_with_logits(s, (z + 1) / 2),
        "cross-entropy of ±s": binary_softmax_loss,
    }
)

# %% [markdown]
# ### The loss that cannot teach
#
# Thirty points on a line, two classes, and one parameter, the threshold between them: $s = x - t$. Left: each loss
# against $t$. Right: gradient descent from $t = 2.5$, once with each loss's own gradient ($\partial s / \partial t =
# -1$); what is drawn is the share of wrong answers.

# %%
rng = np.random.default_rng(6)
z = np.repeat([-1.0, 1.0], 15)
x = 1.0 * z + 0.8 * rng.standard_normal(30)
teachers = {"0/1": zero_one_loss, "hinge": hinge_loss, "cross-entropy of ±s": binary_softmax_loss}
thresholds = np.linspace(-3, 3, 600)
picture = Picture(figsize=(9, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
for (name, loss), style, colour in zip(teachers.items(), ["-", "--", "-."], [BLUE, ORANGE, GREEN], strict=True):
    left.plot(thresholds, [loss(x - t, z)[0] for t in thresholds], style, color=colour, linewidth=2, label=name)
    t, wrong = 2.5, []
    for _ in range(15):
        wrong.append(np.mean(z * (x - t) < 0))
        t += 0.5 * loss(x - t, z)[1].sum()
    right.plot(wrong, style, color=colour, linewidth=2, label=name)
left.set(title="the loss against the threshold", xlabel="t", ylim=(0, 3))
right.set(title="descent on each loss", xlabel="step", ylabel="share of wrong answers", ylim=(0, 0.6))
for ax in (left, right):
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, fontsize=9)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Why does descent on the 0/1 loss not take a single step, although
# almost half of the answers are wrong? Why would smaller or larger learning rates not help? And why may we train with
# another loss when it is the share of wrong answers that we care about?

# %% [markdown] nbgrader={"grade_id": "why_zero_one_cannot_teach", "grade": true, "solution": true}
# The 0/1 loss only changes when a score changes its sign. A small change of $t$ changes no sign, so the loss is
# constant around almost every $t$, and its gradient is 0; at the few points where it jumps it has no gradient at all.
# The step is learning rate times gradient, and any number times 0 is 0.
#
# Hinge loss and cross-entropy are stand-ins. Both slope towards the right side, for every wrong sample, so descent has
# a direction; and both are large where answers are wrong: the hinge is never below the 0/1 loss, since it is at least
# 1 where $zs < 0$ (and the cross-entropy of $\pm s$, divided by $\log 2$, is not either). Pushing the stand-in down
# therefore pushes the share of wrong answers down with it.

# %% [markdown]
# ## 9 Losses for many classes
#
# ### Cross-entropy with smoothed labels
#
# For scores $s$ of $C$ classes and the true class $y$, the softmax gives probabilities $p$, and the loss of a sample is
# $-\log p_y$. More generally, with any target distribution $q$:
#
# $$\ell = -\sum_k q_k \log p_k \qquad\qquad \frac{\partial \ell}{\partial s_k} = p_k - q_k$$
#
# Usually $q$ is all on the true class. **Label smoothing** takes a share $\varepsilon$ of it and spreads it evenly over
# all $C$ classes, the true one included:
#
# $$q = (1 - \varepsilon)\,\mathrm{onehot}(y) + \frac{\varepsilon}{C}$$
#
# so that a network need not drive its scores apart for ever. For $\log p$ never take the logarithm of a probability:
#
# $$\log p_k = (s_k - m) - \log \sum_j e^{s_j - m} \qquad m = \max_j s_j$$
#
# *Example.* $C = 4$, $\varepsilon = 0.2$, $y = 0$: $q = (0.85, 0.05, 0.05, 0.05)$. With equal scores $p = 0.25$
# everywhere, the loss is $\log 4$, the gradient $(-0.6, 0.2, 0.2, 0.2)$.


# %% nbgrader={"grade_id": "softmax_loss_code", "solution": true}
def softmax_loss(scores, y, *, label_smoothing=0.0):
    """Compute the cross-entropy of the softmax, and its gradient.

    Parameters
    ----------
    scores : array (N, C)
        A score per sample and class; ±1000 must do no harm.
    y : integer array (N,)
        True classes, 0 to C − 1.
    label_smoothing : float
        ε, between 0 and 1.

    Returns
    -------
    loss : float
        Mean over the N samples.
    dscores : array (N, C)
        ∂L/∂scores.
    """
    ### BEGIN SOLUTION
    n, classes = scores.shape
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    q = np.full((n, classes), label_smoothing / classes)
    q[np.arange(n), y] += 1.0 - label_smoothing
    return -(q * log_p).sum() / n, (np.exp(log_p) - q) / n
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax_loss", "grade": true}
check("softmax_loss")

# %% [markdown]
# ### Multiclass hinge (SVM loss)
#
# $$\ell = \sum_{k \ne y} \max(0,\; s_k - s_y + \text{margin})$$
#
# Every wrong class should stay a margin below the true one; those that do not are charged. Call their number $v$. The
# slope is 1 for each of them, and $-v$ for the true class: each violation also pushes $s_y$ up.
#
# *Example* (lecture 7). $s = (3.2, 5.1, -1.7)$, $y = 0$, margin 1: $\max(0, 2.9) + \max(0, -3.9) = 2.9$. One violation:
# the gradient of this sample is $(-1, 1, 0)$.
#
# Do without Python loops: NumPy subtracts a column from all columns at once.


# %% nbgrader={"grade_id": "svm_loss_code", "solution": true}
def svm_loss(scores, y, *, margin=1.0):
    """Compute the multiclass hinge loss, and its gradient.

    Parameters
    ----------
    scores : array (N, C)
        A score per sample and class.
    y : integer array (N,)
        True classes.
    margin : float
        How far ahead the true class has to be.

    Returns
    -------
    loss : float
        Mean over the N samples of the sum over the wrong classes.
    dscores : array (N, C)
        ∂L/∂scores.
    """
    ### BEGIN SOLUTION
    rows = np.arange(len(y))
    hinges = np.maximum(scores - scores[rows, y][:, None] + margin, 0.0)
    hinges[rows, y] = 0.0
    dscores = np.where(hinges > 0, 1.0, 0.0)
    dscores[rows, y] = -dscores.sum(axis=1)
    return hinges.sum() / len(y), dscores / len(y)
    ### END SOLUTION


# %% nbgrader={"grade_id": "svm_loss", "grade": true}
check("svm_loss")

# %% [markdown]
# ### Hinge against cross-entropy
#
# First the lecture's three pictures: a cat, a chair and a car, with their scores. (The slide rounds the mean of the
# hinge losses, 5.27, to 5.3.) Then three models that look at one picture of class 0. Model 1 and model 3 are both
# right; whom would you rather trust?

# %%
lecture_scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
rows = [*zip(["cat", "chair", "car"], lecture_scores[:, None], [[0], [1], [2]], strict=True)]
rows += [("all three", lecture_scores, [0, 1, 2])]
rows += [(f"model {i}", np.array([s]), [0]) for i, s in enumerate([[5, -3, 2], [5, 10, 10], [5, -20, -20]], start=1)]
print(f"{'':>9} {'scores':>20} {'hinge':>8} {'cross-entropy':>15}")
for name, s, true in rows:
    hinge, entropy = (loss(s * 1.0, np.array(true))[0] for loss in (svm_loss, softmax_loss))
    shown = "".join(f"{score:7.1f}" for score in s[0]) if len(s) == 1 else "mean"
    print(f"{name:>9} {shown:>21} {hinge:7.2f} {entropy:15.4g}")

# %% [markdown]
# The hinge loss sees no difference between models 1 and 3: both are beyond the margin, and it is satisfied. The
# cross-entropy **always** wants more. (The slide prints $e^3$ in model 1's sum, where $e^{-3}$ is meant, and
# $2 \cdot 10^{-11}$ for model 3, which is $2.8 \cdot 10^{-11}$.) The summary says that the hinge loss is 0 as soon as
# the answer is right. Not quite: it has to be right by the margin.
#
# Left, the true class's score goes up while the others stay at $-3$ and 2. Right, the same with smoothed labels: now
# there is such a thing as too sure, and the lowest point is not at infinity.

# %%
true_scores = np.linspace(-2, 10, 241)
rows = np.stack([true_scores, np.full(241, -3.0), np.full(241, 2.0)], axis=1)
zeros = np.zeros(1, dtype=int)
picture = Picture(figsize=(9, 3.3), layout="constrained")
left, right = picture.subplots(1, 2)
left.plot(true_scores, [svm_loss(r[None], zeros)[0] for r in rows], "--", color=ORANGE, linewidth=2, label="hinge")
left.plot(true_scores, [softmax_loss(r[None], zeros)[0] for r in rows], color=BLUE, linewidth=2, label="cross-entropy")
left.axvline(3, color=GREY, linestyle=":", label="margin of 1 reached")
for smoothing, style, colour in zip([0.0, 0.1, 0.3], ["-", "--", "-."], [BLUE, ORANGE, GREEN], strict=True):
    curve = [softmax_loss(r[None], zeros, label_smoothing=smoothing)[0] for r in rows]
    right.plot(true_scores, curve, style, color=colour, linewidth=2, label=f"ε = {smoothing}")
for ax, title in ((left, "satisfied at the margin, or never"), (right, "cross-entropy with smoothed labels")):
    ax.set(title=title, xlabel="score of the true class", ylim=(0, 5))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
picture

# %% [markdown]
# ### In numbers
#
# Again with numbers that the check draws.


# %% nbgrader={"grade_id": "quiz_losses_code", "solution": true}
def start_cross_entropy(classes):
    """An untrained network gives all classes the same score. How large is its cross-entropy?"""
    ### BEGIN SOLUTION
    return np.log(classes)
    ### END SOLUTION


def start_hinge(classes):
    """And its multiclass hinge loss, with a margin of 1?"""
    ### BEGIN SOLUTION
    return classes - 1
    ### END SOLUTION


def best_constants(y):
    """Which constant has the least L1 loss on the targets y, (n,), and which the least squared error? Return both."""
    ### BEGIN SOLUTION
    return np.median(y), np.mean(y)
    ### END SOLUTION


def lowest_smoothed_loss(classes, smoothing):
    """How low can the cross-entropy with label smoothing get, at best?"""
    ### BEGIN SOLUTION
    other = smoothing / classes
    true = 1 - smoothing + other
    return -true * np.log(true) - (classes - 1) * other * np.log(other)
    ### END SOLUTION


# %% nbgrader={"grade_id": "quiz_losses", "grade": true}
check("quiz_losses")

# %% [markdown]
# ## 10 Regularizers
#
# A network with many weights can learn its training data by heart. Small or few weights make that harder. So add a
# price for weights to the loss:
#
# $$\underbrace{L}_{\text{full loss}} = \underbrace{\frac1N \sum_i \ell_i}_{\text{data loss}} + \lambda\, R(W)$$
#
# | | $R(W)$ | gradient |
# | --- | --- | --- |
# | L1 | $\sum \lvert w \rvert$ | $\mathrm{sign}(w)$, and 0 at 0 |
# | L2 | $\sum w^2$ | $2w$ |
# | elastic net | some of both: $\lambda_1 \sum \lvert w \rvert + \lambda_2 \sum w^2$ | both, each with its strength |
#
# **Beware of the ½.** Lectures 4 and 7 write L2 as here. Other texts, exams and libraries write $\tfrac12 \lambda \sum
# w^2$, with the gradient $\lambda w$. Your function can do both.
#
# *Example.* $w = (1, -2)$, $\lambda_1 = 0.5$, $\lambda_2 = 0.25$: the penalty is $0.5 \cdot 3 + 0.25 \cdot 5 = 2.75$,
# the gradient $(0.5 + 0.5,\; -0.5 - 1) = (1, -1.5)$. With the ½: 2.125 and $(0.75, -1)$.


# %% nbgrader={"grade_id": "elastic_net_penalty_code", "solution": true}
def elastic_net_penalty(w, l1, l2, *, half=False):
    """Compute l1 · Σ|w| + l2 · Σw², and its gradient.

    Parameters
    ----------
    w : array of any shape
        Weights.
    l1, l2 : float
        Strengths of the two parts; with one of them 0 the other is left alone.
    half : bool
        Whether the squares carry the factor ½.

    Returns
    -------
    penalty : float
        The term to add to the loss.
    dw : array of w's shape
        Its gradient.
    """
    ### BEGIN SOLUTION
    factor = 0.5 * l2 if half else l2
    penalty = l1 * np.abs(w).sum() + factor * (w**2).sum()
    return penalty, l1 * np.sign(w) + 2.0 * factor * w
    ### END SOLUTION


# %% nbgrader={"grade_id": "elastic_net_penalty", "grade": true}
check("elastic_net_penalty")

# %% [markdown]
# ### Two dog classifiers
#
# A picture has three features: say fur, ears and tail, with the values $x = (1, 2, 1)$. Two linear classifiers give it
# the same score:
#
# $$\theta_1 = (0,\; 0.75,\; 0) \qquad\qquad \theta_2 = (0.25,\; 0.5,\; 0.25)$$
#
# The first looks at the ears alone, the second at everything. Whom does each penalty prefer?

# %%
x_dog = np.array([1.0, 2.0, 1.0])
for name, theta in {"θ1": np.array([0, 0.75, 0]), "θ2": np.array([0.25, 0.5, 0.25])}.items():
    l1, l2 = elastic_net_penalty(theta, 1.0, 0.0)[0], elastic_net_penalty(theta, 0.0, 1.0)[0]
    print(f"{name}: score {x_dog @ theta:.2f}   L1 {l1:.4f}   L2 {l2:.4f}")

# %% [markdown]
# L2 prefers $\theta_2$, 0.375 against 0.5625: weights of **similar size**, information from everywhere. L1 prefers
# $\theta_1$, 0.75 against 1: **zeros**, a few key features. (An annotated copy of the lecture calls $\theta_2$, which
# L2 favours, "more sparse". It is the other way round: $\theta_1$ is sparse, and L1 is the one that likes it.)
#
# The picture shows why. Blue is a data loss of two weights, orange the penalty. The black line is the path of the best
# weights as $\lambda$ grows from 0. On its way to the origin, the L1 path runs into an axis, where one weight is
# **exactly** 0; the L2 path touches no axis before the end.

# %%
penalty_contours(
    {
        "L1": lambda w: elastic_net_penalty(w, 1.0, 0.0)[0],
        "L2": lambda w: elastic_net_penalty(w, 0.0, 1.0)[0],
        "elastic net": lambda w: elastic_net_penalty(w, 0.5, 0.5)[0],
    }
)

# %% [markdown]
# ### The full loss of a network
#
# A network has several weight matrices, and each may have its own pair of strengths, all of them hyperparameters to be
# chosen on the validation set. Biases are left out as a rule: they shift a function, they do not make it wiggle.
#
# You are given the data loss, its gradients, the parameters and the strengths, and a function `penalty(w, l1, l2)` that
# returns value and gradient. (It is passed in, so your own from above is not needed.)
#
# *Example.* `loss = 2.0`, `parameters = {"w1": w1, "b1": b1}`, `strengths = {"w1": (0, 0.1)}`: the full loss is
# $2 + 0.1 \sum w_1^2$; the gradient of `w1` grows by $0.2\,w_1$, that of `b1` stays.


# %% nbgrader={"grade_id": "full_loss_code", "solution": true}
def full_loss(loss, gradients, parameters, strengths, penalty):
    """Add the penalties to a data loss and to its gradients.

    Parameters
    ----------
    loss : float
        Data loss.
    gradients : dict of arrays
        Its gradient for each parameter, by name; leave it and its arrays as they are.
    parameters : dict of arrays
        All parameters, under the same names.
    strengths : dict of pairs
        (l1, l2) for each parameter that is to be penalized; the others are not named.
    penalty : function
        penalty(w, l1, l2) -> (value, gradient).

    Returns
    -------
    loss : float
        Full loss.
    gradients : dict of arrays
        Its gradient for every parameter.
    """
    ### BEGIN SOLUTION
    full = dict(gradients)
    for name, (l1, l2) in strengths.items():
        value, gradient = penalty(parameters[name], l1, l2)
        loss = loss + value
        full[name] = gradients[name] + gradient
    return loss, full
    ### END SOLUTION


# %% nbgrader={"grade_id": "full_loss", "grade": true}
check("full_loss")

# %% [markdown]
# ### Where a penalty moves a weight
#
# Take a single weight that the data would like to be $v$. With a price on its size it settles at the minimum of
#
# $$(w - v)^2 + \lambda_1 \lvert w \rvert + \lambda_2\, w^2$$
#
# Suppose the minimum has $w > 0$. There the derivative is 0:
#
# $$2\,(w - v) + \lambda_1 + 2 \lambda_2 w = 0 \quad\Longrightarrow\quad w = \frac{v - \lambda_1/2}{1 + \lambda_2}$$
#
# which is positive only if $v > \lambda_1/2$. For $v < -\lambda_1/2$ it is the mirror image. And in between, no $w \ne
# 0$ has derivative 0: the minimum is at the corner of $\lvert w \rvert$, at exactly $w = 0$.
#
# *Example.* $\lambda_1 = 1$, $\lambda_2 = 1$: $v = (3, 0.4, -2)$ becomes $w = (1.25, 0, -0.75)$.


# %% nbgrader={"grade_id": "best_weight_code", "solution": true}
def best_weight(v, l1, l2):
    """Find the minimum of (w − v)² + l1 |w| + l2 w², entry by entry.

    Parameters
    ----------
    v : array of any shape
        What the data would like the weights to be.
    l1, l2 : float
        Strengths, at least 0.

    Returns
    -------
    array of v's shape
        The best weights.
    """
    ### BEGIN SOLUTION
    return np.sign(v) * np.maximum(np.abs(v) - l1 / 2, 0.0) / (1.0 + l2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "best_weight", "grade": true}
check("best_weight")

# %% [markdown]
# Left: what becomes of $v$. Right: what becomes of five weights as $\lambda$ grows. L2 divides them all by the same
# number, and none gets to 0. L1 takes the same amount from all, and one after the other is gone.

# %%
wanted = np.linspace(-3, 3, 601)
picture = Picture(figsize=(10, 3.3), layout="constrained")
left, middle, right = picture.subplots(1, 3)
left.plot(wanted, wanted, color=GREY, linestyle=":", label="no penalty")
for label, l1, l2, style, colour in (
    ("L1: λ = 2", 2, 0, "-", BLUE),
    ("L2: λ = 1", 0, 1, "--", ORANGE),
    ("both", 2, 1, "-.", GREEN),
):
    left.plot(wanted, best_weight(wanted, l1, l2), linestyle=style, color=colour, linewidth=2, label=label)
left.set(title="from wanted to best weight", xlabel="v", ylabel="w")
left.legend(frameon=False, fontsize=9)
strengths = np.linspace(0, 6, 121)
five = np.array([2.5, 1.6, 0.8, -0.5, -1.9])
middle.plot(strengths, [best_weight(five, s, 0.0) for s in strengths], color=BLUE)
middle.set(title="L1: one after the other is 0", xlabel="λ")
right.plot(strengths, [best_weight(five, 0.0, s) for s in strengths], color=ORANGE)
right.set(title="L2: all shrink, none is 0", xlabel="λ")
for ax in (left, middle, right):
    ax.grid(alpha=0.3)
picture

# %% [markdown]
# ### A fitted curve
#
# Fifteen noisy points of a smooth curve, and polynomials of degree 12: thirteen numbers for fifteen points, far too
# many. The weights minimize the mean squared error plus a penalty; `fit` finds them, with `best_weight` after each step
# of descent. The constant term is a bias and goes free.

# %% nbgrader={"grade_id": "polynomial", "locked": true}
rng = np.random.default_rng(12)
x_points = np.linspace(-0.97, 0.97, 15) + rng.uniform(-0.03, 0.03, 15)
y_points = np.sin(3 * x_points) + 0.4 * rng.standard_normal(15)


def powers(x):
    """Return the Legendre polynomials of degree 1 to 12 at x, one a column."""
    return np.polynomial.legendre.legvander(x, 12)[:, 1:]


def fit(l1, l2, steps=1200):
    """Return the weights with the least mean squared error + l1 Σ|w| + l2 Σw², and the bias."""
    features, targets = powers(x_points), y_points - y_points.mean()
    mean = features.mean(axis=0)
    features = features - mean
    rate = 0.5 * len(targets) / np.linalg.norm(features, 2) ** 2
    w = ahead = np.zeros(features.shape[1])
    for k in range(steps):
        gradient = 2 * features.T @ (features @ ahead - targets) / len(targets)
        before, w = w, best_weight(ahead - rate * gradient, 2 * rate * l1, 2 * rate * l2)
        ahead = w + k / (k + 3) * (w - before)
    return w, y_points.mean() - mean @ w


# %%
grid = np.linspace(-1, 1, 300)
settings = [0.0, 0.01, 0.05, 0.2, 1.0]
picture = Picture(figsize=(12, 5.2), layout="constrained")
for row, (name, colour) in zip(
    picture.subplots(2, 5, sharex=True, sharey=True), [("L1", BLUE), ("L2", ORANGE)], strict=True
):
    for ax, strength in zip(row, settings, strict=True):
        w, bias = fit(strength, 0.0) if name == "L1" else fit(0.0, strength)
        ax.plot(grid, np.sin(3 * grid), color=GREY, linestyle=":")
        ax.plot(grid, powers(grid) @ w + bias, color=colour, linewidth=2)
        ax.plot(x_points, y_points, "o", color="black", markersize=3)
        ax.set(title=f"{name}, λ = {strength:g}\n{np.sum(w != 0)} weights, largest {np.abs(w).max():.2g}", ylim=(-2, 2))
        ax.set_xticks([-1, 0, 1])
picture

# %% [markdown]
# From left to right: the polynomial runs after every point (overfitting), follows the curve, and is pressed flat
# (underfitting). Both penalties smooth, in their own ways: read the numbers of weights that are not 0.

# %%
picture = Picture(figsize=(9, 3.2), layout="constrained")
strengths = np.geomspace(1e-3, 3, 40)
for ax, name in zip(picture.subplots(1, 2), ["L1", "L2"], strict=True):
    paths = np.array([(fit(s, 0.0) if name == "L1" else fit(0.0, s))[0] for s in strengths])
    ax.semilogx(strengths, paths, linewidth=1.5)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=f"{name}: the twelve weights", xlabel="λ", ylim=(-1.5, 1.5))
    ax.grid(alpha=0.3)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Explain with the two gradients, $\lambda\,\mathrm{sign}(w)$ and
# $2 \lambda w$, why L1 makes some weights exactly 0 and L2 does not. Which of the two would you take if you suspect
# that only a handful of a thousand features matter, and which if all carry a little? Why are both penalties no use if
# $\lambda$ is chosen on the training set?

# %% [markdown] nbgrader={"grade_id": "why_l1_makes_zeros", "grade": true, "solution": true}
# The pull of L1 has the size $\lambda$ however small the weight is. If the data loss pulls less than $\lambda$ at
# $w = 0$, the weight is drawn all the way to 0 and held there, because on either side of 0 the penalty's pull back is
# the stronger one. The pull of L2, $2 \lambda w$, fades with the weight: near 0 even the weakest wish of the data
# outweighs it, so the weight comes to rest close to 0, not at 0.
#
# A handful of a thousand: L1, which picks them and drops the rest. All carry a little: L2, which uses all of them and
# keeps every weight small; also when features say nearly the same, where L1 keeps one of them rather arbitrarily.
#
# On the training set any penalty only makes the data loss worse, so the best $\lambda$ would be 0. What a penalty is
# good for, generalization, shows on data that were not trained on: the validation set.

# %% [markdown]
# ### Max-norm
#
# Not a price but a fence: after each step of training, scale back every neuron's weights that have become longer than
# $c$. The weights into neuron $j$ are **column** $j$ of $W$:
#
# $$w_j \;\leftarrow\; w_j \cdot \frac{c}{\max(\lVert w_j \rVert_2,\, c)}$$
#
# Columns within the limit stay as they are.
#
# *Example.* $c = 1$: the column $(3, 4)$, of length 5, becomes $(0.6, 0.8)$; the column $(0.3, 0.4)$ stays.


# %% nbgrader={"grade_id": "max_norm_code", "solution": true}
def max_norm(w, c):
    """Scale down the columns of w (D, M) that are longer than c > 0; return the new weights, (D, M)."""
    ### BEGIN SOLUTION
    lengths = np.sqrt((w**2).sum(axis=0))
    return w * (c / np.maximum(lengths, c))
    ### END SOLUTION


# %% nbgrader={"grade_id": "max_norm", "grade": true}
check("max_norm")

# %% [markdown]
# Twelve neurons with two inputs each. Penalties pull all weights towards the centre; max-norm only puts those that have
# left the circle back on it.

# %%
picture = Picture(figsize=(9, 3.2), layout="constrained")
w = np.random.default_rng(8).standard_normal((2, 12))
after = {
    "max-norm, c = 1": max_norm(w, 1.0),
    "a step of L2": w - 0.3 * elastic_net_penalty(w, 0.0, 1.0, half=True)[1],
    "a step of L1": w - 0.3 * elastic_net_penalty(w, 1.0, 0.0)[1],
}
for ax, (title, new) in zip(picture.subplots(1, 3), after.items(), strict=True):
    ax.plot(*np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 2 * np.pi, 100)]).T, color=GREY, linestyle=":")
    for before, now in zip(w.T, new.T, strict=True):
        ax.plot(*np.stack([before, now], axis=1), color=GREY, linewidth=1)
    ax.plot(*w, "o", color=GREY, markersize=4)
    ax.plot(*new, "o", color=BLUE, markersize=5)
    ax.set(title=title, aspect="equal", xlim=(-2.2, 2.2), ylim=(-2.2, 2.2))
picture

# %% [markdown]
# ### Weight decay, coupled and decoupled
#
# With the half-L2 penalty, one step of plain gradient descent can be read in two ways:
#
# $$w - \alpha\,(dw + \lambda w) \;=\; (1 - \alpha\lambda)\, w - \alpha\, dw$$
#
# - **Coupled** (left): add $\lambda w$ to the gradient, and give that to the optimizer.
# - **Decoupled** (right): shrink the weights by the factor $1 - \alpha\lambda$, and let the optimizer do its step with
#   the plain gradient.
#
# *Example.* $w = 2$, $dw = 1$, $\alpha = 0.1$, $\lambda = 0.5$: coupled, the gradient is $1 + 1 = 2$ and the step ends
# at 1.8. Decoupled, $w$ shrinks to $0.95 \cdot 2 = 1.9$, and the step of 0.1 ends at 1.8 as well.


# %% nbgrader={"grade_id": "weight_decay_code", "solution": true}
def weight_decay_coupled(w, dw, decay):
    """Return the gradient to give to the optimizer, in w's shape; change neither w nor dw."""
    ### BEGIN SOLUTION
    return dw + decay * w
    ### END SOLUTION


def weight_decay_decoupled(w, learning_rate, decay):
    """Return the shrunken weights, in w's shape, from which the optimizer's step is then subtracted."""
    ### BEGIN SOLUTION
    return (1.0 - learning_rate * decay) * w
    ### END SOLUTION


# %% nbgrader={"grade_id": "weight_decay", "grade": true}
check("weight_decay")

# %% [markdown]
# With plain descent they are the same. With Adam (exercise 05) they are not: it divides the gradient of each weight by
# its usual size. A coupled $\lambda w$ is divided along with it. Two weights, both started at 1, receive pure noise as
# gradients: one large noise, one small. Decay should treat them alike. Does it?


# %% nbgrader={"grade_id": "adam", "locked": true}
def adam_direction(gradient, state, t, betas=(0.9, 0.999)):
    """Return Adam's direction for step t = 1, 2, …, and its new state."""
    first = betas[0] * state[0] + (1 - betas[0]) * gradient
    second = betas[1] * state[1] + (1 - betas[1]) * gradient**2
    return first / (1 - betas[0] ** t) / (np.sqrt(second / (1 - betas[1] ** t)) + 1e-8), (first, second)


# %%
rate, decay, steps = 0.005, 1.0, 400
noise = np.array([10.0, 0.1]) * np.random.default_rng(9).standard_normal((steps, 2))
picture = Picture(figsize=(9, 3.2), layout="constrained")
for ax, way in zip(picture.subplots(1, 2, sharey=True), ["coupled", "decoupled"], strict=True):
    w, state, path = np.ones(2), (np.zeros(2), np.zeros(2)), []
    for t, dw in enumerate(noise, start=1):
        path.append(w)
        gradient = weight_decay_coupled(w, dw, decay) if way == "coupled" else dw
        direction, state = adam_direction(gradient, state, t)
        w = (weight_decay_decoupled(w, rate, decay) if way == "decoupled" else w) - rate * direction
    large, small = np.array(path).T
    ax.plot(large, color=BLUE, linewidth=2, label="large gradients")
    ax.plot(small, "--", color=ORANGE, linewidth=2, label="small gradients")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=f"Adam, {way} decay", xlabel="step", ylabel="weight")
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
picture

# %% [markdown]
# ## That is all
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# ## What to remember
#
# - Without a bend, layers collapse into one. With a flat bend, no gradient comes through: **saturation** (sigmoid,
#   tanh) and **dead units** (ReLU) are the same trouble in two forms.
# - ReLU is the standard choice, its relatives and maxout come second. Sigmoid and tanh live on in recurrent networks,
#   and the sigmoid in front of a loss.
# - Never let a positive number into `exp`, never take the log of a probability: combine sigmoid or softmax with the
#   loss. The gradient is then $p - q$.
# - The squared error wants the mean, the absolute error the median.
# - The 0/1 loss is what we want and cannot descend. Hinge is satisfied at the margin, cross-entropy never.
# - L1 makes zeros, L2 makes weights small and alike, max-norm fences them in, decay shrinks them at every step. Mind
#   who writes the ½.
#
# ## Further reading
#
# - I2DL lecture 3 (activations, losses), lecture 4 (regularization), lecture 7 (losses, activations); exam of February
#   2022, questions 2.2, 2.7 and 6.
# - NAIST, *Artificial Intelligence*, lecture 8: 0/1, hinge and cross-entropy for labels of ±1. Georgia Tech CS
#   4803/7643 and WPI CS 4342, class 22: elastic net, one strength per matrix.
# - He and others, *Delving deep into rectifiers*, 2015 (parametric ReLU). Clevert and others, *Exponential linear
#   units*, 2016. Goodfellow and others, *Maxout networks*, 2013. Ramachandran and others, *Searching for activation
#   functions*, 2017 (swish).
# - Szegedy and others, *Rethinking the Inception architecture*, 2016, section 7 (label smoothing). Loshchilov and
#   Hutter,
#   *Decoupled weight decay regularization*, 2019. Zou and Hastie, *Regularization and variable selection via the
#   elastic net*, 2005.
