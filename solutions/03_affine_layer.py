# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 03 · The affine layer
#
# A neural network is a stack of simple layers. Here you build the most important of them from nothing but NumPy,
# **forward and backward**, and then the smallest network that deserves the name. At the end it reads handwritten
# digits. On the way you learn to derive a gradient for a whole matrix at once, and to check it without trusting
# yourself.
#
# | part | you build | follows |
# | --- | --- | --- |
# | 1–3 | flattening, the affine layer, its three gradients | Halperin, *Matrix derivatives* |
# | 4–5 | sigmoid and ReLU, a toy network worked out by hand | I2DL lectures 3 and 4; Halperin |
# | 6 | two losses: squared error and softmax cross-entropy | I2DL lectures 4 and 7 |
# | 7–8 | a two-layer network, checked by measurement, trained with gradient descent | I2DL lectures 4 to 6 |
# | 9–10 | what zeros do as starting weights, and a few numbers | CS 4342 class 22 |
#
# **Time:** about five hours; after part 5 is a good place to sleep on it. You need matrix products and the chain rule.
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("flatten")`: it runs your
# function on drawn inputs and shows what is right, where it differs, and often why. Check as often as you like.
# Grading asks the same questions with other inputs. If you are stuck, go on: from part 5 on, layers are handed to the
# functions that use them, and there are spare ones.

# %% nbgrader={"grade_id": "setup", "locked": true}
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Rectangle

from autograder import Check
from i2dl.data import batches, load_digits
from i2dl.plots import BLUE, Picture, learning_curves, show_digits, show_matrix

check = Check("03_affine_layer")

train_images, train_labels = load_digits("train").xy
validation_images, validation_labels = load_digits("validation").xy
test_images, test_labels = load_digits("test").xy

# %% [markdown]
# ## 1 The digits
#
# The data are real handwritten digits, scanned at 8 × 8 pixels. A batch of $N$ of them is an array of shape
# $(N, C, H, W)$: images, colour channels (one, since they are grey), rows, columns.

# %%
print("training images:", train_images.shape, " labels:", train_labels.shape)
show_digits(train_images[:16], labels=train_labels[:16])

# %% [markdown]
# ### Flattening
#
# An affine layer knows nothing of rows and columns. It takes a plain vector, so every image is laid out as **one row**
# of $D = C \cdot H \cdot W$ numbers: the first row of pixels, then the second, and so on; with several channels, all
# of the first channel, then all of the second.
#
# $$
# \begin{bmatrix} x_{11} & \cdots & x_{18} \\ \vdots & & \vdots \\ x_{81} & \cdots & x_{88} \end{bmatrix}
# \;\longrightarrow\;
# \begin{bmatrix} x_{11} & \cdots & x_{18} & x_{21} & \cdots & x_{88} \end{bmatrix}
# $$
#
# Any other order would work as well. What counts is that all images use the same one: weight number 17 has to meet the
# same pixel every time.
#
# Example: a batch of one image of $2 \times 2$ pixels with two channels, `[[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]`, has
# the shape (1, 2, 2, 2). It becomes `[[1, 2, 3, 4, 5, 6, 7, 8]]`, of shape (1, 8).


# %% nbgrader={"grade_id": "flatten_code", "solution": true}
def flatten(x):
    """Lay every input of a batch out as one row.

    Parameters
    ----------
    x : array (N, d_1, ..., d_k)
        A batch of N inputs of any shape, k ≥ 1.

    Returns
    -------
    array (N, D) with D = d_1 · ... · d_k
        One row per input: channel by channel, and in it row by row.
    """
    ### BEGIN SOLUTION
    return x.reshape(len(x), -1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "flatten", "grade": true}
check("flatten")

# %% [markdown]
# Below, the first two digits as rows. To the eye they have become bar codes; to an affine layer nothing is lost.

# %%
show_matrix(flatten(train_images[:2]), "two digits as rows")

# %% [markdown]
# ## 2 The affine layer
#
# $$Y = XW + \mathbf 1^N b$$
#
# | | shape | what it holds |
# | --- | --- | --- |
# | $X$ | $(N, D)$ | a row per input |
# | $W$ | $(D, M)$ | a **column per neuron**: the weights with which all $D$ inputs enter it |
# | $b$ | $(1, M)$ | one bias per neuron |
# | $Y$ | $(N, M)$ | a row per input, a column per neuron |
#
# Why $\mathbf 1^N b$ and not simply $b$? A row of $M$ numbers cannot be added to an $N \times M$ matrix. A column of
# $N$ ones times that row can:
#
# $$\mathbf 1^N b = \begin{bmatrix} 1 \\ \vdots \\ 1 \end{bmatrix} \begin{bmatrix} b_1 & \cdots & b_M \end{bmatrix}
# = \begin{bmatrix} b_1 & \cdots & b_M \\ \vdots & & \vdots \\ b_1 & \cdots & b_M \end{bmatrix}$$
#
# NumPy makes these copies for you; it calls that broadcasting. In code, `b` has the shape `(M,)`. And the inputs may be
# images: make rows of them first, with your `flatten` or without.
#
# Example, two inputs and one neuron (from the exam of February 2022):
#
# $$\begin{bmatrix} 1 & 1 \\ 0 & -1 \end{bmatrix} \begin{bmatrix} 1 \\ 2 \end{bmatrix}
# + \begin{bmatrix} 2 \\ 2 \end{bmatrix} = \begin{bmatrix} 5 \\ 0 \end{bmatrix}$$


# %% nbgrader={"grade_id": "affine_forward_code", "solution": true}
def affine_forward(x, w, b):
    """Compute Y = XW + 1ᴺb, where the rows of X are the flattened inputs.

    Parameters
    ----------
    x : array (N, d_1, ..., d_k)
        A batch of inputs; flattened, each has D = d_1 · ... · d_k numbers.
    w : array (D, M)
        Weights.
    b : array (M,)
        Biases.

    Returns
    -------
    out : array (N, M)
        The outputs Y.
    cache
        Whatever your `affine_backward` will need; its form is up to you.
    """
    ### BEGIN SOLUTION
    out = flatten(x) @ w + b
    cache = (x, w)
    return out, cache
    ### END SOLUTION


# %% nbgrader={"grade_id": "affine_forward", "grade": true}
check("affine_forward")

# %% [markdown]
# ### Affine is not linear
#
# A linear function doubles its output when its input is doubled. Because of the bias, this one does not:
#
# $$f(2x) = 2xW + b \qquad\text{but}\qquad 2f(x) = 2xW + 2b$$

# %%
x_line, w_line, b_line = np.array([[3.0]]), np.array([[2.0]]), np.array([1.0])  # the line y = 2x + 1, at x = 3
print("f(2x) =", affine_forward(2 * x_line, w_line, b_line)[0].item())
print("2f(x) =", 2 * affine_forward(x_line, w_line, b_line)[0].item())

# %% [markdown]
# ## 3 The gradients of the affine layer
#
# ### Gradient or Jacobian?
#
# - The derivative of **one number** by an array is a *gradient*. It has the shape of the array.
# - The derivative of an **array** by an array is a *Jacobian*: every output by every input. It has as many entries as
#   both sizes multiplied.
#
# A network ends in a loss $L \in \mathbb R$. So everything we ever need is a gradient: $\partial L/\partial W$ has the
# shape of $W$. The Jacobian $\partial Y/\partial W$ would be a stop on the way that nobody has to make. How long would
# that stop be?
#
# Take a batch of $N$ inputs with $D$ numbers each, and $M$ neurons, and derive the $(N, M)$ outputs by the $(D, M)$
# weights. Count the entries of the Jacobian, zeros included, and those of the gradient. Example: $N = 2$, $D = 3$,
# $M = 4$ give 96 and 12.


# %% nbgrader={"grade_id": "quiz_jacobian_code", "solution": true}
def jacobian_entries(n, d, m):
    """Return how many entries ∂Y/∂W has (int), for n inputs of d numbers and m neurons."""
    ### BEGIN SOLUTION
    return (n * m) * (d * m)
    ### END SOLUTION


def gradient_entries(n, d, m):
    """Return how many entries the gradient ∂L/∂W has (int)."""
    ### BEGIN SOLUTION
    return d * m
    ### END SOLUTION


# %% nbgrader={"grade_id": "quiz_jacobian", "grade": true}
check("quiz_jacobian")

# %%
full, needed = jacobian_entries(64, 64, 48), gradient_entries(64, 64, 48)
print(f"64 digits, 64 pixels, 48 neurons: {full:,} entries ({full * 8 / 2**20:.0f} MiB) against {needed:,}")

# %% [markdown]
# ### One weight at a time
#
# When the backward pass arrives at our layer, the layers behind it have done their part: they hand us
# $\partial L/\partial Y$, of shape $(N, M)$. In code it is called `dout`, the **upstream gradient**.
#
# Whatever the size of the network, $\partial L/\partial w_{uv}$ is one number. The weight $w_{uv}$ can reach the loss
# through every entry of $Y$, so the chain rule sums over all of them:
#
# $$\frac{\partial L}{\partial w_{uv}} = \sum_{i=1}^{N} \sum_{j=1}^{M}
# \frac{\partial L}{\partial y_{ij}} \, \frac{\partial y_{ij}}{\partial w_{uv}}$$
#
# Now $y_{ij} = \sum_k x_{ik} w_{kj} + b_j$ contains $w_{uv}$ only in column $j = v$, and there with the factor
# $x_{iu}$. Of the double sum one sum is left:
#
# $$\frac{\partial L}{\partial w_{uv}} = \sum_{i=1}^{N} x_{iu} \, \frac{\partial L}{\partial y_{iv}}$$

# %% [markdown]
# ### All weights at once
#
# Entry $(u, v)$ is column $u$ of $X$ times column $v$ of $\partial L/\partial Y$. That is a matrix product, with a
# transpose so that the shapes meet:
#
# $$\underbrace{\frac{\partial L}{\partial W}}_{D \times M}
# = \underbrace{X^\top}_{D \times N} \; \underbrace{\frac{\partial L}{\partial Y}}_{N \times M}$$
#
# **The input.** In the same way $x_{uk}$ touches only row $u$ of $Y$, with the factors $w_{kj}$. So
# $\partial L/\partial x_{uk} = \sum_j \frac{\partial L}{\partial y_{uj}} w_{kj}$, or
#
# $$\underbrace{\frac{\partial L}{\partial X}}_{N \times D}
# = \underbrace{\frac{\partial L}{\partial Y}}_{N \times M} \; \underbrace{W^\top}_{M \times D}$$
#
# **The bias.** Read $\mathbf 1^N b$ as another product "$XW$", with the ones in the place of $X$ and $b$ in the place
# of $W$:
#
# $$\underbrace{\frac{\partial L}{\partial b}}_{1 \times M}
# = \underbrace{(\mathbf 1^N)^\top}_{1 \times N} \; \underbrace{\frac{\partial L}{\partial Y}}_{N \times M}
# = \Big[ \sum_i \tfrac{\partial L}{\partial y_{i1}} \;\cdots\; \sum_i \tfrac{\partial L}{\partial y_{iM}} \Big]$$

# %% [markdown]
# The picture shows the product for the weights, with $N = 6$, $D = 4$, $M = 3$. The framed entry of
# $\partial L/\partial W$ is the framed row of $X^\top$ (one pixel of all inputs) times the framed column of
# $\partial L/\partial Y$ (one neuron, all inputs). The axis of length $N$, over which the product sums, is gone.

# %% nbgrader={"grade_id": "product_picture", "locked": true}
rng = np.random.default_rng(3)
left, right = rng.integers(-2, 3, (4, 6)), rng.integers(-2, 3, (6, 3))
tables = {"$X^\\top$   (D, N)": left, "$\\partial L/\\partial Y$   (N, M)": right}
tables["$\\partial L/\\partial W$   (D, M)"] = left @ right
frames = [((-0.5, 0.5), 6, 1), ((0.5, -0.5), 1, 6), ((0.5, 0.5), 1, 1)]
picture = Picture(figsize=(8, 3.6), layout="constrained")
for ax, sign, (title, table), (corner, width, height) in zip(
    picture.subplots(1, 3, width_ratios=[6.8, 3.8, 3.8]), ["·", "=", ""], tables.items(), frames, strict=True
):
    rows, columns = table.shape
    ax.imshow(table, cmap="PuOr", vmin=-25, vmax=25)
    for (i, j), value in np.ndenumerate(table):
        ax.text(j, i, value, ha="center", va="center", fontsize=9)
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=BLUE, linewidth=2.5))
    ax.text(columns - 0.1, (rows - 1) / 2, sign, ha="center", va="center", fontsize=18)
    ax.text((columns - 1) / 2, -0.7, title, ha="center")
    ax.set(xlim=(-0.6, columns + 0.3), ylim=(rows / 2 + 2.6, rows / 2 - 4.3))
    ax.set_axis_off()
picture

# %% [markdown]
# ### A sum, not a mean
#
# All three gradients **sum** over the batch, and there is no $1/N$ in them. If the loss averages over the batch, the
# $1/N$ is in *its* gradient, and reaches this layer inside `dout`. A layer that divides once more makes every gradient
# $N$ times too small. (The course's student summary does divide here, and averages the bias gradient. Do not follow
# it; in the exam of February 2022 it costs half a point.)
#
# Example, the exam's layer from above, with $dout = \begin{bmatrix} 0 \\ 0.25 \end{bmatrix}$:
#
# $$dW = \begin{bmatrix} 1 & 0 \\ 1 & -1 \end{bmatrix} \begin{bmatrix} 0 \\ 0.25 \end{bmatrix}
# = \begin{bmatrix} 0 \\ -0.25 \end{bmatrix} \qquad db = 0.25 \qquad
# dX = \begin{bmatrix} 0 \\ 0.25 \end{bmatrix} \begin{bmatrix} 1 & 2 \end{bmatrix}
# = \begin{bmatrix} 0 & 0 \\ 0.25 & 0.5 \end{bmatrix}$$
#
# Your layer takes images, too: flatten them for the product, and give $dX$ the shape that came in.


# %% nbgrader={"grade_id": "affine_backward_code", "solution": true}
def affine_backward(dout, cache):
    """Compute the gradients of the affine layer.

    Parameters
    ----------
    dout : array (N, M)
        Upstream gradient ∂L/∂Y.
    cache
        What `affine_forward` returned.

    Returns
    -------
    dx : array (N, d_1, ..., d_k)
        Gradient for the input, in the shape that it came in.
    dw : array (D, M)
        Gradient for the weights.
    db : array (M,)
        Gradient for the biases.
    """
    ### BEGIN SOLUTION
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = flatten(x).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
    ### END SOLUTION


# %% nbgrader={"grade_id": "affine_backward", "grade": true}
check("affine_backward")

# %% [markdown]
# ## 4 Activations
#
# Two affine layers in a row are one affine layer: $(XW_1)W_2 = X(W_1W_2)$. What makes depth worth its price is a bend
# in between, applied entry by entry.
#
# ### Sigmoid
#
# $$\sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# turns any score into a number between 0 and 1. Entry $(i, j)$ of the output depends on entry $(i, j)$ of the input
# and on nothing else. Of the chain rule's double sum **one term** is left, and a matrix product becomes a product
# entry by entry:
#
# $$\frac{\partial L}{\partial x_{ij}} = \frac{\partial L}{\partial \sigma_{ij}} \, \sigma'(x_{ij})
# \qquad\Longleftrightarrow\qquad dX = dout \odot \sigma'(X)$$
#
# For the slope, differentiate $(1 + e^{-x})^{-1}$:
#
# $$\sigma'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = \frac{1}{1 + e^{-x}} \cdot \frac{e^{-x}}{1 + e^{-x}}
# = \sigma(x)\,\bigl(1 - \sigma(x)\bigr)$$
#
# The output alone is enough to go back; there is no need to keep $x$. Example: $\sigma(0) = 0.5$ with the slope 0.25;
# an upstream gradient of 2 is handed on as 0.5. And $\sigma(\log 3) = 0.75$ with the slope 0.1875.

# %% [markdown]
# **Mind the overflow.** `np.exp(1000)` is infinite, and infinity divided by infinity is NaN. Two forms of the same
# number help: $\sigma(x) = \frac{1}{1 + e^{-x}} = \frac{e^{x}}{1 + e^{x}}$. Use each where its exponent is negative.


# %% nbgrader={"grade_id": "sigmoid_code", "solution": true}
def sigmoid_forward(x):
    """Compute σ(x) = 1 / (1 + e⁻ˣ), entry by entry.

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
    """Send a gradient back through the sigmoid.

    Parameters
    ----------
    dout : array of x's shape
        Upstream gradient ∂L/∂σ.
    cache
        What `sigmoid_forward` returned.

    Returns
    -------
    array of x's shape
        ∂L/∂x.
    """
    ### BEGIN SOLUTION
    return dout * cache * (1.0 - cache)
    ### END SOLUTION


# %% nbgrader={"grade_id": "sigmoid", "grade": true}
check("sigmoid")

# %% [markdown]
# ### ReLU
#
# $$\mathrm{relu}(x) = \max(0, x) \qquad\qquad \mathrm{relu}'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}$$
#
# The cheapest bend there is. At $x = 0$ the slope is not defined; take 0 there, as most libraries do.
#
# Example: `[-2, 3]` becomes `[0, 3]`, and the upstream gradient `[5, -7]` becomes `[0, -7]`. It is the sign of the
# *input* that opens or shuts the gate; the gradient may have any sign.


# %% nbgrader={"grade_id": "relu_code", "solution": true}
def relu_forward(x):
    """Compute max(0, x), entry by entry.

    Parameters
    ----------
    x : array of any shape
        Scores.

    Returns
    -------
    out : array of x's shape
        The scores, with 0 in place of the negative ones.
    cache
        Whatever `relu_backward` will need.
    """
    ### BEGIN SOLUTION
    return np.maximum(x, 0.0), x > 0
    ### END SOLUTION


def relu_backward(dout, cache):
    """Send a gradient back through the ReLU.

    Parameters
    ----------
    dout : array of x's shape
        Upstream gradient.
    cache
        What `relu_forward` returned.

    Returns
    -------
    array of x's shape
        ∂L/∂x.
    """
    ### BEGIN SOLUTION
    return np.where(cache, dout, 0.0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "relu", "grade": true}
check("relu")

# %% [markdown]
# Below, each function (solid) with its slope (dashed), computed by your own forward and backward passes. Look at both
# ends: where the slope is nearly 0, hardly any gradient gets through. The sigmoid **saturates** on both sides; the
# ReLU is blocked on the left only.

# %%
grid = np.linspace(-6, 6, 601)
picture = Picture(figsize=(9, 3), layout="constrained")
for ax, name, forward, backward in zip(
    picture.subplots(1, 2),
    ["sigmoid", "relu"],
    [sigmoid_forward, relu_forward],
    [sigmoid_backward, relu_backward],
    strict=True,
):
    value, cache = forward(grid)
    ax.plot(grid, value, label="value")
    ax.plot(grid, backward(np.ones_like(grid), cache), "--", label="slope")
    ax.set(title=name, xlabel="x", ylim=(-0.1, 1.6))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
picture

# %% [markdown]
# ### A box of layers
#
# So much for the layers. From here on you *combine* them, and what combines layers need not know how they work: each
# is a pair of functions, forward and backward, and is passed in. The locked cell puts yours into a box.
#
# Is one of them not right yet? Do not wait for it. `borrow("relu")`, in a cell of your own, puts a spare pair in its
# place: PyTorch does the work then. There is `"affine"`, `"sigmoid"` and `"relu"`, and later `"softmax_loss"`. (The
# graded steps get their layers from the grader: what goes wrong in one costs nothing in another. And borrowing for a
# step that asks for your own earns nothing.)

# %% nbgrader={"grade_id": "layer_box", "locked": true}
layers = SimpleNamespace(
    affine_forward=affine_forward,
    affine_backward=affine_backward,
    sigmoid_forward=sigmoid_forward,
    sigmoid_backward=sigmoid_backward,
    relu_forward=relu_forward,
    relu_backward=relu_backward,
)


def from_torch(function):
    """Return a forward and a backward pass, for NumPy arrays, of one of PyTorch's functions."""
    import torch

    def forward(*arrays):
        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        out = function(*tensors)
        return out.detach().numpy(), (out, tensors)

    def backward(dout, cache):
        out, tensors = cache
        gradients = torch.autograd.grad(out, tensors, torch.tensor(dout), retain_graph=True)
        return tuple(g.numpy() for g in gradients) if len(tensors) > 1 else gradients[0].numpy()

    return forward, backward


def borrow(name):
    """Replace a layer of the box by a spare one, which leaves the work to PyTorch."""
    import torch

    def softmax_loss(scores, y):
        forward, backward = from_torch(lambda s: torch.nn.functional.cross_entropy(s, torch.tensor(y)))
        loss, cache = forward(scores)
        return loss.item(), backward(np.ones(()), cache)

    if name == "softmax_loss":
        layers.softmax_loss = softmax_loss
        return
    functions = {"affine": lambda x, w, b: x.flatten(1) @ w + b, "sigmoid": torch.sigmoid, "relu": torch.relu}
    forward, backward = from_torch(functions[name])
    setattr(layers, f"{name}_forward", forward)
    setattr(layers, f"{name}_backward", backward)


# %% [markdown]
# ## 5 A toy network, by hand and by code
#
# Affine, activation, loss: the network of Halperin's exercise. The loss is simply the sum of what arrives.
#
# $$Y = XW \qquad F = f(Y) \qquad L = \sum_{ij} F_{ij}$$
#
# The backward pass visits the layers in reverse. Each layer turns the gradient it is handed into the gradient it hands
# on:
#
# $$\frac{\partial L}{\partial F} \;\xrightarrow{\;\text{activation}\;}\; \frac{\partial L}{\partial Y}
# \;\xrightarrow{\;\text{affine}\;}\; \frac{\partial L}{\partial X}, \frac{\partial L}{\partial W}$$
#
# With $f = \sigma$ you have all the parts: the exercise's first question, the sigmoid's way back, is part 4. Write
# $f(y) = y^2$ as a second pair. `toy_network` gets the affine layer and the activation passed in, each a pair: no
# layer has to know its neighbours.
#
# Do the case below on paper first; it takes five minutes.
#
# $$X = \begin{pmatrix} 0 & 1 \\ 2 & 3 \end{pmatrix} \qquad W = \begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix}
# \qquad f(y) = y^2$$


# %% nbgrader={"grade_id": "toy_network_code", "solution": true}
def square_forward(x):
    """Compute x² entry by entry; return it (in x's shape) and a cache."""
    ### BEGIN SOLUTION
    return x * x, x
    ### END SOLUTION


def square_backward(dout, cache):
    """Send the upstream gradient (in x's shape) back through the square; return ∂L/∂x, in x's shape."""
    ### BEGIN SOLUTION
    return 2.0 * cache * dout
    ### END SOLUTION


def toy_network(x, w, affine, activation):
    """Run the network L = Σ f(xw) forward and backward; there is no bias.

    Parameters
    ----------
    x : array (N, D)
        The inputs.
    w : array (D, M)
        The weights.
    affine : pair of functions
        `forward(x, w, b) -> (y, cache)` and `backward(dy, cache) -> (dx, dw, db)`. For b, pass zeros of shape (M,).
    activation : pair of functions
        `forward(y) -> (f, cache)` and `backward(df, cache) -> dy`.

    Returns
    -------
    loss : float
        L.
    df : array (N, M)
        ∂L/∂F.
    dy : array (N, M)
        ∂L/∂Y.
    dx : array (N, D)
        ∂L/∂X.
    dw : array (D, M)
        ∂L/∂W.
    """
    ### BEGIN SOLUTION
    affine_ahead, affine_back = affine
    activation_ahead, activation_back = activation
    y, affine_cache = affine_ahead(x, w, np.zeros(w.shape[1]))
    f, activation_cache = activation_ahead(y)
    loss = f.sum()
    df = np.ones_like(f)
    dy = activation_back(df, activation_cache)
    dx, dw, _ = affine_back(dy, affine_cache)
    return loss, df, dy, dx, dw
    ### END SOLUTION


# %% nbgrader={"grade_id": "toy_network", "grade": true}
check("toy_network")

# %% [markdown]
# Does your code agree with your paper?

# %%
affine, square = (layers.affine_forward, layers.affine_backward), (square_forward, square_backward)
for name, value in zip(
    ["L", "dL/dF", "dL/dY", "dL/dX", "dL/dW"],
    toy_network(np.array([[0.0, 1.0], [2.0, 3.0]]), np.ones((2, 2)), affine, square),
    strict=True,
):
    print(name, "=", np.asarray(value).tolist())

# %% [markdown]
# ## 6 Losses
#
# A loss is the last layer: it turns outputs and targets into one number. Nothing lies upstream of it, so it returns
# its gradient at once, `loss, gradient`. **Here, and only here, stands the $1/N$.**
#
# ### Mean squared error
#
# For predictions and targets of any shape, averaged over all $n$ entries:
#
# $$L = \frac1n \sum_{i} (\hat y_i - y_i)^2 \qquad\qquad
# \frac{\partial L}{\partial \hat y_i} = \;?$$
#
# One line on paper gives you the gradient. Example: predictions `[[1, 4]]` and targets `[[3, 4]]` have the loss 2, and
# the gradient is `[[-2, 0]]`.


# %% nbgrader={"grade_id": "mse_loss_code", "solution": true}
def mse_loss(prediction, target):
    """Compute the mean squared error and its gradient.

    Parameters
    ----------
    prediction : array of any shape
        Outputs of the network.
    target : array of prediction's shape
        What they should be.

    Returns
    -------
    loss : float
        Mean of the squared differences, over all entries.
    dprediction : array of prediction's shape
        ∂L/∂prediction.
    """
    ### BEGIN SOLUTION
    difference = prediction - target
    return np.mean(difference**2), 2.0 * difference / difference.size
    ### END SOLUTION


# %% nbgrader={"grade_id": "mse_loss", "grade": true}
check("mse_loss")

# %% [markdown]
# ### Softmax and cross-entropy
#
# To choose among $C$ classes, the network gives each a score $s_k$. The **softmax** makes probabilities of them, and
# the **cross-entropy** asks for the probability of the true class $y$:
#
# $$p_k = \frac{e^{s_k}}{\sum_j e^{s_j}} \qquad\qquad L = -\frac1N \sum_{i=1}^N \log p_{i,\,y_i}$$
#
# Three images, three classes (lecture 7):
#
# | | image 1: a cat | image 2: a chair | image 3: a car |
# | --- | --- | --- | --- |
# | cat | **3.2** | 1.3 | 2.2 |
# | chair | 5.1 | **4.9** | 2.5 |
# | car | −1.7 | 2.0 | **−3.1** |
# | $-\log p_y$ | 2.04 | 0.079 | 6.156 |
#
# Image 2 is right, and costs almost nothing. Image 3 is wrong with great confidence, and costs most. Their mean, the
# loss, is 2.76. (In code, each image is a *row* of `scores`.)

# %% [markdown]
# ### Its gradient
#
# Write the loss of one sample as $L = \log \sum_j e^{s_j} - s_y$ and differentiate:
#
# $$\frac{\partial L}{\partial s_k} = \frac{e^{s_k}}{\sum_j e^{s_j}} - [k = y] = p_k - [k = y]$$
#
# where $[k = y]$ is 1 for the true class and 0 elsewhere. Probability minus truth: every wrong class is pushed down by
# as much as was given to it, the true one up by what it lacks. The mean over the batch adds the factor $1/N$.
#
# Example: the scores $(0, \log 3)$ are the probabilities $(0.25, 0.75)$. If class 0 is the true one, the loss of this
# sample is $-\log 0.25 = 1.386$ and its gradient $(-0.75, 0.75)$.
#
# ### Its pitfall
#
# $e^{1000}$ overflows, and $\log e^{-1000}$ has become $\log 0$ before anyone notices. Both are cured by taking out
# the largest score $m = \max_j s_j$ and by never computing a probability only to take its logarithm:
#
# $$\log p_k = (s_k - m) - \log \sum_j e^{s_j - m}$$


# %% nbgrader={"grade_id": "softmax_loss_code", "solution": true}
def softmax_loss(scores, y):
    """Compute the softmax cross-entropy and its gradient.

    Parameters
    ----------
    scores : array (N, C)
        A score per sample and class; scores of 1000 must do no harm.
    y : integer array (N,)
        True classes, 0 to C − 1.

    Returns
    -------
    loss : float
        Mean over the samples of −log p of the true class.
    dscores : array (N, C)
        ∂L/∂scores.
    """
    ### BEGIN SOLUTION
    n = len(y)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(n), y].mean()
    dscores = np.exp(log_p)
    dscores[np.arange(n), y] -= 1.0
    return loss, dscores / n
    ### END SOLUTION


# %% nbgrader={"grade_id": "softmax_loss", "grade": true}
check("softmax_loss")

# %%
lecture_scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
for i, name in enumerate(["cat", "chair", "car"]):
    print(f"{name}: {softmax_loss(lecture_scores[i : i + 1], np.array([i]))[0]:.3f}")
print(f"mean: {softmax_loss(lecture_scores, np.arange(3))[0]:.2f}")

# %% [markdown]
# ## 7 A two-layer network
#
# ### First, a measuring device
#
# A backward pass is easy to get wrong and hard to see through. But a derivative can also be *measured*: move one entry
# of $x$ a little to both sides and watch the loss.
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h}$$
#
# Slow (two passes per entry), approximate (its error falls with $h^2$), and almost impossible to get wrong: just what
# a referee should be. With $h = 10^{-5}$ and float64 the two should agree to seven digits or more.
#
# Example: $f(x) = \sum x_i^3$ at `[1, 2]` with the large step $h = 0.5$ gives `[3.25, 12.25]`. The true gradient is
# `[3, 12]`; the error of $h^2$ is what is left.


# %% nbgrader={"grade_id": "numerical_gradient_code", "solution": true}
def numerical_gradient(f, x, h=1e-5):
    """Measure the gradient of f at x with central differences.

    Parameters
    ----------
    f : function
        Takes an array of x's shape, returns a number.
    x : array of any shape
        Where to measure. If you move its entries, put them back.
    h : float
        How far to move.

    Returns
    -------
    array of x's shape
        The measured ∂f/∂x.

    Hint: `for i in np.ndindex(x.shape)` visits every index of an array of any shape.
    """
    ### BEGIN SOLUTION
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% nbgrader={"grade_id": "numerical_gradient", "grade": true}
check("numerical_gradient")

# %% [markdown]
# ### Then, the network
#
# $$X \;\xrightarrow{\text{affine } W_1, b_1}\; Z \;\xrightarrow{\text{ReLU}}\; H
# \;\xrightarrow{\text{affine } W_2, b_2}\; S \;\xrightarrow{\text{softmax loss}}\; L$$
#
# In the usual notation for one sample, with columns instead of rows, the gradients read
#
# $$\nabla_{W_2} = (\hat y - y)\, h^\top \qquad \nabla_{b_2} = \hat y - y \qquad
# \nabla_{W_1} = g\, x^\top \qquad \nabla_{b_1} = g$$
#
# $$\text{with}\qquad g^\top = \bigl((\hat y - y)^\top W_2\bigr) \odot \mathrm{relu}'(z^\top)$$
#
# You will not need these formulas: you have the layers. Run them in order and keep their caches; then run their
# backward passes **in reverse**, each fed with what the one behind it returned.
#
# | forward | backward |
# | --- | --- |
# | `layers.affine_forward(x, w, b)` | `layers.affine_backward(dout, cache)` → `dx, dw, db` |
# | `layers.relu_forward(x)` | `layers.relu_backward(dout, cache)` → `dx` |
# | `layers.softmax_loss(scores, y)` | (the loss returns its gradient at once) |
#
# Example: one input and no biases,
#
# $$x = \begin{bmatrix} 1 & 2 \end{bmatrix} \qquad W_1 = \begin{bmatrix} 1 & -1 \\ 1 & 0 \end{bmatrix} \qquad
# W_2 = \begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}$$
#
# give $z = (3, -1)$, $h = (3, 0)$ and $s = (3, 0)$. For the true class 0 the loss is $\log(1 + e^{-3}) = 0.0486$, and
# $\partial L/\partial s = (-0.0474, 0.0474)$. The second hidden neuron is shut, so its column of
# $\partial L/\partial W_1$ is 0:
#
# $$\frac{\partial L}{\partial W_2} = \begin{bmatrix} -0.142 & 0.142 \\ 0 & 0 \end{bmatrix} \qquad
# \frac{\partial L}{\partial W_1} = \begin{bmatrix} -0.0474 & 0 \\ -0.0949 & 0 \end{bmatrix}$$


# %% nbgrader={"grade_id": "two_layer_loss_code", "solution": true}
def two_layer_forward(x, w1, b1, w2, b2, layers):
    """Compute the scores of the network affine – ReLU – affine.

    Parameters
    ----------
    x : array (N, d_1, ..., d_k)
        A batch; each input has D numbers.
    w1, b1 : arrays (D, H), (H,)
        First layer.
    w2, b2 : arrays (H, C), (C,)
        Second layer.
    layers
        The box of layers (see above).

    Returns
    -------
    scores : array (N, C)
        A score per input and class.
    cache
        Whatever the way back will need.
    """
    ### BEGIN SOLUTION
    z, cache1 = layers.affine_forward(x, w1, b1)
    hidden, cache_relu = layers.relu_forward(z)
    scores, cache2 = layers.affine_forward(hidden, w2, b2)
    return scores, (cache1, cache_relu, cache2)
    ### END SOLUTION


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    """Compute the softmax loss of the network and the gradients of all its parameters.

    Parameters
    ----------
    x, w1, b1, w2, b2, layers
        As in `two_layer_forward`.
    y : integer array (N,)
        True classes.

    Returns
    -------
    loss : float
        Mean loss of the batch.
    gradients : tuple
        (dw1, db1, dw2, db2), each in the shape of its parameter.
    """
    ### BEGIN SOLUTION
    scores, (cache1, cache_relu, cache2) = two_layer_forward(x, w1, b1, w2, b2, layers)
    loss, dscores = layers.softmax_loss(scores, y)
    dhidden, dw2, db2 = layers.affine_backward(dscores, cache2)
    dz = layers.relu_backward(dhidden, cache_relu)
    _, dw1, db1 = layers.affine_backward(dz, cache1)
    return loss, (dw1, db1, dw2, db2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "two_layer_loss", "grade": true}
check("two_layer_loss")

# %% [markdown]
# ### And the measurement
#
# The same check without any grader: your derived gradients against your measured ones, on a small network. The bars
# show the largest relative error. Left of the dotted line all is well; a mistake of one per cent would reach the
# dashed one. The box now has your softmax loss, too. And should the network itself not be right yet, a spare one
# is at hand: `network_scores, network_loss = spare_network()`.

# %% nbgrader={"grade_id": "parameters", "locked": true}
NAMES = ("w1", "b1", "w2", "b2")
layers.softmax_loss = softmax_loss


def network_scores(x, parameters):
    """Return the scores (N, C) of your network with the layers of the box."""
    return two_layer_forward(x, *parameters, layers)[0]


def network_loss(x, y, parameters):
    """Return the loss of your network with the layers of the box, and its gradients (dw1, db1, dw2, db2)."""
    return two_layer_loss(x, y, *parameters, layers)


def spare_network():
    """Return what may stand in for the two functions above; the work is PyTorch's."""
    import torch

    def scores_of(x, w1, b1, w2, b2):
        return torch.relu(torch.tensor(x).flatten(1) @ w1 + b1) @ w2 + b2

    def loss_of(x, y, parameters):
        forward, backward = from_torch(lambda *p: torch.nn.functional.cross_entropy(scores_of(x, *p), torch.tensor(y)))
        loss, cache = forward(*parameters)
        return loss.item(), backward(np.ones(()), cache)

    return lambda x, parameters: scores_of(x, *map(torch.tensor, parameters)).numpy(), loss_of


def random_parameters(rng, pixels=64, hidden=48, classes=10):
    """Return [w1, b1, w2, b2]: random weights of spread 1/√(inputs), and zero biases."""
    w1 = rng.standard_normal((pixels, hidden)) / np.sqrt(pixels)
    w2 = rng.standard_normal((hidden, classes)) / np.sqrt(hidden)
    return [w1, np.zeros(hidden), w2, np.zeros(classes)]


# %%
small = random_parameters(np.random.default_rng(1), hidden=5)
x_few, y_few = train_images[:6], train_labels[:6]
_, derived = network_loss(x_few, y_few, small)

errors = []
for k in range(4):

    def loss_of(value, k=k):
        return network_loss(x_few, y_few, [*small[:k], value, *small[k + 1 :]])[0]

    measured = numerical_gradient(loss_of, small[k])
    errors.append(np.abs(derived[k] - measured).max() / np.abs(measured).max())

picture = Picture(figsize=(6, 2.6), layout="constrained")
ax = picture.subplots()
ax.barh(NAMES, errors)
ax.axvline(1e-7, color="black", linestyle=":")
ax.axvline(1e-2, color="black", linestyle="--")
ax.set(xscale="log", xlim=(1e-13, 1), xlabel="largest relative error", title="derived against measured gradients")
ax.invert_yaxis()
picture

# %% [markdown]
# ## 8 Training
#
# ### One step
#
# The gradient points uphill, so walk the other way. With the learning rate $\alpha$:
#
# $$w \;\leftarrow\; w - \alpha \, \frac{\partial L}{\partial w}$$
#
# Example (from the exam of August 2022): $w = -0.5$ with the gradient 1.5 and $\alpha = 0.1$ becomes $-0.65$.


# %% nbgrader={"grade_id": "sgd_update_code", "solution": true}
def sgd_update(w, dw, *, learning_rate):
    """Take one step of gradient descent.

    Parameters
    ----------
    w : array of any shape
        A parameter.
    dw : array of w's shape
        ∂L/∂w.
    learning_rate : float
        The step size α.

    Returns
    -------
    array of w's shape
        The parameter after the step.
    """
    ### BEGIN SOLUTION
    return w - learning_rate * dw
    ### END SOLUTION


# %% nbgrader={"grade_id": "sgd_update", "grade": true}
check("sgd_update")

# %% [markdown]
# ### Many steps
#
# The gradient over all images is expensive, and a few dozen images already tell nearly the same. **Stochastic**
# gradient descent takes one step per mini-batch. Once through all mini-batches is one **epoch**:
#
# > for each epoch: for each mini-batch: loss and gradients, then update every parameter
#
# `batches(x, y, batch_size, rng)` yields the mini-batches of one epoch, in a fresh random order each time.
#
# Use `network_loss(x, y, parameters)`, which returns the loss and the four gradients, and
# `network_scores(x, parameters)`. Before you train for long, look at the first loss: with ten classes it should be
# near $\log 10 \approx 2.3$.


# %% nbgrader={"grade_id": "train_code", "solution": true}
def accuracy(x, y, parameters):
    """Return the share of the inputs x (N, ...) whose highest score belongs to their class in y (N,)."""
    ### BEGIN SOLUTION
    return np.mean(network_scores(x, parameters).argmax(axis=1) == y)
    ### END SOLUTION


def train(parameters, *, learning_rate, epochs, batch_size, rng):
    """Train the two-layer network on `train_images` with plain SGD.

    Parameters
    ----------
    parameters : list of four arrays
        [w1, b1, w2, b2] at the start.
    learning_rate : float
        The step size.
    epochs : int
        How often to go through the data.
    batch_size : int
        Images in a mini-batch.
    rng : numpy.random.Generator
        Shuffles the data, through `batches`.

    Returns
    -------
    parameters : list of four arrays
        [w1, b1, w2, b2] after training.
    history : dict
        Four lists, one number per epoch each, measured after it on all images of the set: "train_loss",
        "train_accuracy", "validation_loss", "validation_accuracy".
    """
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    ### BEGIN SOLUTION
    sets = {"train": (train_images, train_labels), "validation": (validation_images, validation_labels)}
    for _ in range(epochs):
        for x, y in batches(train_images, train_labels, batch_size, rng):
            _, gradients = network_loss(x, y, parameters)
            parameters = [
                sgd_update(p, dp, learning_rate=learning_rate) for p, dp in zip(parameters, gradients, strict=True)
            ]
        for name, (x, y) in sets.items():
            history[f"{name}_loss"].append(network_loss(x, y, parameters)[0])
            history[f"{name}_accuracy"].append(accuracy(x, y, parameters))
    ### END SOLUTION
    return parameters, history


# %% [markdown]
# Train. The settings below do well; change them if you like, and watch the validation curve, not the training curve.

# %%
rng = np.random.default_rng(0)
parameters, history = train(random_parameters(rng), learning_rate=0.3, epochs=30, batch_size=32, rng=rng)

# %%
learning_curves(history)

# %% [markdown]
# ### What it is worth
#
# The network's answer for an image is the class with the highest score. The test images, which took part in nothing so
# far, show what it has learnt; you need at least 0.93 for all points. The check asks about yet other digits.


# %% nbgrader={"grade_id": "predict_code", "solution": true}
def predict(images):
    """Return the trained network's answers.

    Parameters
    ----------
    images : array (N, 1, 8, 8)
        Digits.

    Returns
    -------
    integer array (N,)
        The class of each image, 0 to 9, by the trained `parameters`.
    """
    ### BEGIN SOLUTION
    return network_scores(images, parameters).argmax(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "digits_accuracy", "grade": true}
check("digits_accuracy")

# %% [markdown]
# Some of its answers, the wrong ones first, with the true class before the arrow. Would you have known all of them?

# %%
answers = predict(test_images)
print(f"test accuracy: {np.mean(answers == test_labels):.3f}")
shown = np.argsort(answers == test_labels, kind="stable")[:16]
show_digits(test_images[shown], labels=test_labels[shown], predictions=answers[shown])

# %% [markdown]
# ### What the neurons look for
#
# Each column of $W_1$ has 64 weights, one per pixel: laid out as 8 × 8, it is a picture of what its neuron likes
# (purple) and dislikes (orange). Some have come to look for strokes and gaps, which nobody told them about. The pale
# ones have hardly left their random start.

# %%
picture = Picture(figsize=(9, 3.2), layout="constrained")
w1 = parameters[0]
largest = 0.7 * np.abs(w1).max()
for ax, column in zip(picture.subplots(4, 12).flat, w1.T, strict=False):
    ax.imshow(column.reshape(8, 8), cmap="PuOr", vmin=-largest, vmax=largest)
    ax.set_axis_off()
picture

# %% [markdown]
# ## 9 Why not start from zero?
#
# We started from random weights. Would zeros not be the more natural choice? Three cases:
#
# 1. everything is zero;
# 2. the first layer is zero, $W_1 = b_1 = 0$, the second is random;
# 3. the second layer is zero, $W_2 = b_2 = 0$, the first is random.
#
# In each, **which of the four parameters ever move?** Think it through with the formulas of part 7 (and
# $\mathrm{relu}'(0) = 0$). Then let the network decide: write a function that takes some steps and compares.
#
# Example: if the gradients of $W_1$ and $b_2$ are 1 everywhere, and the others 0, then after any number of steps but
# 0 the answer is `{"w1", "b2"}`.


# %% nbgrader={"grade_id": "zero_initialization_code", "solution": true}
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    """Find out which parameters move in some steps of gradient descent.

    Parameters
    ----------
    gradients_of : function
        Takes the four parameters, returns their gradients (dw1, db1, dw2, db2).
    parameters : list of four arrays
        [w1, b1, w2, b2] at the start.
    learning_rate : float
        The step size.
    steps : int
        How many steps to take.

    Returns
    -------
    set of str
        Those of the names "w1", "b1", "w2", "b2" whose parameter is no longer what it was at the start.
    """
    ### BEGIN SOLUTION
    now = list(parameters)
    for _ in range(steps):
        now = [p - learning_rate * dp for p, dp in zip(now, gradients_of(now), strict=True)]
    return {name for name, p, q in zip(NAMES, parameters, now, strict=True) if np.any(p != q)}
    ### END SOLUTION


# %% nbgrader={"grade_id": "zero_initialization", "grade": true}
check("zero_initialization")

# %% [markdown]
# On the digits: the **first step** in which each parameter moves. A dash means that it has not moved in ten.


# %%
def start(zero):
    """Return random parameters, with those named in `zero` set to zero."""
    drawn = random_parameters(np.random.default_rng(5))
    return [np.zeros_like(p) if name in zero else p for name, p in zip(NAMES, drawn, strict=True)]


starts = {
    "1  all zero": ("w1", "b1", "w2", "b2"),
    "2  first layer zero": ("w1", "b1"),
    "3  second layer zero": ("w2", "b2"),
    "random weights": (),
}


def digit_gradients(parameters):
    """Return the gradients of the network on 64 digits."""
    return network_loss(train_images[:64], train_labels[:64], parameters)[1]


print(f"{'start':22}" + "".join(f"{name:>5}" for name in NAMES))
for label, zero in starts.items():
    first = dict.fromkeys(NAMES, "-")
    for steps in range(10, 0, -1):
        moved = moving_parameters(digit_gradients, start(zero), learning_rate=0.5, steps=steps)
        first |= dict.fromkeys(moved, steps)
    print(f"{label:22}" + "".join(f"{first[name]:>5}" for name in NAMES))

# %% [markdown]
# And what becomes of a short training from each of these starts:

# %%
picture = Picture(figsize=(6.5, 3.2), layout="constrained")
ax = picture.subplots()
for (label, zero), style in zip(starts.items(), ["-", "--", "-", ":"], strict=True):
    _, curve = train(start(zero), learning_rate=0.2, epochs=8, batch_size=32, rng=np.random.default_rng(6))
    ax.plot(range(1, 9), curve["validation_loss"], style, linewidth=2, label=label)
ax.set(xlabel="epoch", ylabel="validation loss")
ax.legend(frameon=False)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Explain what you see, with the gradients of part 7: why do the
# parameters that stay still stay still in cases 1 and 2, and what can such a network still learn? Why does case 3 get
# going after all? And why would it not help to set all weights to 0.1 instead of 0?

# %% [markdown] nbgrader={"grade_id": "why_zeros_fail", "grade": true, "solution": true}
# **Cases 1 and 2.** With $W_1 = b_1 = 0$ every score of the hidden layer is $z = 0$, so $h = \mathrm{relu}(0) = 0$ and
# $\mathrm{relu}'(z) = 0$. Then $\nabla_{W_2} = (\hat y - y)\,h^\top = 0$, because $h = 0$, and $g = 0$, because of the
# factor $\mathrm{relu}'(z)$ (in case 1 also because $W_2 = 0$), so $\nabla_{W_1}$ and $\nabla_{b_1}$ vanish. After a
# step nothing of this has changed, and it stays so for ever. Only $\nabla_{b_2} = \hat y - y$ is not zero. The scores
# do not depend on the image, so the network can learn the frequencies of the classes and no more: about 10 % accuracy,
# a loss of about $\log 10$.
#
# **Case 3.** $W_2 = 0$ makes $g = 0$ in the first step, so $W_1$ and $b_1$ stay. But $h \ne 0$, so $W_2$ moves (and
# $b_2$). From the second step on $W_2 \ne 0$, hence $g \ne 0$, and everything moves. The network loses little more
# than one step.
#
# **All weights 0.1.** The gradients are not zero, but all hidden neurons compute the same number and receive the same
# gradient. They stay copies of each other: 48 neurons do the work of one. Random weights break this symmetry.

# %% [markdown]
# ## 10 A few numbers
#
# About a network like the one above, $D \to H \to C$, and a sigmoid. Each answer is a function of what is given, so
# that it can be asked for any network. Compute on paper first; the functions are one line each.
#
# Examples: for $64 \to 48 \to 10$ there are 3610 parameters; the sigmoid $\sigma(2x)$ is nowhere steeper than 0.5.


# %% nbgrader={"grade_id": "quiz_code", "solution": true}
def parameter_count(d, h, c):
    """Return how many numbers the network D → H → C learns (int)."""
    ### BEGIN SOLUTION
    return d * h + h + h * c + c
    ### END SOLUTION


def hidden_shape(n, d, h, c):
    """Return the shape of ∂L/∂H, a tuple of two int, for a batch of n inputs."""
    ### BEGIN SOLUTION
    return (n, h)
    ### END SOLUTION


def start_loss(c):
    """Return the cross-entropy (float) of a network that gives all c classes the same score."""
    ### BEGIN SOLUTION
    return np.log(c)
    ### END SOLUTION


def largest_slope(a):
    """Return the largest slope (float) of the function σ(a·x), for a > 0."""
    ### BEGIN SOLUTION
    return a / 4
    ### END SOLUTION


def repeat_factors(k):
    """Return by which two factors (float, float) ∂L/∂W1 changes if every image of a batch is put in k times.

    The first is for a loss that is the mean over the batch, the second for one that is the sum.
    """
    ### BEGIN SOLUTION
    return 1, k
    ### END SOLUTION


# %% nbgrader={"grade_id": "quiz", "grade": true}
check("quiz")

# %% [markdown]
# ## What to remember
#
# - An affine layer is $Y = XW + \mathbf 1^N b$: a row per input, a column per neuron.
# - A gradient has **the shape of what it belongs to**. With the shapes known, there is mostly one way to multiply:
#   $dW = X^\top dout$, $dX = dout\, W^\top$, and $db$ is the sum over the batch. The Jacobian is never built.
# - Layers **sum** over the batch. The $1/N$ belongs to the loss, and stands there once.
# - Entry by entry functions have entry by entry gradients: $dout \odot f'(X)$. Where the slope is 0, nothing gets
#   through.
# - The gradient of softmax and cross-entropy together is **probability minus truth**, over $N$. Take out the largest
#   score first, and never take the logarithm of a probability.
# - Backward visits the layers in **reverse**; each turns the gradient it is handed into the one it hands on.
# - Trust no backward pass that has not been compared with **measured** gradients.
# - Start from small **random** weights. Zeros in the first layer never move, and equal neurons stay equal.
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from.** The derivation of parts 2, 3 and 5 follows D. Halperin, *Matrix derivatives* (I2DL
# tutorial, 2022). Activations and losses: I2DL lectures 3, 4 and 7. The two-layer network and the three cases of part
# 9: WPI CS 4342, class 22. The digits: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI
# Machine Learning Repository, 1998.
#
# **Further reading.** J. Johnson, *Backpropagation for a linear layer* (Stanford CS231n, 2017): the derivation of part
# 3 with the Jacobian, for comparison. D. Rumelhart, G. Hinton, R. Williams, *Learning representations by
# back-propagating errors*, Nature, 1986: four pages that started it. K. Petersen, M. Pedersen, *The matrix cookbook*,
# 2012. M. Nielsen, *Neural networks and deep learning*, chapters 1 and 2, 2015: digits again, another notation.
