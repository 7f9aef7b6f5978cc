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
# digits.
#
# | part | you build |
# | --- | --- |
# | 1–3 | flattening, the affine layer, its three gradients |
# | 4–5 | sigmoid and ReLU, a toy network worked out by hand |
# | 6 | two losses: squared error and softmax cross-entropy |
# | 7–8 | a two-layer network, checked against measured gradients, trained with gradient descent |
# | 9–10 | what zeros do as starting weights, and a few numbers |
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("flatten")`: it runs your
# function on drawn inputs and shows what is right, where it differs, and often why. Check as often as you like.
# Grading asks the same questions with other inputs.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from autograder import Check
from i2dl.data import batches, load_digits
from i2dl.plots import Picture, learning_curves, show_digits, show_matrix

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
# NumPy makes these copies for you; it calls that broadcasting. In code, `b` has the shape `(M,)`.


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
# Take the first layer of the network you will train: a batch of $N = 64$ digits with $D = 64$ pixels each, and
# $M = 48$ neurons. Derive the $(N, M)$ outputs by the $(D, M)$ weights.

# %% nbgrader={"grade_id": "quiz_jacobian_code", "solution": true}
# jacobian_entries: how many entries has the Jacobian ∂Y/∂W?
# gradient_entries: how many entries has the gradient ∂L/∂W?
### BEGIN SOLUTION
jacobian_entries = (64 * 48) * (64 * 48)
gradient_entries = 64 * 48
### END SOLUTION

# %% nbgrader={"grade_id": "quiz_jacobian", "grade": true}
check("quiz_jacobian")

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
# ### A sum, not a mean
#
# All three gradients **sum** over the batch, and there is no $1/N$ in them. If the loss averages over the batch, the
# $1/N$ is in *its* gradient, and reaches this layer inside `dout`. A layer that divides once more makes every gradient
# $N$ times too small. (The course's student summary does divide here. Do not follow it.)


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
# The output alone is enough to go back; there is no need to keep $x$.

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
# $f(y) = y^2$ as a second pair. Then `toy_network` takes either pair: no layer has to know its neighbours.
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


def toy_network(x, w, forward, backward):
    """Run the network L = Σ f(xw) forward and backward; there is no bias.

    Parameters
    ----------
    x : array (N, D)
        The inputs.
    w : array (D, M)
        The weights.
    forward, backward : functions
        The activation: `forward(y) -> (f, cache)` and `backward(df, cache) -> dy`.

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
    y, affine_cache = affine_forward(x, w, np.zeros(w.shape[1]))
    f, activation_cache = forward(y)
    loss = f.sum()
    df = np.ones_like(f)
    dy = backward(df, activation_cache)
    dx, dw, _ = affine_backward(dy, affine_cache)
    return loss, df, dy, dx, dw
    ### END SOLUTION


# %% nbgrader={"grade_id": "toy_network", "grade": true}
check("toy_network")

# %% [markdown]
# Does your code agree with your paper?

# %%
for name, value in zip(
    ["L", "dL/dF", "dL/dY", "dL/dX", "dL/dW"],
    toy_network(np.array([[0.0, 1.0], [2.0, 3.0]]), np.ones((2, 2)), square_forward, square_backward),
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
# One line on paper gives you the gradient.


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


# %% nbgrader={"grade_id": "two_layer_loss_code", "solution": true}
def two_layer_forward(x, w1, b1, w2, b2):
    """Compute the scores of the network affine – ReLU – affine.

    Parameters
    ----------
    x : array (N, d_1, ..., d_k)
        A batch; each input has D numbers.
    w1, b1 : arrays (D, H), (H,)
        First layer.
    w2, b2 : arrays (H, C), (C,)
        Second layer.

    Returns
    -------
    scores : array (N, C)
        A score per input and class.
    cache
        Whatever the way back will need.
    """
    ### BEGIN SOLUTION
    z, cache1 = affine_forward(x, w1, b1)
    hidden, cache_relu = relu_forward(z)
    scores, cache2 = affine_forward(hidden, w2, b2)
    return scores, (cache1, cache_relu, cache2)
    ### END SOLUTION


def two_layer_loss(x, y, w1, b1, w2, b2):
    """Compute the softmax loss of the network and the gradients of all its parameters.

    Parameters
    ----------
    x, w1, b1, w2, b2 : arrays
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
    scores, (cache1, cache_relu, cache2) = two_layer_forward(x, w1, b1, w2, b2)
    loss, dscores = softmax_loss(scores, y)
    dhidden, dw2, db2 = affine_backward(dscores, cache2)
    dz = relu_backward(dhidden, cache_relu)
    _, dw1, db1 = affine_backward(dz, cache1)
    return loss, (dw1, db1, dw2, db2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "two_layer_loss", "grade": true}
check("two_layer_loss")

# %% [markdown]
# ### And the measurement
#
# The same check without any grader: your derived gradients against your measured ones, on a small network. The bars
# show the largest relative error. Left of the dotted line all is well; a mistake of one per cent would reach the
# dashed one.

# %% nbgrader={"grade_id": "parameters", "locked": true}
NAMES = ("w1", "b1", "w2", "b2")


def random_parameters(rng, pixels=64, hidden=48, classes=10):
    """Return [w1, b1, w2, b2]: random weights of spread 1/√(inputs), and zero biases."""
    w1 = rng.standard_normal((pixels, hidden)) / np.sqrt(pixels)
    w2 = rng.standard_normal((hidden, classes)) / np.sqrt(hidden)
    return [w1, np.zeros(hidden), w2, np.zeros(classes)]


# %%
small = random_parameters(np.random.default_rng(1), hidden=5)
x_few, y_few = train_images[:6], train_labels[:6]
_, derived = two_layer_loss(x_few, y_few, *small)

errors = []
for k in range(4):

    def loss_of(value, k=k):
        return two_layer_loss(x_few, y_few, *small[:k], value, *small[k + 1 :])[0]

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


# %% nbgrader={"grade_id": "train_code", "solution": true}
def accuracy(x, y, parameters):
    """Return the share of the inputs x (N, ...) whose highest score belongs to their class in y (N,)."""
    ### BEGIN SOLUTION
    scores, _ = two_layer_forward(x, *parameters)
    return np.mean(scores.argmax(axis=1) == y)
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
            _, gradients = two_layer_loss(x, y, *parameters)
            parameters = [
                sgd_update(p, dp, learning_rate=learning_rate) for p, dp in zip(parameters, gradients, strict=True)
            ]
        for name, (x, y) in sets.items():
            history[f"{name}_loss"].append(two_layer_loss(x, y, *parameters)[0])
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
    return two_layer_forward(images, *parameters)[0].argmax(axis=1)
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
    ax.imshow(column.reshape(8, 8), cmap="PuOr_r", vmin=-largest, vmax=largest)
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
# $\mathrm{relu}'(0) = 0$). Then let your network decide.


# %% nbgrader={"grade_id": "zero_initialization_code", "solution": true}
def moving_parameters(x, y, parameters, *, learning_rate, steps):
    """Find out which parameters move in some steps of gradient descent on one batch.

    Parameters
    ----------
    x, y : arrays (N, ...), (N,)
        The batch, the same in every step.
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
    now = [p.copy() for p in parameters]
    for _ in range(steps):
        _, gradients = two_layer_loss(x, y, *now)
        now = [sgd_update(p, dp, learning_rate=learning_rate) for p, dp in zip(now, gradients, strict=True)]
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
print(f"{'start':22}" + "".join(f"{name:>5}" for name in NAMES))
for label, zero in starts.items():
    first = dict.fromkeys(NAMES, "-")
    for steps in range(10, 0, -1):
        moved = moving_parameters(train_images[:64], train_labels[:64], start(zero), learning_rate=0.5, steps=steps)
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
# About the network above ($64 \to 48 \to 10$). You may compute with your functions.

# %% nbgrader={"grade_id": "quiz_code", "solution": true}
# parameter_count: how many numbers does the network learn?
# hidden_shape: the shape of ∂L/∂H for a batch of 32 digits, as a tuple
# start_loss: the loss of a network that gives all ten classes the same score
# largest_slope: the largest slope of the sigmoid
# repeat_factor: every image of a batch is put in twice; by which factor does ∂L/∂W1 change?
### BEGIN SOLUTION
parameter_count = 64 * 48 + 48 + 48 * 10 + 10
hidden_shape = (32, 48)
start_loss = np.log(10)
largest_slope = 0.5 * (1 - 0.5)
repeat_factor = 1
### END SOLUTION

# %% nbgrader={"grade_id": "quiz", "grade": true}
check("quiz")

# %% [markdown]
# ## That is all
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from.** The derivation of parts 2, 3 and 5 follows D. Halperin, *Matrix derivatives* (I2DL
# tutorial, 2022). Activations and losses: I2DL lectures 3, 4 and 7. The two-layer network and the three cases of part
# 9: WPI CS 4342, class 22. The digits: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI
# Machine Learning Repository, 1998.
