# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 06 · Second-order optimization
#
# The gradient says which way is down. It does not say how far. The second derivatives do: they know how the slope
# *changes*, and with them one step can do the work of a thousand. Here you build the methods that use them, fit curves
# to measurements with a dozen steps, and find out why none of them trains a large network.
#
# | part | you build |
# | --- | --- |
# | 1–2 | Newton's method in one dimension and in many, how fast it is |
# | 3–4 | where it goes, minimum or not; linear regression in one step |
# | 5–6 | line search, conjugate gradient, products with a Hessian that nobody stores |
# | 7 | BFGS and L-BFGS, which learn the curvature on the way |
# | 8 | Gauss–Newton, Levenberg, Levenberg–Marquardt; a curve through real measurements |
# | 9 | what it costs, and why deep networks do without |
#
# It follows the second half of lecture 5 and takes about five hours. You need NumPy and a little linear algebra
# (systems of equations, eigenvalues). Exercise 05 is the first half; nothing of it is needed here.
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("newton_step")`: it runs your
# function on drawn inputs and shows what is right, where it differs, and often why. No step needs an earlier one to be
# right, except that its pictures show *your* functions. Grading asks the same questions with other inputs.

# %% nbgrader={"grade_id": "setup", "locked": true}
import time

import numpy as np

from autograder import Check
from i2dl.data import load_digits
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture
from i2dl.plots.contours import RAVINE, ROSENBROCK, show_contours, show_values

check = Check("06_second_order_optimization")

# %% [markdown]
# ## 1 One dimension
#
# Close to a point $x_0$, a smooth function looks like the parabola that has the same value, slope and curvature there
# (its second-order Taylor series):
#
# $$f(x) \approx f(x_0) + (x - x_0)\, f'(x_0) + \tfrac12 (x - x_0)^2 f''(x_0)$$
#
# Newton's idea: go to the vertex of that parabola. There its derivative vanishes, $f'(x_0) + (x - x_0) f''(x_0) = 0$:
#
# $$x = x_0 - \delta \qquad\text{with}\qquad \delta = \frac{f'(x_0)}{f''(x_0)}$$
#
# In this exercise a step $\delta$ is always what is **subtracted**. There is no learning rate: the curvature says how
# far.
#
# Example, from the exam of February 2022: $f(x) = x^2$ at $x_0 = 5$. The slope is 10, the curvature 2, so $\delta = 5$,
# and $x = 0$ is the minimum. One step. (Gradient descent with learning rate 1 jumps from 5 to $5 - 10 = -5$ and back,
# for ever.)
#
# The vertex need not be a minimum:
#
# - $f'' > 0$: the parabola opens upwards, its vertex is a `"minimum"`;
# - $f'' < 0$: it opens downwards, and Newton's step leads **up** to its `"maximum"`;
# - $f'' = 0$: it is a straight line without a vertex. There is no step; let $\delta$ be NaN and the kind `"none"`.
#
# (The exam of August 2022 asks for Newton's step for $f = wx$ in the variable $w$, and its solution divides by $f''$.
# But $\partial^2 f/\partial w^2 = 0$: there is none.)


# %% nbgrader={"grade_id": "parabola_step_code", "solution": true}
def parabola_step(slope, curvature):
    """Compute Newton's step in one dimension, and say what is at its end.

    Parameters
    ----------
    slope : float
        f′(x₀).
    curvature : float
        f″(x₀).

    Returns
    -------
    step : float
        δ, to be subtracted; NaN (`np.nan`) if there is no vertex.
    kind : str
        "minimum", "maximum" or "none".
    """
    ### BEGIN SOLUTION
    if curvature == 0:
        return np.nan, "none"
    return slope / curvature, "minimum" if curvature > 0 else "maximum"
    ### END SOLUTION


# %% nbgrader={"grade_id": "parabola_step", "grade": true}
check("parabola_step")

# %% [markdown]
# Three functions, and the first steps that your function takes on them. Dashed, the parabola at the start.

# %%
functions = {  # value, slope, curvature, start, range
    "$x^2$ from 5": (lambda x: x**2, lambda x: 2 * x, lambda x: 2 + 0 * x, 5.0, (-6, 6)),
    r"$x - \ln x$ from 0.2": (lambda x: x - np.log(x), lambda x: 1 - 1 / x, lambda x: 1 / x**2, 0.2, (0.05, 2.2)),
    r"$\frac{1}{4}x^4 - \frac{1}{2}x^2$ from 0.4": (
        lambda x: x**4 / 4 - x**2 / 2,
        lambda x: x**3 - x,
        lambda x: 3 * x**2 - 1,
        0.4,
        (-1.5, 1.5),
    ),
}
picture = Picture(figsize=(11, 3.2), layout="constrained")
for ax, (name, (f, slope, curvature, x0, x_range)) in zip(picture.subplots(1, 3), functions.items(), strict=True):
    line = np.linspace(*x_range, 300)
    ax.plot(line, f(line), color=GREY)
    low, high = ax.get_ylim()
    ax.plot(line, f(x0) + (line - x0) * slope(x0) + (line - x0) ** 2 * curvature(x0) / 2, "--", color=BLUE, lw=1)
    walk = [x0]
    for _ in range(4):
        walk.append(walk[-1] - parabola_step(slope(walk[-1]), curvature(walk[-1]))[0] if slope(walk[-1]) else walk[-1])
    ax.plot(walk, f(np.array(walk)), "o-", color=ORANGE, markersize=4, lw=1)
    kind = parabola_step(slope(x0), curvature(x0))[1]
    ax.set(title=f"{name}: a {kind}", xlabel="$x$", ylim=(low, high))
picture

# %% [markdown]
# On the left the parabola *is* the function. In the middle it is only close, and each step brings a better one. On the
# right the start lies where the function is curved downwards, and Newton's method climbs to the maximum at 0, although
# two minima are near. It looks for a **stationary point**, of any kind.
#
# ## 2 Many dimensions
#
# Now $\theta$ has $n$ components. The slope becomes the gradient $\nabla L$, the curvature the **Hessian** $H$, the
# $n \times n$ matrix of all second derivatives, which is symmetric:
#
# $$L(\theta) \approx L(\theta_0) + (\theta - \theta_0)^\top \nabla L(\theta_0)
# + \tfrac12 (\theta - \theta_0)^\top H\, (\theta - \theta_0)$$
#
# The gradient of the right side is $\nabla L(\theta_0) + H (\theta - \theta_0)$. It vanishes at
#
# $$\theta = \theta_0 - H^{-1} \nabla L(\theta_0) .$$
#
# **Never compute the inverse.** The step $\delta = H^{-1} g$ is the solution of a system of linear equations, and
# solving it costs less and loses fewer digits:
#
# $$H \delta = g$$
#
# Example: $H = \begin{pmatrix} 2 & 1 \\ 1 & 3 \end{pmatrix}$ and $g = (4, 7)$: $\delta = (1, 2)$, for
# $2 \cdot 1 + 1 \cdot 2 = 4$ and $1 \cdot 1 + 3 \cdot 2 = 7$.


# %% nbgrader={"grade_id": "newton_step_code", "solution": true}
def newton_step(gradient, hessian):
    """Compute Newton's step.

    Parameters
    ----------
    gradient : array (n,)
        g = ∇L(θ).
    hessian : array (n, n)
        H at θ, invertible.

    Returns
    -------
    array (n,)
        δ, to be subtracted.
    """
    ### BEGIN SOLUTION
    return np.linalg.solve(hessian, gradient)
    ### END SOLUTION


# %% nbgrader={"grade_id": "newton_step", "grade": true}
check("newton_step")

# %% [markdown]
# ### The walk
#
# Most functions are no parabolas, so repeat: gradient and Hessian at the new point, the next step, until the steps
# become short, $\lVert \delta \rVert_2 < \varepsilon$. The step that turns out to be short is taken. And since nothing
# promises that it ever happens, take at most `max_steps`.
#
# Example: $L = x - \ln x$ (one variable), $x_0 = 0.5$. There $g = 1 - 1/x = -1$, $H = 1/x^2 = 4$, $\delta = -0.25$: the
# path begins 0.5, 0.75. The next step is $-0.1875$. With $\varepsilon = 0.2$ it is the last one, and the path is 0.5,
# 0.75, 0.9375.
#
# (In this loop write the step out, it is one line.)


# %% nbgrader={"grade_id": "newton_code", "solution": true}
def newton(gradient, hessian, x0, *, tolerance, max_steps):
    """Walk with Newton's steps until one is shorter than the tolerance.

    Parameters
    ----------
    gradient : function
        `gradient(x)` returns ∇f(x), an array (n,).
    hessian : function
        `hessian(x)` returns H(x), an array (n, n).
    x0 : array (n,)
        The start.
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
        step = np.linalg.solve(hessian(path[-1]), gradient(path[-1]))
        path.append(path[-1] - step)
        if np.linalg.norm(step) < tolerance:
            break
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "newton", "grade": true}
check("newton")

# %% [markdown]
# The bent valley of Rosenbrock, $f = (1 - x)^2 + 100\,(y - x^2)^2$. Its Hessian is given below. Gradient descent needs
# a small rate, because the walls are steep, and then crawls along the floor.


# %% nbgrader={"grade_id": "rosenbrock", "locked": true}
def rosenbrock_hessian(x):
    """Return the second derivatives (2, 2) of Rosenbrock's function."""
    return np.array([[2 - 400 * x[1] + 1200 * x[0] ** 2, -400 * x[0]], [-400 * x[0], 200.0]])


def crawl(gradient, x0, rate, steps):
    """Return the path of gradient descent."""
    path = [x0]
    for _ in range(steps):
        path.append(path[-1] - rate * gradient(path[-1]))
    return np.array(path)


# %%
start = np.array(ROSENBROCK.start)
newton_path = newton(ROSENBROCK.gradient, rosenbrock_hessian, start, tolerance=1e-12, max_steps=20)
crawl_path = crawl(ROSENBROCK.gradient, start, 1e-3, 2000)
picture = Picture(figsize=(11, 3.6), layout="constrained")
left, right = picture.subplots(1, 2, width_ratios=[1.2, 1])
paths = {f"Newton, {len(newton_path) - 1} steps": newton_path, "gradient descent, 2000 steps": crawl_path}
show_contours(ROSENBROCK.value, (-1.8, 1.5), (-3.6, 1.8), paths=paths, minimum=(1, 1), title="Rosenbrock", ax=left)
show_values(
    {"Newton": ROSENBROCK.value(newton_path), "gradient descent": ROSENBROCK.value(crawl_path[:30])},
    title="its values, the first 30 steps",
    ax=right,
)
picture

# %% [markdown]
# Newton arrives in a handful of steps. One of them goes far *up* (look at the values): it trusts the parabola, and the
# parabola is good only near the point where it was made. In part 5 a line search will take care of that.
#
# ### How fast is fast?
#
# Let $e_k$ be the distance from the minimum after step $k$. Near the minimum a method typically obeys
#
# $$e_{k+1} \approx C\, e_k^{\,p}$$
#
# with its **order** $p$. Gradient descent has $p = 1$: each step multiplies the error by the same $C < 1$, so that
# every digit costs equally many steps. Newton has $p = 2$: the number of correct digits **doubles** in every step.
#
# Three errors in a row, $e_1, e_2, e_3$, give away $p$, whatever $C$ is: from $e_3/e_2 = (e_2/e_1)^p$ follows
#
# $$p = \frac{\log(e_3/e_2)}{\log(e_2/e_1)}$$
#
# Example: $10^{-1}, 10^{-2}, 10^{-4}$: $\log 10^{-2} / \log 10^{-1} = 2$. The law holds best at the end of a walk, so
# take the **last** three.


# %% nbgrader={"grade_id": "convergence_order_code", "solution": true}
def convergence_order(errors):
    """Estimate the order of convergence from the end of a walk.

    Parameters
    ----------
    errors : array (K,)
        e₁, …, e_K, positive and falling; K ≥ 3.

    Returns
    -------
    float
        p, from the last three.
    """
    ### BEGIN SOLUTION
    return np.log(errors[-1] / errors[-2]) / np.log(errors[-2] / errors[-3])
    ### END SOLUTION


# %% nbgrader={"grade_id": "convergence_order", "grade": true}
check("convergence_order")

# %% [markdown]
# For $x - \ln x$ the doubling can be seen with the naked eye. Newton's next point is $2x - x^2$, hence
# $1 - x_{k+1} = (1 - x_k)^2$.

# %%
log_path = newton(lambda x: 1 - 1 / x, lambda x: np.diag(1 / x**2), np.array([0.5]), tolerance=1e-14, max_steps=5)
print("step   x                     distance from 1")
for k, x in enumerate(log_path[:, 0]):
    print(f"{k:4}   {x:.16f}    {1 - x:.1e}")
descent = crawl(lambda x: 1 - 1 / x, np.array([0.5]), 0.3, 20)
print("\norder of Newton:          ", round(convergence_order(1 - log_path[:5, 0]), 3))
print("order of gradient descent:", round(convergence_order(1 - descent[:, 0]), 3))

# %% [markdown]
# ## 3 Where does it go?
#
# To a point where the gradient vanishes. What kind of point is that? In one dimension the sign of $f''$ says it. In
# many, the signs of the **eigenvalues** of $H$, which are the curvatures along its axes:
#
# | eigenvalues | answer |
# | --- | --- |
# | all positive | `"minimum"` |
# | all negative | `"maximum"` |
# | some positive, some negative | `"saddle"` |
# | none of these: some are 0, and the others have one sign | `"undecided"` |
#
# A zero rarely comes out as exactly 0. Count what is smaller in size than $10^{-9}$ of the largest as 0.
#
# Examples: the Hessian $\begin{pmatrix} 2 & 0 \\ 0 & 3 \end{pmatrix}$ belongs to a minimum,
# $\begin{pmatrix} 2 & 0 \\ 0 & -1 \end{pmatrix}$ to a saddle. So does
# $\begin{pmatrix} 1 & 2 \\ 2 & 1 \end{pmatrix}$, in spite of its diagonal: its eigenvalues are 3 and $-1$.


# %% nbgrader={"grade_id": "stationary_point_code", "solution": true}
def stationary_point(hessian):
    """Say what lies at a point with gradient zero.

    Parameters
    ----------
    hessian : array (n, n)
        H, symmetric and not zero. `np.linalg.eigvalsh(hessian)` returns its eigenvalues.

    Returns
    -------
    str
        "minimum", "maximum", "saddle" or "undecided".
    """
    ### BEGIN SOLUTION
    values = np.linalg.eigvalsh(hessian)
    small = 1e-9 * np.abs(values).max()
    up, down = (values > small).sum(), (values < -small).sum()
    if up and down:
        return "saddle"
    if up + down < len(values):
        return "undecided"
    return "minimum" if up else "maximum"
    ### END SOLUTION


# %% nbgrader={"grade_id": "stationary_point", "grade": true}
check("stationary_point")

# %% [markdown]
# Himmelblau's function $(x^2 + y - 11)^2 + (x + y^2 - 7)^2$ has nine stationary points. From every point of the map
# below Newton's method was started (20 steps, all points at once); the right picture shows where it ended, with the
# stationary points as marks: ★ minimum, ▲ maximum, ✕ saddle, by your function.


# %% nbgrader={"grade_id": "himmelblau", "locked": true}
def himmelblau(p):
    x, y = p[..., 0], p[..., 1]
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def himmelblau_gradient(p):
    x, y = p[..., 0], p[..., 1]
    u, v = x**2 + y - 11, x + y**2 - 7
    return np.stack([4 * x * u + 2 * v, 2 * u + 4 * y * v], axis=-1)


def himmelblau_hessian(p):
    x, y = p[..., 0], p[..., 1]
    mixed = 4 * (x + y)
    rows = [[12 * x**2 + 4 * y - 42, mixed], [mixed, 12 * y**2 + 4 * x - 26]]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def himmelblau_steps(p):
    """Return Newton's steps at many points at once, by Cramer's rule."""
    (a, b), (_, d) = np.moveaxis(himmelblau_hessian(p), (-2, -1), (0, 1))
    u, v = np.moveaxis(himmelblau_gradient(p), -1, 0)
    return np.stack([d * u - b * v, a * v - b * u], axis=-1) / (a * d - b * b)[..., None]


# %%
points = np.stack(np.meshgrid(np.linspace(-5.5, 5.5, 240), np.linspace(-5.5, 5.5, 240)), axis=-1)
ends = points.copy()
for _ in range(20):
    ends = ends - himmelblau_steps(ends)
found = np.unique(np.round(ends[np.abs(himmelblau_gradient(ends)).max(axis=-1) < 1e-9], 4), axis=0)
kinds = [stationary_point(himmelblau_hessian(p)) for p in found]
basin = np.linalg.norm(ends[..., None, :] - found, axis=-1).argmin(axis=-1)
shade = np.array([{"minimum": 0, "saddle": 1, "maximum": 2}[kind] for kind in kinds])[basin]

picture = Picture(figsize=(11, 4.4), layout="constrained")
left, right = picture.subplots(1, 2)
show_contours(himmelblau, (-5.5, 5.5), (-5.5, 5.5), title="Himmelblau's function", ax=left)
right.imshow(basin, origin="lower", extent=(-5.5, 5.5, -5.5, 5.5), cmap="tab10", vmin=0, vmax=9, alpha=0.85)
for ax in (left, right):
    for p, kind in zip(found, kinds, strict=True):
        mark = {"minimum": "*", "maximum": "^", "saddle": "X"}[kind]
        ax.plot(*p, mark, markersize=11, color="white", markeredgecolor="black")
right.set(title="where Newton's method ends", xlabel="$x$", ylabel="$y$", aspect="equal")
left.set_aspect("equal")
counts = {kind: np.mean(shade == number) for number, kind in enumerate(["minimum", "saddle", "maximum"])}
print("share of the starts that end at a " + ", ".join(f"{kind} {share:.0%}" for kind, share in counts.items()))
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). In coordinates along the eigenvectors of $H$, near a stationary point
# at 0, a step of gradient descent multiplies the coordinate $x_i$ by $1 - \alpha \lambda_i$. What does a step of
# Newton's method do to it? Explain with this why gradient descent leaves a saddle and Newton's method runs into it, and
# why this is worse in a network with a million parameters than on this map. What could one do to the eigenvalues to
# make Newton's step go downhill everywhere?

# %% [markdown] nbgrader={"grade_id": "newton_and_saddles", "grade": true, "solution": true}
# Near the point the function is $\frac12 \sum_i \lambda_i x_i^2$, the gradient has the components $\lambda_i x_i$, and
# Newton subtracts $\lambda_i x_i / \lambda_i = x_i$: every coordinate becomes 0, whatever the sign of $\lambda_i$. A
# stationary point of any kind attracts it.
#
# Gradient descent multiplies by $1 - \alpha\lambda_i$. With $\lambda_i < 0$ that is more than 1, so the distance from a
# saddle grows in that direction: it is repelled (slowly at first, if it starts near the ridge).
#
# With $n$ eigenvalues a stationary point is a minimum only if all of them are positive. In high dimensions most
# stationary points have some of either sign, so saddles are far more frequent than minima, and a method that is
# attracted by them ends in one.
#
# Taking $|\lambda_i|$ in place of $\lambda_i$ turns the step round in directions that are curved downwards, so that it
# is downhill everywhere ("saddle-free Newton"). Adding a damping to all of them, $\lambda_i + \mu > 0$, does it as well
# (part 8).

# %% [markdown]
# ## 4 Linear regression in one step
#
# Lecture 5 asks: can you apply Newton's method to linear regression, and what do you get? The loss is
#
# $$J(\theta) = (y - X\theta)^\top (y - X\theta) = \sum_{i=1}^m (y_i - x_i^\top \theta)^2,$$
#
# with a row of $X$ per point and a column per weight. Derive the gradient (mind the inner derivative of
# $y - X\theta$), and then differentiate once more: an entry of the Hessian is
# $\partial^2 J / \partial\theta_u \partial\theta_v$.
#
# Example: two points, one weight, $X = \begin{pmatrix} 1 \\ 2 \end{pmatrix}$, $y = \begin{pmatrix} 1 \\ 1
# \end{pmatrix}$, $\theta = 0$. Then $J = (1 - \theta)^2 + (1 - 2\theta)^2$, the gradient is $-2 - 4 = -6$, and the
# Hessian $2 + 8 = 10$. Newton leads to $\theta = 0.6$.


# %% nbgrader={"grade_id": "least_squares_derivatives_code", "solution": true}
def least_squares_derivatives(x, y, theta):
    """Compute gradient and Hessian of J(θ) = (y − Xθ)ᵀ(y − Xθ).

    Parameters
    ----------
    x : array (m, n)
        X, a row per point.
    y : array (m,)
        What was measured.
    theta : array (n,)
        θ.

    Returns
    -------
    gradient : array (n,)
        ∇J(θ).
    hessian : array (n, n)
        The second derivatives at θ.
    """
    ### BEGIN SOLUTION
    return 2 * x.T @ (x @ theta - y), 2 * x.T @ x
    ### END SOLUTION


# %% nbgrader={"grade_id": "least_squares_derivatives", "grade": true}
check("least_squares_derivatives")

# %% [markdown]
# A line through 30 points: $\theta$ holds slope and intercept. From three starts, one step of your `newton_step` with
# your derivatives, and 40 steps of gradient descent.

# %%
rng = np.random.default_rng(0)
inputs = np.stack([rng.uniform(0, 4, 30), np.ones(30)], axis=1)
targets = inputs @ np.array([0.7, 1.0]) + 0.4 * rng.standard_normal(30)
paths = {}
for number, begin in enumerate(np.array([[-1.5, 4.0], [2.5, 3.5], [2.6, -1.0]]), 1):
    gradient, hessian = least_squares_derivatives(inputs, targets, begin)
    end = begin - newton_step(gradient, hessian)
    print(f"one step from {begin} leads to {end}, where the gradient is", end=" ")
    print(f"{np.abs(least_squares_derivatives(inputs, targets, end)[0]).max():.0e}")
    paths[f"Newton {number}"] = [begin, end]
paths["gradient descent"] = crawl(
    lambda theta: least_squares_derivatives(inputs, targets, theta)[0], paths["Newton 1"][0], 0.0035, 40
)
best = np.linalg.lstsq(inputs, targets, rcond=None)[0]
print("np.linalg.lstsq finds      ", best)
show_contours(
    lambda theta: ((theta @ inputs.T - targets) ** 2).sum(axis=-1),
    (-2, 3),
    (-2, 5),
    paths=paths,
    minimum=tuple(best),
    title=r"$J$ over slope ($x$) and intercept ($y$)",
)

# %% [markdown]
# $J$ is a parabola, so its Taylor series is exact, and one step from anywhere is enough. Write the step out and the
# normal equations of lecture 2 appear: $\theta - (2X^\top X)^{-1}\, 2X^\top(X\theta - y) = (X^\top X)^{-1} X^\top y$,
# without the $\theta$ we started from. As the lecture says: *gradient descent is not a way to solve a linear system.*
#
# ## 5 Line search
#
# Away from the minimum, Newton's step was sometimes far too long. The remedy: take from Newton only the **direction**
# $p = -\delta$, and choose the **length** by looking at the function along it, $\varphi(\alpha) = f(x + \alpha p)$.
#
# ### The best step on a parabola
#
# If $f$ has the gradient $g$ and the Hessian $H$, then along any direction $p$
#
# $$\varphi(\alpha) \approx f(x) + \alpha\, g^\top p + \tfrac12 \alpha^2\, p^\top H p .$$
#
# Set its derivative to 0. Example: $g = (1, 1)$, $H = \begin{pmatrix} 1 & 0 \\ 0 & 3 \end{pmatrix}$ and $p = (0, -1)$:
# $\varphi = f - \alpha + \tfrac32\alpha^2$, and the best step is $\frac13$. For Newton's direction the answer is always
# 1: it has the right length already.


# %% nbgrader={"grade_id": "exact_step_code", "solution": true}
def exact_step(gradient, hessian, direction):
    """Compute the best step of a quadratic along a direction.

    Parameters
    ----------
    gradient : array (n,)
        g at x.
    hessian : array (n, n)
        H, symmetric and positive definite.
    direction : array (n,)
        p, not zero.

    Returns
    -------
    float
        α, which minimizes f(x + αp).
    """
    ### BEGIN SOLUTION
    return -(gradient @ direction) / (direction @ hessian @ direction)
    ### END SOLUTION


# %% nbgrader={"grade_id": "exact_step", "grade": true}
check("exact_step")

# %% [markdown]
# ### The conditions of Wolfe
#
# Elsewhere the best step costs too many evaluations, and a good one will do. *Good* means two things, with the slope
# $\varphi'(\alpha) = \nabla f(x + \alpha p)^\top p$ and constants $0 < c_1 < c_2 < 1$:
#
# $$\varphi(\alpha) \le \varphi(0) + c_1\, \alpha\, \varphi'(0) \qquad\qquad
# |\varphi'(\alpha)| \le c_2\, |\varphi'(0)|$$
#
# The first says that $f$ **falls enough**: at least a share $c_1$ of what the slope at 0 promises, so the step is not
# too long. The second says that the slope has become **flat enough**, so the step is not too short (and not far beyond
# the minimum either).
#
# Finding such an $\alpha$ is a game of too high, too low. Begin with the `step` that is passed in, and with `low` = 0
# and no `high`:
#
# 1. If $f$ does not fall enough, or is NaN, $\alpha$ is **too long**: it becomes the new `high`.
# 2. Otherwise look at the slope. Flat enough: done. Steeply **uphill**, $\varphi'(\alpha) > c_2|\varphi'(0)|$: beyond
#    the minimum, too long, the new `high`. Steeply **downhill**, $\varphi'(\alpha) < -c_2|\varphi'(0)|$: too short, the
#    new `low`.
# 3. The next $\alpha$: while there is no `high`, twice the last one. Afterwards, the middle between `low` and `high`.
#
# After `trials` attempts give up and return `low`.
#
# Example: $f = x^2$ from $x = 1$ with $p = -1$, so $\varphi = (1 - \alpha)^2$, $\varphi'(0) = -2$. With $c_1 = 0.1$,
# $c_2 = 0.3$ and `step` = 0.2: there $\varphi' = -1.6$, too short. 0.4: $-1.2$, too short. 0.8: $\varphi = 0.04$ is
# below $1 - 0.16$, and $|-0.4| \le 0.6$. Done.


# %% nbgrader={"grade_id": "wolfe_line_search_code", "solution": true}
def wolfe_line_search(f, gradient, x, direction, *, step=1.0, c1=1e-4, c2=0.9, trials=50):
    """Find a step along a direction that meets both conditions of Wolfe.

    Parameters
    ----------
    f : function
        `f(x)` returns a number.
    gradient : function
        `gradient(x)` returns ∇f(x), an array (n,).
    x : array (n,)
        Where we are.
    direction : array (n,)
        p, downhill: the slope φ′(0) = ∇f(x)ᵀp is negative.
    step : float
        The first α to try.
    c1, c2 : float
        The constants of the two conditions.
    trials : int
        How many α to try at most.

    Returns
    -------
    float
        The first α that is good.
    """
    ### BEGIN SOLUTION
    start, slope = f(x), gradient(x) @ direction
    low, high = 0.0, np.inf
    for _ in range(trials):
        new = x + step * direction
        if not f(new) <= start + c1 * step * slope:
            high = step
        else:
            here = gradient(new) @ direction
            if abs(here) <= c2 * abs(slope):
                return step
            if here > 0:
                high = step
            else:
                low = step
        step = 2 * step if np.isinf(high) else (low + high) / 2
    return low
    ### END SOLUTION


# %% nbgrader={"grade_id": "wolfe_line_search", "grade": true}
check("wolfe_line_search")

# %% [markdown]
# Left, a function along a line and which steps are good (here with $c_1 = 0.2$, $c_2 = 0.4$); the dots are what your
# search tries from three first steps. Right, Newton on Rosenbrock once more, now with your search along Newton's
# direction.


# %%
def along(a):
    return 0.35 * a**2 - 1.2 * a + 0.22 * np.cos(2.4 * a) + 1


def slope_along(a):
    return 0.7 * a - 1.2 - 0.528 * np.sin(2.4 * a)


def searched_newton(x):
    """Return the path of Newton on Rosenbrock's function, with your search along your direction."""
    path = [x]
    while np.linalg.norm(ROSENBROCK.gradient(path[-1])) > 1e-10 and len(path) < 50:
        p = -newton_step(ROSENBROCK.gradient(path[-1]), rosenbrock_hessian(path[-1]))
        path.append(path[-1] + wolfe_line_search(ROSENBROCK.value, ROSENBROCK.gradient, path[-1], p) * p)
    return np.array(path)


tried = []


def watched(x):
    tried.append(x[0])
    return along(x[0])


line, c1, c2 = np.linspace(0, 4, 801), 0.2, 0.4
enough = along(line) <= along(0) + c1 * line * slope_along(0)
flat = np.abs(slope_along(line)) <= c2 * abs(slope_along(0))

picture = Picture(figsize=(11, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
left.plot(line, along(line), color=GREY)
left.plot(line, along(0) + c1 * line * slope_along(0), "--", color=BLUE, lw=1, label="falls enough below this line")
left.fill_between(line, -1.3, 1.4, where=enough & flat, color=GREEN, alpha=0.2, label="good steps")
for number, first in enumerate([0.15, 1.1, 3.8]):
    tried.clear()
    wolfe_line_search(watched, slope_along, np.zeros(1), np.ones(1), step=first, c1=c1, c2=c2)
    left.plot(tried[1:], np.full(len(tried) - 1, 1.15 - 0.22 * number), "o:", markersize=4, lw=1, color=ORANGE)
    left.plot(tried[-1], 1.15 - 0.22 * number, "s", color=GREEN, markeredgecolor="black", zorder=3)
left.set(xlabel=r"$\alpha$", ylabel=r"$\varphi(\alpha)$", ylim=(-1.3, 1.4), title="three searches, from above")
left.legend(fontsize=8, loc="lower left", framealpha=0.9)

searched = searched_newton(start)
show_values(
    {"Newton, full steps": ROSENBROCK.value(newton_path), "with line search": ROSENBROCK.value(searched)},
    title="Rosenbrock",
    ax=right,
)
picture

# %% [markdown]
# With the search $f$ falls in every step. It takes more steps than the lucky leap, but it cannot go wrong: near the
# minimum the first trial $\alpha = 1$ is always good, and the order 2 comes back. (A downhill direction is needed for
# that: where $H$ has negative eigenvalues Newton's may point up.)
#
# ## 6 Conjugate gradient
#
# Solving $Ax = b$ for a symmetric, positive definite $A$ is the same as minimizing the parabola
# $\frac12 x^\top A x - b^\top x$, whose gradient is $Ax - b$. Steepest descent on it zigzags: each step spoils a part
# of what earlier ones have achieved. **Conjugate gradient** chooses directions that do not disturb one another,
# $p_i^\top A\, p_j = 0$. Then every direction is needed only once, and after $n$ of them, at the latest, all is done.
#
# Start with $x = 0$; the residual $r = b - Ax$, the negative gradient, is $b$ then, and so is the first direction $p$.
# As long as $\lVert r \rVert > \varepsilon \lVert b \rVert$, and for at most `max_steps` steps:
#
# $$\alpha = \frac{r^\top r}{p^\top A p} \qquad x \leftarrow x + \alpha p \qquad r' = r - \alpha A p \qquad
# \beta = \frac{r'^\top r'}{r^\top r} \qquad p \leftarrow r' + \beta p$$
#
# and $r'$ becomes $r$. The matrix appears in one place only, the product $Ap$. So it is passed as a function
# `multiply(p)`, and compute the product once a step.
#
# Example: $A = \begin{pmatrix} 1 & 0 \\ 0 & 3 \end{pmatrix}$, $b = (1, 1)$. First $\alpha = 2/4$,
# $x = (\frac12, \frac12)$, $r' = (\frac12, -\frac12)$, $\beta = \frac14$, $p = (\frac34, -\frac14)$. Then
# $\alpha = \frac12 / \frac34 = \frac23$ and $x = (1, \frac13)$, the solution.


# %% nbgrader={"grade_id": "conjugate_gradient_code", "solution": true}
def conjugate_gradient(multiply, b, *, tolerance, max_steps):
    """Solve Ax = b with products Ap alone.

    Parameters
    ----------
    multiply : function
        `multiply(p)` returns Ap, for a symmetric, positive definite A.
    b : array (n,)
        The right-hand side, not zero.
    tolerance : float
        ε: stop as soon as ‖r‖ ≤ ε ‖b‖.
    max_steps : int
        How many steps to take at most.

    Returns
    -------
    array (K + 1, n)
        x = 0 and the points after each of the K steps.
    """
    ### BEGIN SOLUTION
    path, r = [np.zeros_like(b)], b
    p = r
    while np.linalg.norm(r) > tolerance * np.linalg.norm(b) and len(path) <= max_steps:
        ap = multiply(p)
        alpha = r @ r / (p @ ap)
        path.append(path[-1] + alpha * p)
        r_new = r - alpha * ap
        p = r_new + (r_new @ r_new) / (r @ r) * p
        r = r_new
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conjugate_gradient", "grade": true}
check("conjugate_gradient")

# %% [markdown]
# Left, the ravine $\frac12(x^2 + 20y^2)$: steepest descent with your `exact_step`, and your conjugate gradient. Right,
# a system with 300 unknowns and condition number $\kappa = \lambda_{\max}/\lambda_{\min} = 1000$. Steepest descent
# needs a number of steps in proportion to $\kappa$, conjugate gradient to $\sqrt\kappa$.


# %%
def steepest(a, b, steps, x=None):
    """Return the path of steepest descent with the best step each time."""
    path = [np.zeros_like(b) if x is None else x]
    for _ in range(steps):
        g = a @ path[-1] - b
        path.append(path[-1] - exact_step(g, a, -g) * g)
    return np.array(path)


ravine, corner = np.diag([1.0, 20.0]), np.array([-6.0, 0.3])
two_steps = corner + conjugate_gradient(lambda p: ravine @ p, -ravine @ corner, tolerance=1e-9, max_steps=2)

n = 300
basis = np.linalg.qr(rng.standard_normal((n, n)))[0]
big, right_side = basis * np.geomspace(1, 1000, n) @ basis.T, rng.standard_normal(n)
exact = np.linalg.solve(big, right_side)
distances = {
    "steepest descent": np.linalg.norm(steepest(big, right_side, 200) - exact, axis=1),
    "conjugate gradient": np.linalg.norm(
        conjugate_gradient(lambda p: big @ p, right_side, tolerance=1e-12, max_steps=200) - exact, axis=1
    ),
}
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
show_contours(
    RAVINE.value,
    (-6.5, 1),
    (-1.6, 1.6),
    paths={"steepest descent": steepest(ravine, np.zeros(2), 12, corner), "conjugate gradient": two_steps},
    minimum=(0, 0),
    title="two unknowns, two steps",
    ax=left,
)
left.set_aspect("equal")
show_values(distances, ylabel="distance from the solution", title=r"300 unknowns, $\kappa = 1000$", ax=right)
picture

# %% [markdown]
# ### A Hessian that nobody stores
#
# Conjugate gradient could solve Newton's $H\delta = g$, and all it needs of $H$ is products $Hv$. Such a product is
# the change of the gradient along $v$. So measure it, with two gradients and no Hessian at all:
#
# $$Hv \approx \frac{\nabla f(x + hv) - \nabla f(x - hv)}{2h}$$
#
# Example: $f = x_1 x_2$, so $\nabla f = (x_2, x_1)$. With $x = (1, 2)$, $v = (1, 0)$, $h = 0.1$: the gradients are
# $(2, 1.1)$ and $(2, 0.9)$, and $Hv = (0, 1)$.


# %% nbgrader={"grade_id": "hessian_vector_product_code", "solution": true}
def hessian_vector_product(gradient, x, v, h):
    """Compute Hv from two gradients.

    Parameters
    ----------
    gradient : function
        `gradient(x)` returns ∇f(x), an array (n,).
    x : array (n,)
        Where.
    v : array (n,)
        The direction; its length counts.
    h : float
        How far to go along v, to both sides.

    Returns
    -------
    array (n,)
        Hv, as this difference gives it.
    """
    ### BEGIN SOLUTION
    return (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)
    ### END SOLUTION


# %% nbgrader={"grade_id": "hessian_vector_product", "grade": true}
check("hessian_vector_product")

# %% [markdown]
# To try it on something real: logistic regression that tells the digits 0–4 from 5–9 (given). It has 65 parameters, so
# that for once we can afford the true Hessian and compare. With an L2 term, so that the Hessian is positive definite:
#
# $$L = \frac1n \sum_i \log\bigl(1 + e^{-y_i\, x_i^\top w}\bigr) + \frac\lambda2 \lVert w \rVert^2,
# \qquad y_i = \pm 1$$


# %% nbgrader={"grade_id": "logistic", "locked": true}
images, labels = load_digits("train").xy
pixels = np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)
signs = np.where(labels < 5, 1.0, -1.0)
L2 = 1e-3


def logistic_loss(w, batch=slice(None)):
    """Return the loss of some digits (default: all)."""
    return np.logaddexp(0, -signs[batch] * (pixels[batch] @ w)).mean() + L2 / 2 * w @ w


def logistic_gradient(w, batch=slice(None)):
    """Return its gradient (65,)."""
    x, y = pixels[batch], signs[batch]
    return -x.T @ (y * np.exp(-np.logaddexp(0, y * (x @ w)))) / len(y) + L2 * w


def logistic_hessian(w, batch=slice(None)):
    """Return its second derivatives (65, 65): XᵀSX/n + λI, where S holds σ(z)(1 − σ(z)) of each digit."""
    x = pixels[batch]
    z = x @ w
    s = np.exp(-np.logaddexp(0, z) - np.logaddexp(0, -z))
    return (x * s[:, None]).T @ x / len(x) + L2 * np.eye(len(w))


# %%
w0 = np.zeros(65)
g, true_step = logistic_gradient(w0), newton_step(logistic_gradient(w0), logistic_hessian(w0))
free_steps = conjugate_gradient(
    lambda v: hessian_vector_product(logistic_gradient, w0, v, 1e-4), g, tolerance=1e-6, max_steps=65
)
print("Newton's step without a Hessian, after so many products (two gradients each):")
for k in [1, 5, 10, 20, len(free_steps) - 1]:
    error = np.linalg.norm(free_steps[k] - true_step) / np.linalg.norm(true_step)
    print(f"{k:4}: relative error {error:.1e}, loss {logistic_loss(w0 - free_steps[k]):.4f}")
print(f"loss before {logistic_loss(w0):.4f}, after the exact step {logistic_loss(w0 - true_step):.4f}")

# %% [markdown]
# A few products already give most of the step. This is "Hessian-free" optimization, the one way to use a whole
# network's curvature that does not need $n^2$ numbers.
#
# ## 7 Learning the curvature: BFGS
#
# Second derivatives are laborious, and most of the time we have only gradients. But the gradients that we compute
# anyway tell about the curvature. Between two points with the step $s$, the gradient changes by
#
# $$y = \nabla f(x + s) - \nabla f(x) \approx H s .$$
#
# So keep a matrix $B$ that shall become like $H^{-1}$, and demand of it that it explains the last step, the **secant
# equation** $By = s$. Of all symmetric matrices that do, Broyden, Fletcher, Goldfarb and Shanno (1970, independently)
# take the one nearest to the $B$ they had:
#
# $$B \leftarrow (I - \rho\, s\, y^\top)\, B\, (I - \rho\, y\, s^\top) + \rho\, s\, s^\top \qquad \rho =
# \frac{1}{y^\top s}$$
#
# It needs $y^\top s > 0$ (the curvature along $s$ is positive, as it is after a good line search), then $B$ stays
# positive definite. If $y^\top s \le 0$, leave $B$ as it is.
#
# ($s y^\top$ is an outer product, a column times a row, an $n \times n$ matrix.)
#
# Example: $B = I$, $s = (1, 0)$, $y = (2, 0)$. Then $\rho = \frac12$, $I - \rho s y^\top = \begin{pmatrix} 0 & 0 \\ 0 &
# 1 \end{pmatrix}$, and the new $B = \begin{pmatrix} 1/2 & 0 \\ 0 & 1 \end{pmatrix}$. Along $s$ it knows the curvature
# 2 now; of the other direction it has learnt nothing.


# %% nbgrader={"grade_id": "bfgs_update_code", "solution": true}
def bfgs_update(inverse, s, y):
    """Learn from one step what the inverse Hessian is like.

    Parameters
    ----------
    inverse : array (n, n)
        B, symmetric.
    s : array (n,)
        The step that was taken.
    y : array (n,)
        The change of the gradient along it.

    Returns
    -------
    array (n, n)
        The new B; the old one if yᵀs is not positive.
    """
    ### BEGIN SOLUTION
    if s @ y <= 0:
        return inverse
    rho = 1 / (s @ y)
    left = np.eye(len(s)) - rho * np.outer(s, y)
    return left @ inverse @ left.T + rho * np.outer(s, s)
    ### END SOLUTION


# %% nbgrader={"grade_id": "bfgs_update", "grade": true}
check("bfgs_update")

# %% [markdown]
# ### The walk
#
# Start with $B = I$. Then, in every step:
#
# 1. the direction $p = -B\,\nabla f(x)$;
# 2. $\alpha$ by a line search, and the new point $x + \alpha p$;
# 3. if the step $\alpha p$ was shorter than $\varepsilon$, stop;
# 4. with $s$ the step and $y$ the change of the gradient, update $B$.
#
# The search and the update are passed in as functions, so that this step does not depend on your earlier ones.
#
# Example: $f = x^2$ (one variable) from $x = 1$, with a search that always returns $\frac14$. $B = 1$, $p = -2$, the
# new point is $\frac12$, $s = -\frac12$, $y = -1$, so $B = \frac12$: the true $1/f''$. The next direction is
# $-\frac12 \cdot 1$.


# %% nbgrader={"grade_id": "bfgs_code", "solution": true}
def bfgs(gradient, x0, *, line_search, update, tolerance, max_steps):
    """Walk down with an inverse Hessian that is learnt on the way.

    Parameters
    ----------
    gradient : function
        `gradient(x)` returns ∇f(x), an array (n,).
    x0 : array (n,)
        The start.
    line_search : function
        `line_search(x, p)` returns α, for a direction p that points downhill.
    update : function
        `update(B, s, y)` returns the new B.
    tolerance : float
        ε: the walk ends after the first step αp whose length is below it.
    max_steps : int
        The walk ends after so many steps in any case.

    Returns
    -------
    array (K + 1, n)
        The start and the points after each of the K steps.
    """
    ### BEGIN SOLUTION
    path, inverse, g = [x0], np.eye(len(x0)), gradient(x0)
    for _ in range(max_steps):
        x, p = path[-1], -inverse @ g
        path.append(x + line_search(x, p) * p)
        s = path[-1] - x
        if np.linalg.norm(s) < tolerance:
            break
        g_new = gradient(path[-1])
        inverse = update(inverse, s, g_new - g)
        g = g_new
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "bfgs", "grade": true}
check("bfgs")

# %% [markdown]
# What does $B$ learn? Below, a bowl with six variables: $B$ on the way (purple: positive entries, orange: negative
# ones), and on the right the true $H^{-1}$, which nobody has told it.

# %%
q = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))[0]
bowl = q * np.array([0.5, 0.8, 1.2, 2.0, 3.5, 6.0]) @ q.T
snapshots = [np.eye(6)]


def remembering(inverse, s, y):
    snapshots.append(bfgs_update(inverse, s, y))
    return snapshots[-1]


bfgs(
    lambda x: bowl @ x,
    np.random.default_rng(4).standard_normal(6),
    line_search=lambda x, p: exact_step(bowl @ x, bowl, p),
    update=remembering,
    tolerance=1e-9,
    max_steps=6,
)
picture = Picture(figsize=(11, 2.6), layout="constrained")
shown = {f"$B$ after {k}": snapshots[min(k, len(snapshots) - 1)] for k in (0, 2, 4, 6)}
for ax, (name, matrix) in zip(picture.subplots(1, 5), {**shown, "$H^{-1}$": np.linalg.inv(bowl)}.items(), strict=True):
    ax.imshow(matrix, cmap="PuOr", vmin=-1.2, vmax=1.2)
    ax.set(title=name, xticks=[], yticks=[])
picture

# %% [markdown]
# ### Without the matrix: L-BFGS
#
# $B$ has $n^2$ entries, too many for a million parameters. But it is made of nothing but the pairs $(s, y)$, and all
# that is wanted is the product $Bg$. So remember only the last $m$ pairs (10, say), and compute the product straight
# from them. Two loops do it, with $\rho = 1/y^\top s$ of each pair:
#
# - $q = g$. From the **newest** pair to the oldest: $\;\alpha_i = \rho_i\, s_i^\top q$, then $q \leftarrow q - \alpha_i
#   y_i$.
# - $r = \gamma\, q$ with $\gamma = \dfrac{y^\top s}{y^\top y}$ of the newest pair: the matrix $\gamma I$ stands in for
#   the $B$ before all pairs. Without any pair, $\gamma = 1$.
# - From the **oldest** pair to the newest: $\;\beta = \rho_i\, y_i^\top r$, then $r \leftarrow r + (\alpha_i - \beta)\,
#   s_i$.
#
# Then $r = Bg$, and the direction is $-r$. That takes $4mn$ multiplications and $2mn$ numbers of memory: the lecture's
# $\mathcal O(n)$ against $\mathcal O(n^2)$.
#
# Example: one pair $s = (1, 0)$, $y = (2, 0)$ and $g = (4, 6)$. $\alpha = \frac12 \cdot 4 = 2$, $q = (0, 6)$,
# $\gamma = \frac12$, $r = (0, 3)$, $\beta = 0$, $r = (2, 3)$: the direction is $(-2, -3)$.


# %% nbgrader={"grade_id": "lbfgs_direction_code", "solution": true}
def lbfgs_direction(gradient, pairs):
    """Compute −Bg from the last pairs, without the matrix B.

    Parameters
    ----------
    gradient : array (n,)
        g.
    pairs : list of (s, y)
        Steps and changes of the gradient, arrays (n,), the oldest first; it may be empty. All yᵀs are positive.

    Returns
    -------
    array (n,)
        The direction −Bg.
    """
    ### BEGIN SOLUTION
    q, alphas = gradient, []
    for s, y in reversed(pairs):
        alphas.append(s @ q / (s @ y))
        q = q - alphas[-1] * y
    r = q
    if pairs:
        s, y = pairs[-1]
        r = s @ y / (y @ y) * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + (alpha - y @ r / (s @ y)) * s
    return -r
    ### END SOLUTION


# %% nbgrader={"grade_id": "lbfgs_direction", "grade": true}
check("lbfgs_direction")

# %% [markdown]
# A race on Rosenbrock's valley, in 2 variables and in 20, where $f = \sum_i (1 - x_i)^2 + 100\,(x_{i+1} - x_i^2)^2$.
# Newton runs in 2 only. All but gradient descent use your line search. L-BFGS runs in your loop, too: in place of $B$
# it gets an object that behaves like a matrix in products.


# %% nbgrader={"grade_id": "race", "locked": true}
def long_rosenbrock(x):
    return ((1 - x[:-1]) ** 2).sum() + 100 * ((x[1:] - x[:-1] ** 2) ** 2).sum()


def long_rosenbrock_gradient(x):
    off, g = x[1:] - x[:-1] ** 2, np.zeros_like(x)
    g[:-1] = -2 * (1 - x[:-1]) - 400 * x[:-1] * off
    g[1:] += 200 * off
    return g


class WithoutMatrix:
    """Stands in for the matrix B of the last pairs: it can be multiplied by a vector, and stores no matrix."""

    def __init__(self, pairs, sign=1.0):
        self.pairs, self.sign = pairs, sign

    def __matmul__(self, g):
        return -self.sign * lbfgs_direction(g, self.pairs)

    def __neg__(self):
        return WithoutMatrix(self.pairs, -self.sign)

    def __array__(self, dtype=None, copy=None):  # for functions that insist on a matrix, such as np.dot
        return np.stack([self @ e for e in np.eye(len(self.pairs[0][0]))], axis=1)

    dot = __matmul__


def remember(memory):
    """Return an `update` for your `bfgs` that keeps the last pairs in place of B."""
    pairs = []

    def update(inverse, s, y):
        if s @ y > 0:
            pairs.append((s, y))
        return WithoutMatrix(pairs[-memory:]) if pairs else inverse

    return update


# %%
def race(f, gradient, x0, steps):
    """Return the paths of three walkers."""

    def line_search(x, p):
        return wolfe_line_search(f, gradient, x, p)

    options = {"line_search": line_search, "tolerance": 1e-8, "max_steps": steps}
    return {
        "gradient descent": crawl(gradient, x0, 5e-4, steps),
        "BFGS": bfgs(gradient, x0, update=bfgs_update, **options),
        "L-BFGS, 10 pairs": bfgs(gradient, x0, update=remember(10), **options),
    }


small = race(ROSENBROCK.value, ROSENBROCK.gradient, start, 200)
large = race(long_rosenbrock, long_rosenbrock_gradient, np.tile([-1.2, 1.0], 10), 200)
picture = Picture(figsize=(11, 3.6), layout="constrained")
left, middle, right = picture.subplots(1, 3, width_ratios=[1.2, 1, 1])
show_contours(ROSENBROCK.value, (-1.8, 1.5), (-0.6, 1.8), paths=small, minimum=(1, 1), title="2 variables", ax=left)
values = {name: np.maximum(ROSENBROCK.value(path), 1e-20) for name, path in small.items()}
show_values(values | {"Newton": ROSENBROCK.value(searched_newton(start))}, title="2 variables", ax=middle)
middle.set_xlim(0, 60)
show_values(
    {name: [max(long_rosenbrock(x), 1e-20) for x in path] for name, path in large.items()},
    title="20 variables",
    ax=right,
)
picture

# %% [markdown]
# Without a second derivative, BFGS comes close to Newton. Its order lies between 1 and 2 ("superlinear"). L-BFGS
# remembers ten pairs only, and keeps up even in 20 variables.
#
# ## 8 Fitting curves
#
# Here is a classic: 14 measurements of a monomolecular adsorption (volume over pressure), the data set *Misra1a* that
# the U.S. National Institute of Standards and Technology uses to test fitting programs. The model is
#
# $$\hat y(t) = a\,\bigl(1 - e^{-bt}\bigr)$$
#
# What are $a$ and $b$? The certified answer: $a = 238.94212918$, $b = 5.5015643181 \cdot 10^{-4}$, with a sum of
# squares of 0.12455138894. We shall see how many of these digits you get.

# %% nbgrader={"grade_id": "misra", "locked": true}
pressure = np.array([77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0])
volume = np.array([10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78])
certified = np.array([238.94212918, 5.5015643181e-4])
far_start = np.array([500.0, 1e-4])  # the first start that NIST suggests

# %% [markdown]
# ### Residuals
#
# The parameters are $\theta = (a, b)$. The **residual** of a measurement is what the model says minus what was
# measured, $r_i = \hat y(t_i) - y_i$, and the function to be minimized half the sum of their squares,
#
# $$f(\theta) = \tfrac12 \lVert r(\theta) \rVert^2 .$$
#
# The **Jacobian** $J$ has a row per measurement and a column per parameter, $J_{ij} = \partial r_i/\partial\theta_j$.
#
# Example: $\theta = (2, 1)$ and the measurement $y = 1$ at $t = 0$: $r = 0 - 1 = -1$, and its row of $J$ is $(0, 0)$:
# at $t = 0$ the model says 0 whatever $a$ and $b$ are.


# %% nbgrader={"grade_id": "growth_code", "solution": true}
def growth_residual(theta, t, y):
    """Compute the residuals of the model a(1 − e^(−bt)).

    Parameters
    ----------
    theta : array (2,)
        a and b.
    t : array (m,)
        Where it was measured.
    y : array (m,)
        What was measured.

    Returns
    -------
    array (m,)
        r.
    """
    ### BEGIN SOLUTION
    a, b = theta
    return a * (1 - np.exp(-b * t)) - y
    ### END SOLUTION


def growth_jacobian(theta, t):
    """Compute the derivatives of the residuals.

    Parameters
    ----------
    theta : array (2,)
        a and b.
    t : array (m,)
        Where it was measured.

    Returns
    -------
    array (m, 2)
        J: ∂r/∂a in the first column, ∂r/∂b in the second.
    """
    ### BEGIN SOLUTION
    a, b = theta
    return np.stack([1 - np.exp(-b * t), a * t * np.exp(-b * t)], axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "growth", "grade": true}
check("growth")

# %% [markdown]
# ### Gauss–Newton
#
# For such an $f$ the chain rule gives gradient and Hessian
#
# $$\nabla f = J^\top r \qquad\qquad H = J^\top J + \sum_i r_i\, \nabla^2 r_i .$$
#
# The second term is laborious, and small where the residuals are small. Gauss and Newton leave it out: with
# $H \approx J^\top J$, Newton's step becomes
#
# $$J^\top J\, \delta = J^\top r \qquad\qquad \theta \leftarrow \theta - \delta$$
#
# Only first derivatives, and almost Newton's speed. (The slides take $f = \lVert r \rVert^2$, without the ½. Then both
# sides have a factor 2, $2J^\top J\,\delta = 2J^\top r$, and it cancels.)
#
# Example: $J = \begin{pmatrix} 1 & 0 \\ 0 & 2 \\ 0 & 0 \end{pmatrix}$, $r = (3, 4, 5)$: $J^\top J =
# \begin{pmatrix} 1 & 0 \\ 0 & 4 \end{pmatrix}$, $J^\top r = (3, 8)$, $\delta = (3, 2)$.
#
# This is the least-squares solution of $J\delta = r$. Professionals call a library for it that works on $J$ itself;
# here write the equations down.


# %% nbgrader={"grade_id": "gauss_newton_step_code", "solution": true}
def gauss_newton_step(residual, jacobian):
    """Compute the step of Gauss and Newton.

    Parameters
    ----------
    residual : array (m,)
        r.
    jacobian : array (m, n)
        J, with independent columns.

    Returns
    -------
    array (n,)
        δ, to be subtracted.
    """
    ### BEGIN SOLUTION
    return np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)
    ### END SOLUTION


# %% nbgrader={"grade_id": "gauss_newton_step", "grade": true}
check("gauss_newton_step")

# %% [markdown]
# From the start (500, 0.0001), ten steps:

# %%
theta = far_start
for k in range(11):
    r = growth_residual(theta, pressure, volume)
    print(f"{k:2}:  a = {theta[0]:14.8f}   b = {theta[1]:.8e}   sum of squares {r @ r:.10g}")
    theta = theta - gauss_newton_step(r, growth_jacobian(theta, pressure))

# %% [markdown]
# All digits, in ten steps. But look at the first one: the sum of squares grew from ten thousand to twenty-seven
# million. That it came back was luck. Just as Newton's, the step of Gauss and Newton trusts its model too far from
# where it was made.
#
# ### Levenberg: damping
#
# Levenberg's remedy is to add $\lambda$ to the diagonal:
#
# $$(J^\top J + \lambda I)\, \delta = J^\top r$$
#
# - $\lambda = 0$: Gauss–Newton.
# - $\lambda$ large: $\delta \approx \frac1\lambda J^\top r$, a short step of gradient descent.
#
# So $\lambda$ turns from the bold method to the careful one, and makes the step shorter as well. It also mends a
# singular $J^\top J$.
#
# **Mind the factor 2.** The slides print $(J^\top J + \lambda I)\,\delta = \nabla f$. With their $f = \lVert r
# \rVert^2$, $\nabla f = 2J^\top r$, and a 2 is missing on the left: for $\lambda \to 0$ the step would be *twice* that
# of Gauss–Newton, past the minimum to its mirror image. With the ½ in $f$, as here, $\nabla f = J^\top r$, and all
# three methods agree. (The student summary copies the formula, and adds another slip: what it prints under
# "Gauss–Newton" is Newton's step.)
#
# Example: as above, with $\lambda = 1$: $\begin{pmatrix} 2 & 0 \\ 0 & 5 \end{pmatrix} \delta = (3, 8)$, so
# $\delta = (1.5, 1.6)$.


# %% nbgrader={"grade_id": "levenberg_step_code", "solution": true}
def levenberg_step(residual, jacobian, damping):
    """Compute Levenberg's damped step.

    Parameters
    ----------
    residual : array (m,)
        r.
    jacobian : array (m, n)
        J.
    damping : float, at least 0
        λ.

    Returns
    -------
    array (n,)
        δ, to be subtracted.
    """
    ### BEGIN SOLUTION
    normal = jacobian.T @ jacobian
    return np.linalg.solve(normal + damping * np.eye(len(normal)), jacobian.T @ residual)
    ### END SOLUTION


# %% nbgrader={"grade_id": "levenberg_step", "grade": true}
check("levenberg_step")

# %% [markdown]
# ### Marquardt: damping in the right units
#
# In our problem $a$ is of the size of hundreds and $b$ of ten-thousandths, so the entries of $J^\top J$ differ by a
# factor of $10^{11}$. One $\lambda$ for both is nonsense: it stops $a$ while $b$ does not even notice. Marquardt scales
# it for each component by its own curvature:
#
# $$\bigl(J^\top J + \lambda\, \mathrm{diag}(J^\top J)\bigr)\, \delta = J^\top r$$
#
# $\mathrm{diag}(A)$ is $A$ with everything off the diagonal set to 0. Now the units do not matter, and components with
# a small gradient do not crawl.
#
# Example: as above, with $\lambda = 1$: $\begin{pmatrix} 2 & 0 \\ 0 & 8 \end{pmatrix} \delta = (3, 8)$, so
# $\delta = (1.5, 1)$.


# %% nbgrader={"grade_id": "levenberg_marquardt_step_code", "solution": true}
def levenberg_marquardt_step(residual, jacobian, damping):
    """Compute the damped step of Levenberg and Marquardt.

    Parameters
    ----------
    residual : array (m,)
        r.
    jacobian : array (m, n)
        J; no column is zero.
    damping : float, at least 0
        λ.

    Returns
    -------
    array (n,)
        δ, to be subtracted.
    """
    ### BEGIN SOLUTION
    normal = jacobian.T @ jacobian
    return np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ residual)
    ### END SOLUTION


# %% nbgrader={"grade_id": "levenberg_marquardt_step", "grade": true}
check("levenberg_marquardt_step")

# %% [markdown]
# ### Who sets the damping?
#
# The walk itself. In each step:
#
# 1. Try $\theta - \delta$ with the present $\lambda$.
# 2. If $f$ has **not** decreased there (or is NaN), the step was too bold: multiply $\lambda$ by `factor`, and try
#    again from the same $\theta$.
# 3. If it has, take the step, and divide $\lambda$ by `factor`: next time a little bolder.
#
# Stop after the first step that is shorter than `tolerance`, or after `max_steps` steps; trials that fail do not count
# as steps. If 30 trials in a row fail, there is no way down: stop without a step.
#
# The step comes in as a function `step(r, J, λ)`, so that the same loop serves Levenberg and Marquardt.
#
# Example: $\lambda = 1$, `factor` = 10. The first trial fails, the second, with $\lambda = 10$, succeeds; the next step
# begins with $\lambda = 1$.


# %% nbgrader={"grade_id": "damped_descent_code", "solution": true}
def damped_descent(residual, jacobian, x0, *, step, damping, factor, tolerance, max_steps):
    """Walk with damped steps, and control the damping.

    Parameters
    ----------
    residual : function
        `residual(x)` returns r, an array (m,).
    jacobian : function
        `jacobian(x)` returns J, an array (m, n).
    x0 : array (n,)
        The start.
    step : function
        `step(r, J, damping)` returns δ, to be subtracted.
    damping : float
        λ of the first trial.
    factor : float, above 1
        How fast λ changes.
    tolerance : float
        ε: the walk ends after the first step whose length is below it.
    max_steps : int
        How many steps to take at most.

    Returns
    -------
    array (K + 1, n)
        The start and the points after each of the K steps; f decreases from each to the next.
    """
    ### BEGIN SOLUTION
    path, r = [x0], residual(x0)
    for _ in range(max_steps):
        x, j = path[-1], jacobian(path[-1])
        for _ in range(30):
            new = x - step(r, j, damping)
            r_new = residual(new)
            if r_new @ r_new < r @ r:
                break
            damping *= factor
        else:
            break
        damping /= factor
        path.append(new)
        r = r_new
        if np.linalg.norm(new - x) < tolerance:
            break
    return np.array(path)
    ### END SOLUTION


# %% nbgrader={"grade_id": "damped_descent", "grade": true}
check("damped_descent")


# %% [markdown]
# The three methods from the far start. On the map, $b$ is multiplied by $10^4$, and the levels are those of the
# logarithm of $f$.


# %%
def fit(step, begin=far_start, *, time_unit=1.0, damping=1e-3):
    """Fit the model with your functions; `time_unit` measures t in other units, which changes those of b."""
    t = pressure / time_unit
    path = damped_descent(
        lambda theta: growth_residual(theta, t, volume),
        lambda theta: growth_jacobian(theta, t),
        begin * np.array([1, time_unit]),
        step=step,
        damping=damping,
        factor=10.0,
        tolerance=1e-11,
        max_steps=100,
    )
    return path / np.array([1, time_unit])


def undamped(begin=far_start, steps=10):
    path = [begin]
    for _ in range(steps):
        r, j = growth_residual(path[-1], pressure, volume), growth_jacobian(path[-1], pressure)
        path.append(path[-1] - gauss_newton_step(r, j))
    return np.array(path)


def misfit(theta):
    """Return f for parameters (..., 2)."""
    return 0.5 * (np.apply_along_axis(growth_residual, -1, theta, pressure, volume) ** 2).sum(axis=-1)


fits = {"Gauss–Newton": undamped(), "Levenberg": fit(levenberg_step), "Marquardt": fit(levenberg_marquardt_step)}
picture = Picture(figsize=(11, 3.6), layout="constrained")
left, middle, right = picture.subplots(1, 3)
left.plot(pressure, volume, "o", markersize=4, color="black", label="measured")
line = np.linspace(0, 1500, 200)
for name, theta, style in [("start", far_start, ":"), ("fitted", fits["Marquardt"][-1], "-")]:
    left.plot(line, growth_residual(theta, line, 0), style, color=BLUE, label=name)
left.set(xlabel="pressure", ylabel="volume", title="the measurements")
left.legend(frameon=False, fontsize=8)
show_contours(
    lambda p: np.log(misfit(p * np.array([1, 1e-4]))),
    (80, 720),
    (0.2, 14),
    paths={name: path * np.array([1, 1e4]) for name, path in fits.items()},
    minimum=tuple(certified * np.array([1, 1e4])),
    title="the way",
    ax=middle,
)
middle.set(xlabel="$a$", ylabel="$10^4\\,b$")
show_values({name: misfit(path) for name, path in fits.items()}, title="$f$", ax=right)
picture

# %% [markdown]
# The valley is bent and narrow: a larger $a$ can be made up for by a smaller $b$. Gauss–Newton leaps out of the map and
# returns; the two damped walks never go up. And how many digits are right?

# %%
for name, path in fits.items():
    digits = -np.log10(np.abs(path[-1] / certified - 1).max() + 1e-16)
    print(
        f"{name:13} {len(path) - 1:3} steps, a = {path[-1][0]:.8f}, b = {path[-1][1]:.10e}, {digits:.0f} digits right"
    )
print("\nsteps with the pressure in units of  1  10⁵  10⁶")
for begin in (far_start, np.array([100.0, 0.003])):
    print(f"from a = {begin[0]:g}, b = {begin[1]:g}:")
    for name, step in {"Levenberg": levenberg_step, "Marquardt": levenberg_marquardt_step}.items():
        steps = [len(fit(step, begin, time_unit=unit)) - 1 for unit in (1.0, 1e5, 1e6)]
        print(f"   {name:30}" + "".join(f"{count:5}" for count in steps))

# %% [markdown]
# Which of the two is faster depends on the start. But Levenberg's walk depends on the units as well, and Marquardt's
# does not (but for the test at its end, which measures the step in some unit). That it makes no difference whether
# somebody counts in millimetres or in miles is worth a lot.
#
# ### A small network
#
# A network whose loss is a squared error is just another curve. Here is one with 8 tanh neurons (given, with its
# Jacobian; 25 parameters), fitted to 60 noisy points of a sine by four methods.


# %% nbgrader={"grade_id": "small_network", "locked": true}
def net_residual(theta, t, y):
    w, b, v = theta[:-1].reshape(3, -1)
    return np.tanh(np.outer(t, w) + b) @ v + theta[-1] - y


def net_jacobian(theta, t):
    w, b, v = theta[:-1].reshape(3, -1)
    h = np.tanh(np.outer(t, w) + b)
    back = (1 - h**2) * v
    return np.concatenate([back * t[:, None], back, h, np.ones((len(t), 1))], axis=1)


def adam(gradient, x0, rate, steps):
    """Return the path of Adam."""
    path, m, v = [x0], np.zeros_like(x0), np.zeros_like(x0)
    for k in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        path.append(path[-1] - rate * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8))
    return np.array(path)


# %%
rng = np.random.default_rng(7)
t_net = np.sort(rng.uniform(-3, 3, 60))
y_net = np.sin(2 * t_net) + 0.1 * rng.standard_normal(60)
theta0 = np.concatenate([rng.standard_normal(16) * 1.5, rng.standard_normal(8) * 0.3, [0.0]])


def net_loss(theta):
    return 0.5 * (net_residual(theta, t_net, y_net) ** 2).sum()


def net_gradient(theta):
    return net_jacobian(theta, t_net).T @ net_residual(theta, t_net, y_net)


net_paths = {
    "gradient descent": crawl(net_gradient, theta0, 2e-3, 300),
    "Adam": adam(net_gradient, theta0, 0.05, 300),
    "BFGS": bfgs(
        net_gradient,
        theta0,
        line_search=lambda x, p: wolfe_line_search(net_loss, net_gradient, x, p),
        update=bfgs_update,
        tolerance=1e-7,
        max_steps=300,
    ),
    "Levenberg": damped_descent(
        lambda theta: net_residual(theta, t_net, y_net),
        lambda theta: net_jacobian(theta, t_net),
        theta0,
        step=levenberg_step,
        damping=1.0,
        factor=4.0,
        tolerance=1e-7,
        max_steps=300,
    ),
}
picture = Picture(figsize=(11, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
show_values(
    {name: [net_loss(x) for x in path] for name, path in net_paths.items()},
    title="a network with 25 parameters",
    ax=left,
)
line = np.linspace(-3, 3, 300)
right.plot(t_net, y_net, ".", color=GREY)
for (name, path), colour in zip(net_paths.items(), [BLUE, ORANGE, GREEN, "#CC79A7"], strict=True):
    right.plot(line, net_residual(path[min(60, len(path) - 1)], line, 0), color=colour, lw=1.5, label=name)
right.set(title="after 60 steps", xlabel="$t$")
right.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# For small networks with a squared error and all data at once, nothing beats it. (It is Levenberg's step here. A
# neuron that saturates makes a column of $J$ nearly zero, and then Marquardt's damping vanishes just where it is
# needed; programs give its diagonal a lower bound.) So why does everyone use Adam?
#
# ## 9 What it costs
#
# Count. A network has $k$ parameters, and a number takes `number` bytes (4 for float32).
#
# - The Hessian has $k^2$ entries.
# - Solving $H\delta = g$ by elimination takes about $\frac23 k^3$ operations (multiplications and additions).
# - L-BFGS stores `pairs` pairs of two vectors each.
#
# Example: $k = 1000$, 4 bytes, $10^9$ operations per second, 10 pairs: the Hessian takes 4 000 000 bytes, solving 0.667
# seconds, L-BFGS 80 000 bytes. In 4 000 000 bytes of memory the Hessian of a network with at most 1000 parameters
# finds room.


# %% nbgrader={"grade_id": "costs_code", "solution": true}
def hessian_bytes(parameters, number):
    """Return the memory (bytes) that the Hessian takes, all entries stored."""
    ### BEGIN SOLUTION
    return number * parameters**2
    ### END SOLUTION


def solve_seconds(parameters, speed):
    """Return how long one Newton step solves its system, at `speed` operations per second."""
    ### BEGIN SOLUTION
    return 2 * parameters**3 / 3 / speed
    ### END SOLUTION


def lbfgs_bytes(parameters, pairs, number):
    """Return the memory (bytes) that the pairs of L-BFGS take."""
    ### BEGIN SOLUTION
    return 2 * pairs * parameters * number
    ### END SOLUTION


def largest_network(memory, number):
    """Return the largest whole number of parameters whose Hessian fits into `memory` bytes."""
    ### BEGIN SOLUTION
    return int(np.sqrt(memory // number))
    ### END SOLUTION


# %% nbgrader={"grade_id": "costs", "grade": true}
check("costs")

# %% [markdown]
# Left, **measured** on this machine: the time of one step, without the gradient. Right, **counted** with your
# functions, for networks that you know; the dotted line is the memory of a large GPU, 80 GB.


# %%
def seconds(function, *inputs):
    """Return the shortest of five runs, in seconds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        function(*inputs)
        times.append(time.perf_counter() - begin)
    return min(times)


sizes, rng = [50, 100, 200, 400, 800], np.random.default_rng(0)
measured = {
    "Newton: solve": [],
    "BFGS: product with $B$": [],
    "L-BFGS: two loops, 10 pairs": [],
    "gradient descent": [],
}
for n in sizes:
    a, g = rng.standard_normal((n, n)), rng.standard_normal(n)
    h = a @ a.T + n * np.eye(n)
    history = [(s, h @ s) for s in rng.standard_normal((10, n))]
    measured["Newton: solve"].append(seconds(newton_step, g, h))
    measured["BFGS: product with $B$"].append(seconds(np.matmul, h, g))
    measured["L-BFGS: two loops, 10 pairs"].append(seconds(lbfgs_direction, g, history))
    measured["gradient descent"].append(seconds(np.multiply, -0.1, g))

networks = {"part 8": 25, "part 6": 65, "LeNet": 60_000, "ResNet-50": 25_600_000, "GPT-2": 1_500_000_000}
counts = np.array(list(networks.values()), dtype=float)
picture = Picture(figsize=(11, 4), layout="constrained")
left, right = picture.subplots(1, 2)
for (name, times), style in zip(measured.items(), ["o-", "s--", "^-.", "d:"], strict=True):
    left.loglog(sizes, times, style, markersize=4, label=name)
left.set_xticks(sizes, [str(n) for n in sizes])
left.minorticks_off()
left.set(xlabel="parameters", ylabel="seconds per step", title="measured")
left.legend(frameon=False, fontsize=8)
right.loglog(counts, [hessian_bytes(int(k), 4) for k in counts], "o-", markersize=4, label="Hessian, or BFGS's $B$")
right.loglog(counts, [lbfgs_bytes(int(k), 10, 4) for k in counts], "^-.", markersize=4, label="L-BFGS, 10 pairs")
right.loglog(counts, 4 * counts, "d:", markersize=4, label="gradient")
right.axhline(80e9, color="black", lw=1, ls=":")
beside = {"textcoords": "offset points", "ha": "right", "va": "center", "fontsize": 8}
for name, k in networks.items():
    right.annotate(name, (k, hessian_bytes(k, 4)), (-6, 0), **beside)
right.set(xlabel="parameters", ylabel="bytes", title="counted", xlim=(3, 1e10), ylim=(30, 1e21))
right.legend(frameon=False, fontsize=8, loc="lower right")
print(f"80 GB hold the Hessian of {largest_network(80 * 10**9, 4):,} parameters")
for name, k in networks.items():
    print(f"{name:16} one system at 10^14 operations per second: {solve_seconds(k, 1e14):.3g} s")
picture

# %% [markdown]
# (A year has $3 \cdot 10^7$ seconds. BFGS's update has products of matrices as part 7 prints it, $n^3$ operations.
# Multiplied out it needs only products of $B$ and a vector and outer products, $n^2$, as the lecture says.)
#
# ### And the noise
#
# Memory is not all. Networks are trained on **mini-batches**, and the curvature of a mini-batch is a poor guess. Below,
# the logistic regression of part 6, with your `newton_step`: all 1077 digits in every step, or a new mini-batch each
# time.

# %%
rng = np.random.default_rng(1)


def train(step, batch_size, steps):
    """Return the loss on all digits after each step; `step(w, batch)` is subtracted."""
    w, losses = np.zeros(65), [logistic_loss(np.zeros(65))]
    for _ in range(steps):
        batch = rng.permutation(len(signs))[:batch_size] if batch_size else slice(None)
        w = w - step(w, batch)
        losses.append(logistic_loss(w))
    return losses


def by_newton(w, batch):
    return newton_step(logistic_gradient(w, batch), logistic_hessian(w, batch))


def by_gradient(w, batch):
    return 0.5 * logistic_gradient(w, batch)


show_values(
    {
        "Newton, all digits": train(by_newton, None, 60),
        "Newton, batches of 64": train(by_newton, 64, 60),
        "Newton, batches of 256": train(by_newton, 256, 60),
        "gradient descent, all digits": train(by_gradient, None, 60),
        "SGD, batches of 64": train(by_gradient, 64, 60),
    },
    ylabel="loss on all digits",
    title="logistic regression on digits, 65 parameters",
    ax=(ax := Picture(figsize=(6.5, 3.8), layout="constrained").subplots()),
)
ax.set(ylim=(0.25, 3), yticks=[0.3, 0.5, 1, 2], yticklabels=["0.3", "0.5", "1", "2"])
ax.minorticks_off()
ax.figure

# %% [markdown]
# With all digits Newton is at the minimum after a few steps. With batches of 256 it never gets there: each step fits
# one batch and forgets the others. With batches of 64, fewer samples than parameters, it leaves the map altogether.
# Plain SGD does not mind: the average over its many small steps is right.
#
# **Question** (graded by hand, a few sentences; from an exam). You train a network for image classification with a
# very large data set. A friend who studies mathematics suggests: "With Newton's method your network would converge much
# faster than with gradient descent!" In which sense is the friend right? Give three reasons, with numbers where you
# can, why nobody does it. Why does L-BFGS remove only the first of them? And name a problem for which you would follow
# the advice.

# %% [markdown] nbgrader={"grade_id": "why_not_deep", "grade": true, "solution": true}
# The friend is right about the number of *iterations*: near the minimum the number of correct digits doubles in every
# step, and there is no learning rate to choose.
#
# 1. **Memory and time.** The Hessian has $k^2$ entries and solving takes about $\frac23 k^3$ operations. For ResNet-50
#    with 25 million parameters that is $2.6 \cdot 10^{15}$ bytes, and at $10^{14}$ operations per second one step would
#    take about $10^8$ seconds, years. In the same time SGD takes millions of steps.
# 2. **Mini-batches.** The method needs gradient and curvature of all data in every step. Those of a mini-batch are too
#    noisy: with fewer samples than parameters the Hessian is even singular but for the regularization, and the step
#    fits this batch at the cost of the others.
# 3. **Saddle points.** The loss is not convex. Newton's step goes to the nearest stationary point of its parabola, and
#    in high dimensions most of them are saddles; where the Hessian has negative eigenvalues the step may go uphill.
#
# L-BFGS needs only $2mk$ numbers and about $4mk$ operations, so the first reason is gone. The noise remains: its pairs
# $y$ are differences of gradients, which two different batches falsify, and its line search compares values of $f$
# that must belong to the same data. (Of the third it keeps a part: it goes downhill only, but pairs with $y^\top s \le
# 0$ teach it nothing.)
#
# Worth it: few parameters, all data at once, high accuracy wanted. Curve fitting, camera calibration and bundle
# adjustment (Levenberg–Marquardt), logistic regression (Newton, L-BFGS), large sparse linear systems (conjugate
# gradient).

# %% [markdown]
# ## That is all
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **What to remember**
#
# - Newton goes to the vertex of the parabola, $H\delta = \nabla L$: one step on a quadratic, digits that double
#   elsewhere, and no learning rate. Solve the system, never invert the matrix.
# - It looks for *stationary* points. The signs of the Hessian's eigenvalues tell a minimum from a saddle.
# - Far from the minimum it needs a line search or damping. Wolfe: $f$ falls enough, and the slope becomes flat enough.
# - Conjugate gradient solves a linear system with products $Ap$ alone, in about $\sqrt\kappa$ steps; gradient descent
#   needs $\kappa$. A product $Hv$ costs two gradients.
# - BFGS learns $H^{-1}$ from steps and changes of the gradient, $By = s$. L-BFGS keeps the last few pairs: $\mathcal
#   O(n)$ instead of $\mathcal O(n^2)$.
# - For squared errors: Gauss–Newton drops the second derivatives of the residuals, Levenberg–Marquardt damps it, more
#   after a failure, less after a success.
# - The lecture's advice: when you can use all data in every step and have few parameters, take a second-order method,
#   it is just faster. For deep networks that is practically never so: Adam, or SGD with momentum.
#
# **Further reading.** I2DL lecture 5. J. Nocedal, S. Wright, *Numerical Optimization*, 2006, chapters 3, 5, 6, 7 and
# 10. J. Shewchuk, *An introduction to the conjugate gradient method without the agonizing pain*, 1994. K. Madsen, H.
# Nielsen, O. Tingleff, *Methods for non-linear least squares problems*, 2004. J. Martens, *Deep learning via
# Hessian-free optimization*, 2010. Y. Dauphin and others, *Identifying and attacking the saddle point problem in
# high-dimensional non-convex optimization*, 2014. J. Martens, R. Grosse, *Optimizing neural networks with
# Kronecker-factored approximate curvature*, 2015: what comes nearest to Newton's method in deep learning. The data of
# part 8: D. Misra, *Misra1a*, NIST Statistical Reference Datasets, 1978.
