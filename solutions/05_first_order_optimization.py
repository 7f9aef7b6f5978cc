# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 05 · First-order optimization
#
# A network learns by walking downhill in the dark: all it knows of the landscape is the slope under its feet. How long
# should a step be? What may it remember of the steps before? Here you write **every walker of the course**, each a few
# lines, and watch them on maps.
#
# | part | you build |
# | --- | --- |
# | 1–2 | gradient descent with its convergence test, the rates of a bowl, line search |
# | 3 | mini-batches, how noisy they are, and when a noisy walk arrives |
# | 4 | momentum in both conventions, Nesterov |
# | 5–6 | Adagrad, RMSProp, Adadelta; Adam, AdaMax, Nadam, AMSGrad, AdamW |
# | 7–8 | gradient clipping, learning-rate schedules |
#
# It follows lecture 5 (and the schedules of lectures 6, 10 and 11) and takes about five hours. You need NumPy, and the
# gradients of exercise 03 only as an idea: here they are given.
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("sgd_update")`: it runs your
# function on drawn inputs and shows what is right, where it differs, and often why. No step needs an earlier one to be
# right, except that its pictures show *your* functions. Grading asks the same questions with other inputs.

# %% nbgrader={"grade_id": "setup", "locked": true}
import numpy as np

from autograder import Check
from i2dl.data import load_digits
from i2dl.plots import BLUE, GREEN, ORANGE, Picture
from i2dl.plots.contours import RAVINE, ROSENBROCK, SADDLE, show_contours, show_line_walk, show_values

check = Check("05_first_order_optimization")

# %% [markdown]
# ## 1 Gradient descent
#
# The gradient $\nabla L(\theta)$ points to where the loss grows fastest. So step the other way:
#
# $$\theta^{k+1} = \theta^k - \alpha \, \nabla L(\theta^k)$$
#
# $\alpha$ is the **learning rate**. In code, a parameter is `w`, of any shape, and its gradient `dw`, of the same
# shape. Example: for $L = w^2$ at $w = 5$ the gradient is 10, and a step with $\alpha = 0.1$ leads to
# $5 - 0.1 \cdot 10 = 4$.


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
# ### When to stop
#
# Walk until the steps become short:
#
# $$\lVert \theta^{k+1} - \theta^k \rVert_2 < \varepsilon$$
#
# and, since that may never happen, at most a given number of steps. The step that turns out to be short is taken.
#
# Example: $L = w^2$, $w^0 = 5$, $\alpha = 0.25$. Every step halves $w$: 5, 2.5, 1.25, … With $\varepsilon = 1$ the
# third step, from 1.25 to 0.625, is the first that is shorter than 1. The path has four points.
#
# A short step is no proof of a minimum. On a plateau, at a saddle or with a tiny $\alpha$ the steps are short as well.
#
# (In this loop write the step and the test out, they are a line each.)


# %% nbgrader={"grade_id": "gradient_descent_code", "solution": true}
def gradient_descent(gradient, x0, *, learning_rate, tolerance, max_steps):
    """Walk downhill until a step is shorter than the tolerance.

    Parameters
    ----------
    gradient : function
        `gradient(x)` returns ∇f(x), an array (n,).
    x0 : array (n,)
        The start.
    learning_rate : float
        The step size α.
    tolerance : float
        ε: the walk ends after the first step whose length is below it.
    max_steps : int
        The walk ends after so many steps in any case.

    Returns
    -------
    array (K + 1, n)
        The start and the points after each of the K steps that were taken.
    """
    ### BEGIN SOLUTION
    path = [x0]
    for _ in range(max_steps):
        x = path[-1]
        path.append(x - learning_rate * gradient(x))
        if np.linalg.norm(path[-1] - x) < tolerance:
            break
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "gradient_descent", "grade": true}
check("gradient_descent")

# %% [markdown]
# ### Too low, good, too high
#
# An exam asked (February 2022, 5.6): minimize $x^2$ from $x_0 = 5$ with learning rate 1. How many iterations does
# gradient descent need? Do it on paper first. Then look at your own function:

# %%
picture = Picture(figsize=(11, 3), layout="constrained")
for ax, rate in zip(picture.subplots(1, 4), [0.04, 0.35, 1.0, 1.05], strict=True):
    path = gradient_descent(lambda x: 2 * x, np.array([5.0]), learning_rate=rate, tolerance=1e-6, max_steps=8)
    show_line_walk(lambda x: x**2, (-8, 8), path[:, 0], title=f"$x^2$ with $\\alpha = {rate}$", ax=ax)
picture

# %% [markdown]
# With $\alpha = 1$ it jumps between 5 and −5 for ever: $x - 1 \cdot 2x = -x$. It never arrives. With a little more it
# is thrown out, with far less it crawls.
#
# ### The rates of a bowl
#
# Near a minimum every smooth function is a bowl, and in the right coordinates
#
# $$f(x) = \tfrac12 \sum_i c_i x_i^2 \qquad\Longrightarrow\qquad
# x_i \leftarrow x_i - \alpha c_i x_i = (1 - \alpha c_i)\, x_i$$
#
# Each direction has its **curvature** $c_i > 0$, and each step multiplies its distance by $1 - \alpha c_i$.
#
# - It shrinks if $|1 - \alpha c_i| < 1$, that is $\alpha < 2/c_i$. The steepest direction sets the **limit**
#   $2/c_{\max}$ for all. (For $x^2$ we have $c = 2$, and the exam's rate 1 is just the limit.)
# - After many steps only the slowest direction is left, the one with the largest $|1 - \alpha c_i|$. The **best** rate
#   makes the flattest and the steepest direction equally slow: $1 - \alpha c_{\min} = -(1 - \alpha c_{\max})$.
# - The **factor** is that common $|1 - \alpha c_i|$ at the best rate. The nearer to 1, the slower.
#
# Example: $c = (1, 3)$. Limit 2/3, best rate 1/2, factor 1/2: with each step the distance halves.


# %% nbgrader={"grade_id": "step_sizes_code", "solution": true}
def step_sizes(curvatures):
    """Find out how fast gradient descent can be on the bowl ½ Σ cᵢxᵢ².

    Parameters
    ----------
    curvatures : array (n,)
        The cᵢ, positive, in any order.

    Returns
    -------
    limit : float
        The rate from which on the walk no longer converges.
    best : float
        The rate with which it converges fastest.
    factor : float
        What, at the best rate, a step multiplies the distance in the slowest direction by; 0 or more.
    """
    ### BEGIN SOLUTION
    flat, steep = curvatures.min(), curvatures.max()
    best = 2 / (flat + steep)
    return 2 / steep, best, 1 - best * flat
    ### END SOLUTION


# %% nbgrader={"grade_id": "step_sizes", "grade": true}
check("step_sizes")

# %% [markdown]
# The `RAVINE` is such a bowl with curvatures 1 and 20: a long valley, steep across and flat along. On the maps
# dark is low, and the levels lie closer at the bottom. One start, three rates:

# %%
limit, best, factor = step_sizes(np.array([1.0, 20.0]))
print(f"limit {limit:.3f}, best {best:.3f}, factor {factor:.3f}: after 20 steps {factor**20:.3f} of the way is left")
picture = Picture(figsize=(11, 3), layout="constrained")
for ax, (name, rate) in zip(
    picture.subplots(1, 3), {"too low": 0.1 * best, "best": best, "too high": 1.01 * limit}.items(), strict=True
):
    path = gradient_descent(RAVINE.gradient, np.array(RAVINE.start), learning_rate=rate, tolerance=0, max_steps=25)
    title = f"{name}: $\\alpha = {rate:.4f}$"
    show_contours(RAVINE.value, RAVINE.x_range, RAVINE.y_range, paths={"25 steps": path}, title=title, ax=ax)
    ax.plot(0, 0, "*", markersize=12, color="white", markeredgecolor="black")
picture

# %% [markdown]
# This is the first problem of plain descent: **one rate for all directions**. The steep wall dictates a small rate, and
# along the floor that rate is far too small. Most of this exercise is about ways out.
#
# ## 2 Line search
#
# Why not look for the best $\alpha$ in every step? Along a direction $p$ that is a problem in one variable,
# $\min_\alpha f(x + \alpha p)$.
#
# ### On a quadratic there is a formula
#
# Let $f$ have the gradient $g$ and the Hessian $H$ (the matrix of second derivatives). Along $p = -g$ it is a parabola:
#
# $$f(x - \alpha g) = f(x) - \alpha\, g^\top g + \tfrac12 \alpha^2\, g^\top H g
# \qquad\Longrightarrow\qquad \alpha = \frac{g^\top g}{g^\top H g}$$
#
# Example: $g = (1, 1)$, $H = \mathrm{diag}(1, 3)$: $\alpha = 2/4$.


# %% nbgrader={"grade_id": "exact_line_search_code", "solution": true}
def exact_line_search(gradient, hessian):
    """Compute the best step along the negative gradient of a quadratic.

    Parameters
    ----------
    gradient : array (n,)
        g, not zero.
    hessian : array (n, n)
        H, symmetric and positive definite.

    Returns
    -------
    float
        α.
    """
    ### BEGIN SOLUTION
    return float(gradient @ gradient / (gradient @ hessian @ gradient))
    ### END SOLUTION


# %% nbgrader={"grade_id": "exact_line_search", "grade": true}
check("exact_line_search")

# %% [markdown]
# ### Elsewhere, good enough is good enough
#
# Without a formula, try a step; if it is no good, shorten it. *Good* means that $f$ falls by at least a fraction $c_1$
# of what the slope promises (the condition of Armijo):
#
# $$f(x + \alpha p) \;\le\; f(x) + c_1\, \alpha\, g^\top p$$
#
# $p$ points downhill, so $g^\top p < 0$ and the bound lies below $f(x)$. **Backtracking** tries `step`, then
# `step · shrink`, `step · shrink²`, … and returns the first $\alpha$ that is good.
#
# Example: $f = x^2$ at $x = 1$, so $g = 2$, and $p = -2$, $g^\top p = -4$. With $c_1 = 0.1$: $\alpha = 1$ leads to
# $f(-1) = 1$, but $1 - 0.4 = 0.6$ is asked for: no. $\alpha = \frac12$ leads to $f(0) = 0 \le 1 - 0.2$: yes.
#
# Far out a function may be NaN (the logarithm of a negative number, say). Such a step is too long as well; mind that
# every comparison with NaN is false.


# %% nbgrader={"grade_id": "backtracking_line_search_code", "solution": true}
def backtracking_line_search(f, x, direction, gradient, *, step=1.0, c1=1e-4, shrink=0.5):
    """Shorten a step until it decreases f enough.

    Parameters
    ----------
    f : function
        `f(x)` returns a number.
    x : array (n,)
        Where we are.
    direction : array (n,)
        p, downhill.
    gradient : array (n,)
        g = ∇f(x).
    step : float
        The first α to try.
    c1 : float
        The share of the promised decrease that is asked for.
    shrink : float
        Factor from one trial to the next.

    Returns
    -------
    float
        The first α with f(x + αp) ≤ f(x) + c₁ α gᵀp.
    """
    ### BEGIN SOLUTION
    start, slope = f(x), gradient @ direction
    while not f(x + step * direction) <= start + c1 * step * slope:
        step *= shrink
    return step
    ### END SOLUTION


# %% nbgrader={"grade_id": "backtracking_line_search", "grade": true}
check("backtracking_line_search")

# %% [markdown]
# Left, steepest descent with exact steps in the ravine: at the best point along a line the new gradient is at right
# angles to it, so the walk turns by 90° in every step. Right, the valley of Rosenbrock with backtracking. How often was
# $f$ evaluated?

# %%
x = np.array([-6.0, 0.3])
exact = [x]
for _ in range(12):
    g = RAVINE.gradient(exact[-1])
    exact.append(exact[-1] - exact_line_search(g, np.diag([1.0, 20.0])) * g)

evaluations = 0


def counted(z):
    global evaluations
    evaluations += 1
    return ROSENBROCK.value(z)


searched = [np.array(ROSENBROCK.start)]
for _ in range(300):
    g = ROSENBROCK.gradient(searched[-1])
    searched.append(searched[-1] - backtracking_line_search(counted, searched[-1], -g, g, c1=0.4) * g)
print(f"300 steps took {evaluations} evaluations of f and 300 gradients")

picture = Picture(figsize=(11, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
show_contours(
    RAVINE.value, (-6.5, 1), (-1.6, 1.6), paths={"exact line search": exact}, minimum=(0, 0), title="ravine", ax=left
)
left.set_aspect("equal")
show_contours(
    ROSENBROCK.value,
    ROSENBROCK.x_range,
    ROSENBROCK.y_range,
    paths={"backtracking": searched},
    minimum=(1, 1),
    title="Rosenbrock",
    ax=right,
)
picture

# %% [markdown]
# Why nobody does this for a network: each evaluation of $f$ is a pass through *all* data. (The slides give as the
# reason that a huge system would have to be solved in every step. There is none; the price is the evaluations. And on a
# mini-batch the best $\alpha$ would be the best for these few samples only.)
#
# ## 3 Mini-batches
#
# The loss is a mean over $n$ samples, and so is its gradient:
# $\nabla L = \frac1n \sum_i \nabla L_i$. With a million images one step is extremely expensive. **Stochastic** gradient
# descent takes the mean over a small **mini-batch** of $m \ll n$ samples instead, right on average, for $m/n$ of the
# price.
#
# - One step is one **iteration**. Once through all samples is one **epoch**: $\lceil n/m \rceil$ iterations. With
#   $n = 2^{20}$ and $m = 64$ that is 16 384 (lecture 5).
# - In an epoch every sample comes up exactly once: shuffle the indices, then cut the row into pieces of $m$. If $m$
#   does not divide $n$, the last piece is shorter.
#
# (Some write the sum instead of the mean. That is the same with another learning rate, until the batch size changes.)
#
# Example: 5 samples, $m = 2$: the order 3, 0, 4, 1, 2 gives the batches [3, 0], [4, 1], [2].


# %% nbgrader={"grade_id": "minibatches_code", "solution": true}
def minibatches(samples, batch_size, rng):
    """Draw the mini-batches of one epoch.

    Parameters
    ----------
    samples : int
        n; the samples have the indices 0 to n − 1.
    batch_size : int
        m, samples per batch; the last batch has what is left.
    rng : numpy.random.Generator
        The only source of randomness: `rng.permutation(n)` shuffles 0, …, n − 1.

    Returns
    -------
    list of integer arrays
        The indices of each batch. Every call draws a new order.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(samples)
    return [order[i : i + batch_size] for i in range(0, samples, batch_size)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "minibatches", "grade": true}
check("minibatches")

# %% [markdown]
# ### How noisy?
#
# Let $g_i$ be the gradient of sample $i$ and $\bar g$ the full one. The samples scatter around $\bar g$ with the mean
# square
#
# $$\sigma^2 = \frac1n \sum_i \lVert g_i - \bar g \rVert^2 .$$
#
# The mean of $m$ independent draws scatters with $\sigma^2/m$. But the samples of a batch are all different, and that
# leaves a little less:
#
# $$\text{noise} = \sqrt{\mathbb E\, \lVert g_{\text{batch}} - \bar g \rVert^2}
# = \sqrt{\frac{\sigma^2}{m} \cdot \frac{n - m}{n - 1}}$$
#
# For $m = n$ it is 0, as it must be. For $m \ll n$ the second factor is nearly 1: **four times the batch, half the
# noise**, at four times the price.
#
# Example: $g = (0,\ 2)$ with $n = 2$ numbers, $m = 1$: $\bar g = 1$, $\sigma^2 = 1$, and the noise is 1.


# %% nbgrader={"grade_id": "gradient_noise_code", "solution": true}
def gradient_noise(gradients, batch_size):
    """Compute how far the gradient of a mini-batch lies from the full gradient.

    Parameters
    ----------
    gradients : array (n, d)
        The gradient of each sample, a row each; n > 1.
    batch_size : int
        m, from 1 to n; the samples of a batch are all different.

    Returns
    -------
    float
        The root of the mean squared distance.
    """
    ### BEGIN SOLUTION
    n = len(gradients)
    variance = ((gradients - gradients.mean(axis=0)) ** 2).sum(axis=1).mean()
    return np.sqrt(variance / batch_size * (n - batch_size) / (n - 1))
    ### END SOLUTION


# %% nbgrader={"grade_id": "gradient_noise", "grade": true}
check("gradient_noise")

# %% [markdown]
# Is it true of real data? Below, a linear classifier with softmax loss on the digits (given; it has 64 · 10 weights and
# 10 biases, and one label in ten is wrong, so that no weights fit all samples). The dots are measured, with batches
# drawn from the 1077 training images; the line is your function.

# %% nbgrader={"grade_id": "softmax_regression", "locked": true}
images, labels = load_digits("train").xy
wrong = np.random.default_rng(5).permutation(len(labels))[: len(labels) // 10]
labels[wrong] = (labels[wrong] + 3) % 10  # as in many a data set, one label in ten is wrong
pixels = np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)
classes = np.eye(10)[labels]


def probabilities(w, indices):
    """Return the softmax (m, 10) of the scores of some digits; w has the shape (65, 10), its last row is the bias."""
    scores = pixels[indices] @ w
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def digits_loss(w, indices=slice(None)):
    """Return the mean softmax loss of some digits (default: all)."""
    return -np.log((probabilities(w, indices) * classes[indices]).sum(axis=1) + 1e-300).mean()


def digits_gradient(w, indices=slice(None)):
    """Return the gradient (65, 10) of that loss."""
    return pixels[indices].T @ (probabilities(w, indices) - classes[indices]) / len(labels[indices])


# %%
rng = np.random.default_rng(0)
weights = 0.1 * rng.standard_normal((65, 10))
error = probabilities(weights, slice(None)) - classes
of_each = (pixels[:, :, None] * error[:, None, :]).reshape(len(pixels), -1)
full = of_each.mean(axis=0)

sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1077]
measured = [
    np.sqrt(np.mean([np.sum((of_each[rng.permutation(1077)[:m]].mean(axis=0) - full) ** 2) for _ in range(25)]))
    for m in sizes
]
picture = Picture(figsize=(6, 3.4), layout="constrained")
ax = picture.subplots()
fine = np.unique(np.geomspace(1, 1076, 80).astype(int))
ax.loglog(fine, gradient_noise(of_each, 1) / np.sqrt(fine), ":", color="black", label=r"$\sigma/\sqrt{m}$")
ax.loglog(fine, [gradient_noise(of_each, m) for m in fine], color=BLUE, label="your function")
ax.loglog(sizes[:-1], measured[:-1], "o", color=ORANGE, label="measured")
ax.axhline(np.linalg.norm(full), color=GREEN, linestyle="--", label="length of the full gradient")
ax.set(xlabel="batch size $m$", ylabel="noise", title="digits: the noise of a mini-batch")
ax.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# ### When does a noisy walk arrive?
#
# With a constant rate it never does: near the minimum the gradient vanishes, but the noise does not. The rate has to
# fall, and neither too slowly nor too fast. Robbins and Monro (1951) proved convergence (for a strictly convex
# function) under the conditions
#
# $$\alpha_n \ge 0 \qquad\qquad \sum_{n=1}^\infty \alpha_n = \infty \qquad\qquad \sum_{n=1}^\infty \alpha_n^2 < \infty
# .$$
#
# The second says that the steps can reach any place, however far. The third, that the noise they add up stays finite.
#
# Take $\alpha_n = \alpha / n^p$. Which of the two hold, depending on $p \ge 0$? (Remember: $\sum 1/n = \infty$, but
# $\sum 1/n^q < \infty$ for every $q > 1$.) Example: a constant rate, $p = 0$, has an infinite sum, and the sum of its
# squares is infinite too: `(True, False)`.


# %% nbgrader={"grade_id": "robbins_monro_code", "solution": true}
def robbins_monro(power):
    """Test the rates α / nᵖ for the two conditions on their sums.

    Parameters
    ----------
    power : float, at least 0
        p.

    Returns
    -------
    sum_diverges : bool
        Whether Σ αₙ = ∞.
    squares_converge : bool
        Whether Σ αₙ² < ∞.
    """
    ### BEGIN SOLUTION
    return power <= 1, 2 * power > 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "robbins_monro", "grade": true}
check("robbins_monro")

# %% [markdown]
# A line $y = ax + b$ fitted to 60 noisy points: left, three batch sizes on the loss over $(a, b)$, 15 epochs each;
# right, single samples with three kinds of rates, the distance from the best line over many epochs. (Both use your
# `minibatches` and your `sgd_update`.)

# %%
rng = np.random.default_rng(1)
inputs = np.stack([rng.uniform(-1, 1, 60), np.ones(60)], axis=1)
targets = inputs @ np.array([1.0, 0.5]) + 0.5 * rng.standard_normal(60)
solution = np.linalg.lstsq(inputs, targets, rcond=None)[0]


def line_loss(w):
    return np.mean((w @ inputs.T - targets) ** 2, axis=-1) / 2


def fit_line(batch_size, epochs, rate, seed=2):
    """Return the path (steps + 1, 2) of stochastic gradient descent; `rate(k)` is the rate of step k = 1, 2, …"""
    rng, path = np.random.default_rng(seed), [np.array([-0.6, -0.4])]
    for _ in range(epochs):
        for batch in minibatches(60, batch_size, rng):
            residual = inputs[batch] @ path[-1] - targets[batch]
            dw = inputs[batch].T @ residual / len(batch)
            path.append(sgd_update(path[-1], dw, learning_rate=rate(len(path))))
    return np.array(path)


picture = Picture(figsize=(11, 3.8), layout="constrained")
left, right = picture.subplots(1, 2)
paths = {f"m = {m}": fit_line(m, 15, lambda k: 0.25) for m in (2, 12, 60)}
show_contours(line_loss, (-0.8, 1.8), (-0.7, 1.2), paths=paths, minimum=tuple(solution), title="15 epochs", ax=left)
left.set(xlabel="$a$", ylabel="$b$")
kinds = {
    r"constant 0.2": lambda k: 0.2,
    r"$20/(100 + k)$": lambda k: 20 / (100 + k),
    r"$0.2 \cdot 0.98^k$, too fast": lambda k: 0.2 * 0.98**k,
}
distances = {name: np.linalg.norm(fit_line(1, 80, rate) - solution, axis=1) for name, rate in kinds.items()}
smooth = {name: np.convolve(d, np.ones(60) / 60, "valid") for name, d in distances.items()}
show_values(smooth, ylabel="distance (mean of 60 steps)", title="single samples", ax=right)
picture

# %% [markdown]
# ## 4 Momentum
#
# In a ravine the gradient points from wall to wall, now up, now down; the small part along the floor always points the
# same way. Add the gradients up, and the first cancels while the second grows. That is **momentum**: a velocity $v$
# that keeps a share $\beta$ of itself (usually 0.9), and to which every gradient gives a push.
#
# ### The rate inside (lecture 5)
#
# $$v^{k+1} = \beta\, v^k - \alpha\, \nabla L(\theta^k) \qquad\qquad \theta^{k+1} = \theta^k + v^{k+1}$$
#
# $v$ has the shape of the parameter and is 0 at first. Example: $\beta = 0.9$, $\alpha = 0.1$, the gradient always 1:
# the velocities are −0.1, −0.19, −0.271, … and they tend to $-\alpha/(1 - \beta) = -1$, ten times the plain step.
#
# (The slides call $v$ an exponentially weighted *average*. The weights $1, \beta, \beta^2, \dots$ sum to
# $1/(1-\beta) = 10$, so it is a *sum* with a fading memory. That is why momentum wants a smaller $\alpha$.)


# %% nbgrader={"grade_id": "momentum_update_code", "solution": true}
def momentum_update(w, dw, *, velocity, learning_rate, beta=0.9):
    """Take a step with momentum, the learning rate inside the velocity.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    velocity : array of w's shape
        v, the velocity so far.
    learning_rate, beta : float
        α and β.

    Returns
    -------
    w, velocity : arrays of w's shape
        The parameter after the step, and the new velocity.
    """
    ### BEGIN SOLUTION
    velocity = beta * velocity - learning_rate * dw
    return w + velocity, velocity
    ### END SOLUTION


# %% nbgrader={"grade_id": "momentum_update", "grade": true}
check("momentum_update")

# %% [markdown]
# `walk` takes any number of steps with any rule of this exercise, and returns the path. It starts every state at zero.

# %% nbgrader={"grade_id": "walk", "locked": true}
STATES = {
    "momentum_update": ["velocity"],
    "momentum_outside_update": ["velocity"],
    "nesterov_update": ["velocity"],
    "adagrad_update": ["s"],
    "rmsprop_update": ["s"],
    "adadelta_update": ["s", "d"],
    "adam_update": ["m", "v", "step"],
    "adamax_update": ["m", "u", "step"],
    "nadam_update": ["m", "v", "step"],
    "amsgrad_update": ["m", "v", "v_max", "step"],
    "adamw_update": ["m", "v", "step"],
}


def walk(rule, gradient, start, *, steps, rate=None, **hyperparameters):
    """Return the points (steps + 1, ...) that a rule visits from `start`.

    `rate` is a number or a function of the step 0, 1, 2, …; None for a rule that has none.
    """
    w = np.array(start, dtype=float)
    state = {name: 0 if name == "step" else np.zeros_like(w) for name in STATES.get(rule.__name__, [])}
    path = [w]
    for k in range(steps):
        rates = {} if rate is None else {"learning_rate": rate(k) if callable(rate) else rate}
        # Nesterov chooses for itself where to take the gradient.
        slope = gradient if rule.__name__ == "nesterov_update" else gradient(w)
        result = rule(w, slope, **state, **rates, **hyperparameters)
        w, *new = result if isinstance(result, tuple) else (result,)
        state = dict(zip(state, new, strict=True))
        path.append(w)
    return np.array(path)


# %%
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
paths = {
    f"$\\beta = {beta}$": walk(momentum_update, RAVINE.gradient, RAVINE.start, steps=40, rate=0.04, beta=beta)
    for beta in (0.0, 0.7, 0.95)
}
show_contours(RAVINE.value, RAVINE.x_range, RAVINE.y_range, paths=paths, minimum=(0, 0), title="40 steps", ax=left)
show_values({name: RAVINE.value(path) for name, path in paths.items()}, title="height", ax=right)
picture

# %% [markdown]
# $\beta = 0$ is plain descent and crawls along the floor. 0.7 is fast. With 0.95 the ball rolls past the minimum and
# comes back: too much of a good thing.
#
# ### The rate outside (lecture 6, and PyTorch)
#
# $$u^{k+1} = \beta\, u^k + \nabla L(\theta^k) \qquad\qquad \theta^{k+1} = \theta^k - \alpha\, u^{k+1}$$
#
# The two lectures write two different rules. As long as $\alpha$ is constant, $v = -\alpha u$ and the steps are the
# same. When $\alpha$ changes, they are not.
#
# Example: $\beta = 0.9$, $\alpha = 0.1$, $u = 2$, $w = 1$ and the gradient 1: $u$ becomes 2.8 and $w$ becomes 0.72.


# %% nbgrader={"grade_id": "momentum_outside_update_code", "solution": true}
def momentum_outside_update(w, dw, *, velocity, learning_rate, beta=0.9):
    """Take a step with momentum, the learning rate outside the velocity.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    velocity : array of w's shape
        u, the velocity so far.
    learning_rate, beta : float
        α and β.

    Returns
    -------
    w, velocity : arrays of w's shape
        The parameter after the step, and the new velocity.
    """
    ### BEGIN SOLUTION
    velocity = beta * velocity + dw
    return w - learning_rate * velocity, velocity
    ### END SOLUTION


# %% nbgrader={"grade_id": "momentum_outside_update", "grade": true}
check("momentum_outside_update")

# %% [markdown]
# Down a plane of slope 1. At step 30 the rate drops to a tenth. Outside, the whole step shrinks at once. Inside, the
# velocity that was gathered at the old rate has to fade first.

# %%
curves = {}
for name, rule in {"inside": momentum_update, "outside": momentum_outside_update}.items():
    path = walk(rule, np.ones_like, [0.0], steps=60, rate=lambda k: 0.1 if k < 30 else 0.01, beta=0.9)
    curves[name] = -np.diff(path[:, 0])
show_values(curves, ylabel="length of the step", log=False, title="the rate drops to a tenth at step 30")

# %% [markdown]
# ### Nesterov: look before you leap
#
# The velocity is going to carry us to $\theta + \beta v$ anyway. So take the gradient *there*: first the jump, then the
# correction.
#
# $$\tilde\theta = \theta^k + \beta v^k \qquad v^{k+1} = \beta v^k - \alpha\, \nabla L(\tilde\theta)
# \qquad \theta^{k+1} = \theta^k + v^{k+1}$$
#
# The arithmetic is that of momentum; all the difference is in *where* the gradient is taken. So this function gets the
# gradient as a function. Example: $L = \frac12 w^2$, so $\nabla L(w) = w$; $w = 1$, $v = -1$, $\beta = 0.5$,
# $\alpha = 0.1$. Look-ahead 0.5, $v = -0.5 - 0.05 = -0.55$, $w = 0.45$. (Plain momentum would give $v = -0.6$.)


# %% nbgrader={"grade_id": "nesterov_update_code", "solution": true}
def nesterov_update(w, gradient, *, velocity, learning_rate, beta=0.9):
    """Take a step with Nesterov's momentum.

    Parameters
    ----------
    w : array of any shape
        A parameter.
    gradient : function
        `gradient(x)` returns the gradient at x, in w's shape.
    velocity : array of w's shape
        v, the velocity so far.
    learning_rate, beta : float
        α and β.

    Returns
    -------
    w, velocity : arrays of w's shape
        The parameter after the step, and the new velocity.
    """
    ### BEGIN SOLUTION
    velocity = beta * velocity - learning_rate * gradient(w + beta * velocity)
    return w + velocity, velocity
    ### END SOLUTION


# %% nbgrader={"grade_id": "nesterov_update", "grade": true}
check("nesterov_update")

# %%
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
paths = {
    name: walk(rule, RAVINE.gradient, RAVINE.start, steps=60, rate=0.04, beta=0.9)
    for name, rule in {"momentum": momentum_update, "Nesterov": nesterov_update}.items()
}
show_contours(RAVINE.value, RAVINE.x_range, RAVINE.y_range, paths=paths, minimum=(0, 0), title="60 steps", ax=left)
show_values({name: RAVINE.value(path) for name, path in paths.items()}, title="height", ax=right)
picture

# %% [markdown]
# Both swing, but Nesterov notices earlier that the slope has turned, and brakes.
#
# ## 5 A rate for every parameter
#
# The other way out of the ravine: give each direction its own rate. Steep directions are the ones with large gradients,
# so divide each gradient by its own usual size. All operations below go **entry by entry**; $g$ is the gradient, $g^2$
# its entries squared.
#
# ### Adagrad: by all gradients so far
#
# $$s \leftarrow s + g^2 \qquad\qquad w \leftarrow w - \alpha\, \frac{g}{\sqrt s + \varepsilon}$$
#
# $s$ is 0 at first. The tiny $\varepsilon$ keeps $0/0$ away where all gradients were 0.
#
# Example: $g = (3, 0.1)$ in the first step: $\sqrt s = (3, 0.1)$, and both entries move by $\alpha$. With
# $g = (4, 0.1)$ in the second: $\sqrt s = (5, 0.141)$, and they move by $0.8\alpha$ and $0.71\alpha$.


# %% nbgrader={"grade_id": "adagrad_update_code", "solution": true}
def adagrad_update(w, dw, *, s, learning_rate, eps=1e-10):
    """Take a step of Adagrad.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    s : array of w's shape
        The sum of all squared gradients so far.
    learning_rate, eps : float
        α and ε.

    Returns
    -------
    w, s : arrays of w's shape
        The parameter after the step, and the new sum.
    """
    ### BEGIN SOLUTION
    s = s + dw**2
    return w - learning_rate * dw / (np.sqrt(s) + eps), s
    ### END SOLUTION


# %% nbgrader={"grade_id": "adagrad_update", "grade": true}
check("adagrad_update")

# %% [markdown]
# ### RMSProp: by the recent ones
#
# Adagrad never forgets: $s$ only grows, and in a long training the steps die out. RMSProp replaces the sum by an
# exponentially weighted **average**, which remembers about the last $1/(1 - \beta)$ gradients.
#
# $$s \leftarrow \beta s + (1 - \beta)\, g^2 \qquad\qquad w \leftarrow w - \alpha\, \frac{g}{\sqrt s + \varepsilon}$$
#
# Example: $\beta = 0.9$, $s = 0$, $g = 2$: $s = 0.4$ and the step is $\alpha \cdot 2/0.632 = 3.16\,\alpha$. Since $s$
# starts at 0, the first steps are too long.
#
# (The slides call $s$ the variance, or the *second momentum*, of the gradient. It is the second **moment**: the mean of
# the square, with no mean subtracted. And despite the name, RMSProp has no momentum in it.)


# %% nbgrader={"grade_id": "rmsprop_update_code", "solution": true}
def rmsprop_update(w, dw, *, s, learning_rate, beta=0.9, eps=1e-8):
    """Take a step of RMSProp.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    s : array of w's shape
        The average of the squared gradients so far.
    learning_rate, beta, eps : float
        α, β and ε.

    Returns
    -------
    w, s : arrays of w's shape
        The parameter after the step, and the new average.
    """
    ### BEGIN SOLUTION
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + eps), s
    ### END SOLUTION


# %% nbgrader={"grade_id": "rmsprop_update", "grade": true}
check("rmsprop_update")

# %% [markdown]
# ### Adadelta: no rate at all
#
# Mind the units. If $w$ is in metres, then $g$ is loss per metre, and $g/\sqrt s$ is a bare number: someone has to
# choose an $\alpha$ in metres. Adadelta takes it from the walk itself: the usual size of its own steps, $\sqrt d$.
#
# $$s \leftarrow \rho s + (1 - \rho)\, g^2 \qquad \Delta = g \cdot \frac{\sqrt{d + \varepsilon}}{\sqrt{s + \varepsilon}}
# \qquad d \leftarrow \rho d + (1 - \rho)\, \Delta^2 \qquad w \leftarrow w - \Delta$$
#
# In this order: the step is made with the *new* $s$ and the *old* $d$. Here $\varepsilon$ stands inside the roots, and
# it does more than to avoid $0/0$: since $d$ starts at 0, it is $\varepsilon$ alone that gets the walk going.
#
# Example: $\rho = 0.9$, $\varepsilon = 10^{-6}$, all zero before, $g = 1$: $s = 0.1$,
# $\Delta = \sqrt{10^{-6}}/\sqrt{0.1} \approx 0.0032$, $d \approx 10^{-6}$.


# %% nbgrader={"grade_id": "adadelta_update_code", "solution": true}
def adadelta_update(w, dw, *, s, d, rho=0.9, eps=1e-6):
    """Take a step of Adadelta.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    s : array of w's shape
        The average of the squared gradients so far.
    d : array of w's shape
        The average of the squared steps so far.
    rho, eps : float
        ρ and ε.

    Returns
    -------
    w, s, d : arrays of w's shape
        The parameter after the step, and the two new averages.
    """
    ### BEGIN SOLUTION
    s = rho * s + (1 - rho) * dw**2
    step = dw * np.sqrt(d + eps) / np.sqrt(s + eps)
    d = rho * d + (1 - rho) * step**2
    return w - step, s, d
    ### END SOLUTION


# %% nbgrader={"grade_id": "adadelta_update", "grade": true}
check("adadelta_update")

# %% [markdown]
# All three head straight for the minimum, as if the ravine were round. Right, how long their steps are on a plane,
# where the gradient is always the same: Adagrad's die out as $1/\sqrt k$, RMSProp's settle at $\alpha$, Adadelta's
# grow from almost nothing.

# %%
contenders = {
    "Adagrad": (adagrad_update, {"rate": 0.5}),
    "RMSProp": (rmsprop_update, {"rate": 0.1}),
    "Adadelta": (adadelta_update, {"rho": 0.9, "eps": 1e-4}),
}
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
paths = {
    name: walk(rule, RAVINE.gradient, RAVINE.start, steps=100, **options)
    for name, (rule, options) in contenders.items()
}
show_contours(RAVINE.value, RAVINE.x_range, RAVINE.y_range, paths=paths, minimum=(0, 0), title="100 steps", ax=left)
lengths = {
    name: np.abs(np.diff(walk(rule, np.ones_like, [0.0], steps=100, **options)[:, 0]))
    for name, (rule, options) in contenders.items()
}
show_values(lengths, ylabel="length of the step", title="on a plane", ax=right)
picture

# %% [markdown]
# ## 6 Adam and its relatives
#
# ### Adam: both ideas at once
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad\qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# $m$, the first moment, says where to go (momentum); $v$, the second, how far in each direction (RMSProp). Usually
# $\beta_1 = 0.9$ and $\beta_2 = 0.999$.
#
# Both start at 0, and for a while that pulls them down. After the first step $m$ is only $0.1\,g$ and $v$ only
# $0.001\,g^2$. After $k + 1$ steps the weights of an average sum to $1 - \beta^{k+1}$ instead of 1. So divide by that:
#
# $$\hat m = \frac{m}{1 - \beta_1^{k+1}} \qquad \hat v = \frac{v}{1 - \beta_2^{k+1}}
# \qquad w \leftarrow w - \alpha\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$
#
# This is the **bias correction**. In code `step` is $k$, the number of steps taken *before* this one: 0 at first. What
# is carried on to the next step are $m$ and $v$ themselves, not $\hat m$ and $\hat v$. The lecture also prints the rule
# with plain $m$ and $v$, and the warning that it is not Adam; `bias_correction=False` is that rule.
#
# Example, first step, $g = 2$: $m = 0.2$, $v = 0.004$; $\hat m = 2$, $\hat v = 4$; $w$ moves by $-\alpha$, whatever
# $g$.


# %% nbgrader={"grade_id": "adam_update_code", "solution": true}
def adam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    """Take a step of Adam.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    m, v : arrays of w's shape
        The first and the second moment so far.
    step : int
        k, the number of steps taken before this one.
    learning_rate, beta1, beta2, eps : float
        α, β₁, β₂ and ε.
    bias_correction : bool
        Whether the step uses m̂ and v̂; otherwise m and v.

    Returns
    -------
    w, m, v : arrays of w's shape
        The parameter after the step, and the new moments, not corrected.
    step : int
        k + 1.
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    step = step + 1
    m_hat, v_hat = m, v
    if bias_correction:
        m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v, step
    ### END SOLUTION


# %% nbgrader={"grade_id": "adam_update", "grade": true}
check("adam_update")

# %% [markdown]
# On a plane, how long are the steps with and without the correction, as a multiple of $\alpha$?

# %%
lengths = {}
for name, on in {"Adam": True, "without bias correction": False}.items():
    path = walk(adam_update, np.ones_like, [0.0], steps=2000, rate=1.0, bias_correction=on)
    lengths[name] = [np.nan, *np.abs(np.diff(path[:, 0]))]  # there is no step 0
picture = show_values(lengths, ylabel="length of the step / $\\alpha$", log=False, title="on a plane")
picture.axes[0].set(xscale="log", ylim=(0, 8))
print("the first steps without:", "  ".join(f"{length:.2f}" for length in lengths["without bias correction"][1:6]))
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). An exam asked why Adam needs the bias correction (August 2022, 8.6).
# The printed solution says, among other things, that the correction "allows much bigger steps". Compute the first step
# by hand, with and without, for $\beta_1 = 0.9$, $\beta_2 = 0.999$ and any gradient $g \ne 0$. Does the printed reason
# hold? What is right about it, and what would happen in the first steps of a training without the correction?

# %% [markdown] nbgrader={"grade_id": "bias_correction_answer", "grade": true, "solution": true}
# After the first step $m = 0.1\,g$ and $v = 0.001\,g^2$.
#
# Without the correction the step is
# $\alpha \cdot 0.1\,|g| / \sqrt{0.001\,g^2} = \alpha \cdot 0.1/0.0316 = 3.16\,\alpha$. With it $\hat m = g$,
# $\hat v = g^2$ and the step is $\alpha$. So the correction makes the first steps *smaller*, not bigger. What is right
# is that it makes $m$ ten times larger; but $\sqrt v$ becomes 31.6 times larger, and it stands below.
#
# The second moment has the longer memory and is too small for much longer than the first. On a plane the steps without
# correction even rise to more than six times $\alpha$ after about ten steps, and come back to $\alpha$ only after some
# thousand. Too long steps just at the start, where the weights are random and the gradients large, may throw the
# network into a region from which it hardly recovers.

# %% [markdown]
# ### AdaMax: a maximum for the second moment
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g \qquad u \leftarrow \max(\beta_2 u,\; |g| + \varepsilon)
# \qquad w \leftarrow w - \frac{\alpha}{1 - \beta_1^{k+1}} \cdot \frac{m}{u}$$
#
# $u$ is a maximum that fades. It does not start out too small, so $m$ alone is corrected. Example: $u = 2$,
# $\beta_2 = 0.9$: for $g = -1$ it becomes 1.8, for $g = -3$ it becomes 3.


# %% nbgrader={"grade_id": "adamax_update_code", "solution": true}
def adamax_update(w, dw, *, m, u, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take a step of AdaMax.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    m, u : arrays of w's shape
        The first moment and the fading maximum so far.
    step : int
        k, the number of steps taken before this one.
    learning_rate, beta1, beta2, eps : float
        α, β₁, β₂ and ε.

    Returns
    -------
    w, m, u : arrays of w's shape
        The parameter after the step, the new moment and the new maximum.
    step : int
        k + 1.
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * dw
    u = np.maximum(beta2 * u, np.abs(dw) + eps)
    step = step + 1
    return w - learning_rate / (1 - beta1**step) * m / u, m, u, step
    ### END SOLUTION


# %% nbgrader={"grade_id": "adamax_update", "grade": true}
check("adamax_update")

# %% [markdown]
# ### Nadam: Adam that looks ahead
#
# Write Adam's $\hat m$ out: $\beta_1 m_{\text{old}}/(1 - \beta_1^{k+1})$, yesterday's momentum, plus
# $(1 - \beta_1)\,g/(1 - \beta_1^{k+1})$, today's gradient. Nesterov would put in *tomorrow's* momentum, which is
# today's new $m$, with tomorrow's correction:
#
# $$\hat m = \frac{\beta_1\, m}{1 - \beta_1^{k+2}} + \frac{(1 - \beta_1)\, g}{1 - \beta_1^{k+1}}$$
#
# Mind the two exponents. The rest is Adam. (Dozat's paper, and PyTorch, let $\beta_1$ rise slowly in this formula; some
# surveys write $k + 1$ in both places, which is not quite the same.)
#
# Example, first step, $\beta_1 = 0.9$, $g = 1$: $m = 0.1$, $\hat m = 0.09/0.19 + 0.1/0.1 = 1.47$: longer than Adam's.


# %% nbgrader={"grade_id": "nadam_update_code", "solution": true}
def nadam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take a step of Nadam.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    m, v : arrays of w's shape
        The first and the second moment so far.
    step : int
        k, the number of steps taken before this one.
    learning_rate, beta1, beta2, eps : float
        α, β₁, β₂ and ε.

    Returns
    -------
    w, m, v : arrays of w's shape
        The parameter after the step, and the new moments, those of Adam.
    step : int
        k + 1.
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    step = step + 1
    m_hat = beta1 * m / (1 - beta1 ** (step + 1)) + (1 - beta1) * dw / (1 - beta1**step)
    v_hat = v / (1 - beta2**step)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v, step
    ### END SOLUTION


# %% nbgrader={"grade_id": "nadam_update", "grade": true}
check("nadam_update")

# %% [markdown]
# ### AMSGrad: rates that never rise again
#
# A rare, large gradient says a lot. Adam forgets it within some $1/(1 - \beta_2)$ steps and speeds up again, and there
# are simple convex problems on which it runs the wrong way for ever. AMSGrad keeps the largest $v$ so far:
#
# $$v_{\max} \leftarrow \max(v_{\max},\, v) \qquad\qquad w \leftarrow w - \alpha\,
# \frac{\hat m}{\sqrt{\hat v_{\max}} + \varepsilon}, \qquad \hat v_{\max} = \frac{v_{\max}}{1 - \beta_2^{k+1}}$$
#
# $m$, $v$ and $\hat m$ are Adam's. The maximum is taken of $v$ itself, and corrected afterwards, as PyTorch does.
# Example: $v_{\max} = 4$, and $v$ goes 3, 5, 2: $v_{\max}$ goes 4, 5, 5.


# %% nbgrader={"grade_id": "amsgrad_update_code", "solution": true}
def amsgrad_update(w, dw, *, m, v, v_max, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    """Take a step of AMSGrad.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and its gradient.
    m, v : arrays of w's shape
        The first and the second moment so far.
    v_max : array of w's shape
        The largest second moment so far.
    step : int
        k, the number of steps taken before this one.
    learning_rate, beta1, beta2, eps : float
        α, β₁, β₂ and ε.

    Returns
    -------
    w, m, v, v_max : arrays of w's shape
        The parameter after the step, the new moments and the new maximum, not corrected.
    step : int
        k + 1.
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    v_max = np.maximum(v_max, v)
    step = step + 1
    m_hat, v_hat = m / (1 - beta1**step), v_max / (1 - beta2**step)
    return w - learning_rate * m_hat / (np.sqrt(v_hat) + eps), m, v, v_max, step
    ### END SOLUTION


# %% nbgrader={"grade_id": "amsgrad_update", "grade": true}
check("amsgrad_update")

# %% [markdown]
# An example of Reddi, Kale and Kumar (2018): in every third step the gradient is 4, in the others −1, and $w$ has to
# stay in $[-1, 1]$. On average the gradient is $+\frac23$, so the right answer is $w = -1$. ($\beta_1 = 0$ and a short
# memory, $\beta_2 = 1/17$, keep the picture short; with $\beta_2 = 0.99$ it takes one gradient of 1010 among a hundred
# of −10.)

# %%
curves = {}
for name, rule in {"Adam": adam_update, "AMSGrad": amsgrad_update}.items():
    w, visited = np.array([0.0]), []
    state = {key: 0 if key == "step" else np.zeros(1) for key in STATES[rule.__name__]}
    for k in range(600):
        dw = np.array([4.0 if k % 3 == 0 else -1.0])
        w, *new = rule(w, dw, **state, learning_rate=0.3 / np.sqrt(k + 1), beta1=0.0, beta2=1 / 17)
        w, state = np.clip(w, -1, 1), dict(zip(state, new, strict=True))
        visited.append(w.item())
    curves[name] = np.convolve(visited, np.ones(3) / 3, "valid")
show_values(curves, ylabel="$w$ (mean of three steps)", log=False, title="rare large gradients: the minimum is at −1")

# %% [markdown]
# ### AdamW: decay that no average sees
#
# L2 regularization adds $\lambda w$ to the gradient, *weight decay* shrinks the weights by a factor. Under plain
# descent the two are the same thing. Under Adam they are not: $\lambda w$ in the gradient is divided by
# $\sqrt{\hat v}$ like everything else, and weights with large gradients hardly decay. AdamW takes the decay out:
#
# $$w \leftarrow (1 - \alpha\lambda)\, w, \qquad \text{then a step of Adam with the plain gradient}$$
#
# The step of Adam is given to your function as `adam`, so that this task does not hang on the one before. Example:
# $w = 2$, $\alpha = 0.1$, $\lambda = 0.5$, and Adam would move by −0.1: the result is $0.95 \cdot 2 - 0.1 = 1.8$.


# %% nbgrader={"grade_id": "adamw_update_code", "solution": true}
def adamw_update(w, dw, *, adam, m, v, step, learning_rate, decay=0.01):
    """Take a step of AdamW.

    Parameters
    ----------
    w, dw : arrays of one shape
        A parameter and the gradient of the loss, without any penalty.
    adam : function
        `adam(w, dw, m=m, v=v, step=step, learning_rate=learning_rate)` takes a step of Adam from w and returns
        (w, m, v, step).
    m, v : arrays of w's shape
        The moments so far.
    step : int
        The number of steps taken before this one.
    learning_rate, decay : float
        α and λ.

    Returns
    -------
    w, m, v : arrays of w's shape
        The parameter after decay and step, and the new moments.
    step : int
        The number of steps taken.
    """
    ### BEGIN SOLUTION
    return adam((1 - learning_rate * decay) * w, dw, m=m, v=v, step=step, learning_rate=learning_rate)
    ### END SOLUTION


# %% nbgrader={"grade_id": "adamw_update", "grade": true}
check("adamw_update")

# %% [markdown]
# Twenty weights that the loss does not need at all: their gradients are pure noise, small for the first and large for
# the last. What becomes of them under either kind of decay?

# %%
scales = np.logspace(-1.5, 1.5, 20)
ends = {}
for name in ("λw in the gradient", "AdamW"):
    rng, w = np.random.default_rng(0), np.ones(20)
    m, v, step = np.zeros(20), np.zeros(20), 0
    for _ in range(1500):
        dw, rate = scales * rng.standard_normal(20), 0.002
        if name == "AdamW":
            w, m, v, step = adamw_update(w, dw, adam=adam_update, m=m, v=v, step=step, learning_rate=rate, decay=1.0)
        else:
            w, m, v, step = adam_update(w, dw + 1.0 * w, m=m, v=v, step=step, learning_rate=rate)
    ends[name] = np.abs(w)
picture = Picture(figsize=(6, 3.2), layout="constrained")
ax = picture.subplots()
for (name, w), style, colour in zip(ends.items(), ["o--", "s-"], [ORANGE, BLUE], strict=True):
    ax.semilogx(scales, w, style, color=colour, label=name)
ax.set(xlabel="size of the weight's gradients", ylabel="|w| after 1500 steps", title="who decays?", ylim=(0, None))
ax.legend(frameon=False)
picture

# %% [markdown]
# ### The race
#
# All your rules on three landscapes: the ravine, a saddle (the start lies almost on its ridge, where the way out is
# nearly level) and Rosenbrock's bent valley. The rates are fair guesses, not the best ones; change them. A rule that is
# still to be written is left out.

# %%
RACE = {
    "gradient descent": (sgd_update, (0.09, 0.1, 0.001), {}),
    "momentum": (momentum_update, (0.04, 0.1, 0.0005), {}),
    "Nesterov": (nesterov_update, (0.04, 0.1, 0.0005), {}),
    "Adagrad": (adagrad_update, (0.5, 0.5, 0.3), {}),
    "RMSProp": (rmsprop_update, (0.1, 0.1, 0.01), {}),
    "Adadelta": (adadelta_update, (None, None, None), {"eps": 1e-4}),
    "Adam": (adam_update, (0.3, 0.2, 0.05), {}),
    "AdaMax": (adamax_update, (0.3, 0.2, 0.05), {}),
    "Nadam": (nadam_update, (0.3, 0.2, 0.05), {}),
    "AMSGrad": (amsgrad_update, (0.3, 0.2, 0.05), {}),
}
LANDSCAPES = {"ravine": (RAVINE, 60), "saddle": (SADDLE, 40), "Rosenbrock": (ROSENBROCK, 400)}
FAMILIES = (list(RACE)[:3], list(RACE)[3:6], list(RACE)[6:])

tracks = {name: {} for name in LANDSCAPES}
for rule_name, (rule, rates, options) in RACE.items():
    try:
        for (name, (land, steps)), rate in zip(LANDSCAPES.items(), rates, strict=True):
            tracks[name][rule_name] = walk(rule, land.gradient, land.start, steps=steps, rate=rate, **options)
    except NotImplementedError:
        print(f"{rule_name} is still to be written")

picture = Picture(figsize=(12, 9), layout="constrained")
for row, family in zip(picture.subplots(3, 3), FAMILIES, strict=True):
    for ax, (name, (land, steps)) in zip(row, LANDSCAPES.items(), strict=True):
        shown = {rule: path for rule, path in tracks[name].items() if rule in family}
        title = f"{name}, {steps} steps"
        show_contours(land.value, land.x_range, land.y_range, paths=shown, minimum=land.minimum, title=title, ax=ax)
picture

# %%
print(f"{'height above the minimum':24}" + "".join(f"{name:>14}" for name in LANDSCAPES))
for rule_name in tracks["ravine"]:
    heights = []
    for name, (land, _) in LANDSCAPES.items():
        heights.append(land.value(tracks[name][rule_name][-1]) - land.value(np.array(land.minimum)))
    print(f"{rule_name:24}" + "".join(f"{height:14.2e}" for height in heights))

# %% [markdown]
# Look at the saddle. Across the ridge the gradient is almost 0, and plain descent takes ages to leave. Momentum gathers
# what little there is. The adaptive rules divide the small gradient by its own small size, and leave at once. (Noise
# helps as well: that is one reason why stochastic descent gets away from saddles.)
#
# ## 7 Clipping
#
# Some landscapes have cliffs; those of recurrent networks are full of them. One huge gradient, and the weights are out
# of reach.
#
# ### By value
#
# Cut every entry to $[-c, c]$. Example with $c = 1$: $(3, -0.5, -7)$ becomes $(1, -0.5, -1)$. This turns the direction.


# %% nbgrader={"grade_id": "clip_by_value_code", "solution": true}
def clip_by_value(dw, limit):
    """Cut every entry of a gradient to [−limit, limit].

    Parameters
    ----------
    dw : array of any shape
        A gradient.
    limit : float, positive
        The largest entry allowed.

    Returns
    -------
    array of dw's shape
        The clipped gradient, a new array.
    """
    ### BEGIN SOLUTION
    return np.clip(dw, -limit, limit)
    ### END SOLUTION


# %% nbgrader={"grade_id": "clip_by_value", "grade": true}
check("clip_by_value")

# %% [markdown]
# ### By norm
#
# Take the gradients of all parameters as **one** long vector $g$. If it is too long, shorten it, and keep its
# direction:
#
# $$g \leftarrow g \cdot \frac{c}{\lVert g \rVert_2} \quad\text{if } \lVert g \rVert_2 > c$$
#
# One factor for all arrays. The length before clipping is returned as well; it is worth watching in training. Example:
# the gradients $(3)$ and $(0, 4)$ have the common length 5; with $c = 1$ they become $(0.6)$ and $(0, 0.8)$.


# %% nbgrader={"grade_id": "clip_by_global_norm_code", "solution": true}
def clip_by_global_norm(gradients, max_norm):
    """Shorten all gradients of a network together, if they are too long.

    Parameters
    ----------
    gradients : list of arrays
        The gradient of each parameter, of any shapes; all of them may be zero.
    max_norm : float, positive
        The largest common length allowed.

    Returns
    -------
    gradients : list of arrays
        In the same shapes.
    norm : float
        Their common length before clipping.
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    factor = max_norm / max(norm, max_norm)
    return [factor * g for g in gradients], norm
    ### END SOLUTION


# %% nbgrader={"grade_id": "clip_by_global_norm", "grade": true}
check("clip_by_global_norm")

# %% [markdown]
# A valley beside a cliff. Without clipping a single step from the cliff's foot throws the walk off the map.


# %%
def cliff(x):
    """A gentle valley with its minimum at (0, 0), and a cliff of height 40 at x = 1.5."""
    return 0.5 * x[..., 0] ** 2 + x[..., 1] ** 2 + 40 / (1 + np.exp(-20 * (x[..., 0] - 1.5)))


def cliff_gradient(x):
    edge = 1 / (1 + np.exp(-20 * np.clip(x[..., 0] - 1.5, -9, 9)))
    return np.stack([x[..., 0] + 800 * edge * (1 - edge), 2 * x[..., 1]], axis=-1)


paths = {}
for name, clip in {
    "no clipping": lambda g: g,
    "by value": lambda g: clip_by_value(g, 1.5),
    "by norm": lambda g: clip_by_global_norm([g], 1.5)[0][0],
}.items():
    paths[name] = walk(sgd_update, lambda x, clip=clip: clip(cliff_gradient(x)), [1.45, 1.6], steps=25, rate=0.15)
print("without clipping the first step leads to ({:.1f}, {:.1f})".format(*paths["no clipping"][1]))
picture = show_contours(cliff, (-2.5, 2.5), (-1, 2), paths=paths, minimum=(0, 0), title="a cliff")
picture.axes[0].get_legend().set_loc("lower right")
picture

# %% [markdown]
# ## 8 Schedules
#
# Far away a high rate saves time; close to the minimum a low one is needed. So let the rate fall. How, is a matter of
# taste and trial. The epoch counts from 0 where nothing else is said.
#
# ### Fractional decay
#
# $$\alpha = \frac{\alpha_0}{1 + d \cdot \text{epoch}}$$
#
# Example (lecture 6): $\alpha_0 = 0.1$ and $d = 1$ give 0.1, 0.05, 0.033, 0.025, … Per update instead of per epoch,
# with $d = \eta_0 \lambda$, this is Bottou's $\eta_0 (1 + \eta_0 \lambda t)^{-1}$.


# %% nbgrader={"grade_id": "fractional_decay_code", "solution": true}
def fractional_decay(epoch, *, initial, decay):
    """Return the rate α₀ / (1 + d · epoch).

    Parameters
    ----------
    epoch : int, from 0
        The time.
    initial, decay : float
        α₀ and d.

    Returns
    -------
    float
        α.
    """
    ### BEGIN SOLUTION
    return initial / (1 + decay * epoch)
    ### END SOLUTION


# %% nbgrader={"grade_id": "fractional_decay", "grade": true}
check("fractional_decay")

# %% [markdown]
# ### Step decay
#
# Every $n$ epochs, $\alpha \leftarrow \alpha - t\,\alpha$: $t$ is the part that is **taken away** (PyTorch's `gamma` is
# the part that is left, $1 - t$; for the usual 0.5 they are the same). Example: $\alpha_0 = 0.8$, $t = 0.25$, $n = 3$:
# epochs 0, 1, 2 have 0.8, epochs 3, 4, 5 have 0.6, epoch 6 has 0.45.


# %% nbgrader={"grade_id": "step_decay_code", "solution": true}
def step_decay(epoch, *, initial, decay, every):
    """Return the rate that has lost the part t once in every n epochs.

    Parameters
    ----------
    epoch : int, from 0
        The time.
    initial, decay : float
        α₀ and t.
    every : int
        n.

    Returns
    -------
    float
        α.
    """
    ### BEGIN SOLUTION
    return initial * (1 - decay) ** (epoch // every)
    ### END SOLUTION


# %% nbgrader={"grade_id": "step_decay", "grade": true}
check("step_decay")

# %% [markdown]
# ### Warm-up
#
# The transformer starts *low*: attention layers are easily thrown off while Adam's averages are still poor. The rate
# rises for $w$ steps in a straight line, then falls as $1/\sqrt s$. With the model's width $d$ and the step
# $s = 1, 2, …$
#
# $$\alpha = d^{-1/2} \cdot \min\bigl(s^{-1/2},\; s \cdot w^{-3/2}\bigr)$$
#
# Example: $d = 4$, $w = 4$: $s = 1$ gives $\frac12 \cdot \frac18$; $s = 4$ gives $\frac12 \cdot \frac12$, the peak;
# $s = 16$ gives $\frac12 \cdot \frac14$.


# %% nbgrader={"grade_id": "transformer_warmup_code", "solution": true}
def transformer_warmup(step, *, width, warmup):
    """Return the transformer's rate.

    Parameters
    ----------
    step : int, from 1
        s, the number of the update.
    width : int
        d, the width of the model.
    warmup : int
        w, the length of the rise.

    Returns
    -------
    float
        α.
    """
    ### BEGIN SOLUTION
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)
    ### END SOLUTION


# %% nbgrader={"grade_id": "transformer_warmup", "grade": true}
check("transformer_warmup")

# %% [markdown]
# Three more of the course's schedules, given. The slide calls $t$ in $\frac{t}{\sqrt{\text{epoch}}} \alpha_0$ a decay
# rate; it is a constant factor, and the epoch has to count from 1.


# %% nbgrader={"grade_id": "given_schedules", "locked": true}
def exponential_decay(epoch, *, initial, decay):
    """Return t^epoch · α₀."""
    return decay**epoch * initial


def square_root_decay(epoch, *, initial, decay=1.0):
    """Return t / √epoch · α₀; the epoch counts from 1."""
    return decay / np.sqrt(epoch) * initial


def by_hand(epoch, *, milestones, rates):
    """Return the rate written down for this epoch: one more rate than milestones, at which the next one begins."""
    return rates[np.searchsorted(milestones, epoch, side="right")]


# %%
epochs = np.arange(30)
curves = {
    "fractional, $d = 0.3$": [fractional_decay(e, initial=0.1, decay=0.3) for e in epochs],
    "step, halved every 6": [step_decay(e, initial=0.1, decay=0.5, every=6) for e in epochs],
    "exponential, $t = 0.9$": [exponential_decay(e, initial=0.1, decay=0.9) for e in epochs],
    "$1/\\sqrt{\\mathrm{epoch}}$": [square_root_decay(e + 1, initial=0.1) for e in epochs],
    "by hand": [by_hand(e, milestones=[10, 20], rates=[0.1, 0.03, 0.005]) for e in epochs],
}
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
show_values(curves, xlabel="epoch", ylabel="rate", title="schedules", ax=left)
steps = np.arange(1, 20001, 20)
for warmup, style in ((4000, "-"), (2000, "--"), (8000, ":")):
    rates = [transformer_warmup(s, width=512, warmup=warmup) for s in steps]
    right.plot(steps, rates, style, color=BLUE, label=f"w = {warmup}")
right.set(xlabel="step", title="transformer, d = 512")
right.legend(frameon=False)
picture

# %% [markdown]
# ### On a plateau
#
# The schedules so far look at the clock. ResNet's looked at the validation loss: *divide by ten when it no longer
# improves*. Keep the best loss so far, and count the epochs in a row without a new best. Once they are **more than**
# `patience`, multiply the rate by `factor` and count anew from 0.
#
# Example with patience 2 and factor 0.1, from the rate 0.1:
#
# | epoch | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | loss | 1.0 | 0.8 | 0.9 | 0.85 | 0.81 | 0.7 | 0.75 | 0.8 |
# | bad epochs | 0 | 0 | 1 | 2 | 3 → 0 | 0 | 1 | 2 |
# | rate afterwards | 0.1 | 0.1 | 0.1 | 0.1 | **0.01** | 0.01 | 0.01 | 0.01 |


# %% nbgrader={"grade_id": "reduce_on_plateau_code", "solution": true}
def reduce_on_plateau(rate, loss, *, best, bad_epochs, factor=0.1, patience=10):
    """Decide about the rate at the end of an epoch.

    Parameters
    ----------
    rate : float
        The present rate.
    loss : float
        The validation loss of this epoch.
    best : float
        The lowest loss before it; infinity at first.
    bad_epochs : int
        The epochs in a row without a new best so far; 0 at first.
    factor : float, below 1
        What the rate is multiplied by.
    patience : int
        How many bad epochs in a row are put up with.

    Returns
    -------
    rate : float
        The rate for the next epoch.
    best : float
        The lowest loss, this epoch included.
    bad_epochs : int
        The new count.
    """
    ### BEGIN SOLUTION
    if loss < best:
        return rate, loss, 0
    if bad_epochs + 1 > patience:
        return rate * factor, best, 0
    return rate, best, bad_epochs + 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "reduce_on_plateau", "grade": true}
check("reduce_on_plateau")

# %% [markdown]
# ### Put to use
#
# The linear digit classifier of part 3, trained with your functions: SGD with mini-batches of 8. Left, the loss on all
# training images with four constant rates, in random order and without their names. Right, one high rate, constant and
# with two of your schedules.


# %%
def train_digits(rate, epochs=12, batch_size=8, plateau=False):
    """Return the training loss after each epoch; `rate(epoch)` is the rate, on a plateau only its start."""
    rng, w = np.random.default_rng(0), np.zeros((65, 10))
    losses, now, best, bad = [digits_loss(w)], rate(0), np.inf, 0
    for epoch in range(epochs):
        now = now if plateau else rate(epoch)
        for batch in minibatches(len(labels), batch_size, rng):
            w = sgd_update(w, digits_gradient(w, batch), learning_rate=now)
        losses.append(digits_loss(w))
        if plateau:
            now, best, bad = reduce_on_plateau(now, losses[-1], best=best, bad_epochs=bad, factor=0.2, patience=1)
    return losses


picture = Picture(figsize=(11, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
four = np.random.default_rng(12).permutation([0.001, 0.05, 0.5, 8.0])
show_values(
    {name: train_digits(lambda _, rate=rate: rate) for name, rate in zip("ABCD", four, strict=True)},
    xlabel="epoch",
    ylabel="training loss",
    title="constant rates 0.001, 0.05, 0.5 and 8: which is which?",
    ax=left,
)
scheduled = {
    "constant 3": train_digits(lambda _: 3.0, 25),
    "fractional from 3": train_digits(lambda e: fractional_decay(e, initial=3.0, decay=0.5), 25),
    "on plateau from 3": train_digits(lambda _: 3.0, 25, plateau=True),
}
show_values(scheduled, xlabel="epoch", ylabel="training loss", title="a high rate that falls", ax=right)
for ax in (left, right):
    ax.set_ylim(top=20)  # room for the legend
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Which curve on the left belongs to which rate, and how can you tell?
# What do the curves of the lowest and of the highest rate have in common, and what would you look at to tell them
# apart? And on the right: why does the constant rate go up and down instead of coming to rest, and why does a falling
# one come to rest below it?

# %% [markdown] nbgrader={"grade_id": "reading_curves", "grade": true, "solution": true}
# The curve that falls slowly and evenly, and is still falling at the end, has the lowest rate, 0.001. The one that lies
# far above the start and jumps up and down has the highest, 8: its steps overshoot and the loss is larger than before
# training. Of the two in between, both fall fast; 0.5 falls faster at first than 0.05 and is lower, but less smooth.
#
# The lowest and the highest rate both end with a high loss. They are told apart by the shape: the low one falls
# smoothly and would go on if trained longer; the high one is ragged and does not fall at all. Training longer helps
# the first and not the second.
#
# With a constant high rate the noise of the mini-batches keeps kicking the weights about: near the minimum the full
# gradient is small, the noise is not, and each step is rate times noise. The walk comes to rest only in a region whose
# size grows with the rate. A falling rate shrinks that region, so the noise averages out and the loss gets lower; it
# profits from the long steps at the beginning and the short ones at the end (Robbins and Monro).

# %% [markdown]
# ## That is all
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# ## What to remember
#
# - One rate for all directions is limited by the steepest, $\alpha < 2/c_{\max}$, and slow in the flattest.
# - Mini-batch noise falls with the root of the batch size. A constant rate never lets it die out; rates with
#   $\sum \alpha_n = \infty$ and $\sum \alpha_n^2 < \infty$ do.
# - Momentum adds gradients up: it cancels what changes its sign and multiplies what stays by up to $1/(1 - \beta)$.
#   With the rate inside or outside it is the same rule only while the rate is constant.
# - RMSProp divides by the root of the second moment, Adam adds momentum and corrects both averages for starting at 0.
#   Its steps are about $\alpha$ long, whatever the scale of the loss.
# - Decay belongs outside Adam's averages (AdamW). Clip by the norm of all gradients together.
# - The lecture's advice: Adam first; SGD with momentum as the fallback. And whatever the rule, the learning rate is the
#   hyperparameter to tune first.
#
# **Further reading.** I2DL lectures 5 and 6; NAIST *Artificial Intelligence*, lecture 8. S. Ruder, *An overview of
# gradient descent optimization algorithms*, 2016. Goodfellow, Bengio, Courville, *Deep Learning*, chapter 8. L. Bottou,
# *Stochastic gradient descent tricks*, 2012. D. Kingma, J. Ba, *Adam*, 2015. S. Reddi, S. Kale, S. Kumar, *On the
# convergence of Adam and beyond*, 2018. I. Loshchilov, F. Hutter, *Decoupled weight decay regularization*, 2019. G.
# Goh, *Why momentum really works*, 2017. J. Nocedal, S. Wright, *Numerical Optimization*, chapter 3 (line search).
