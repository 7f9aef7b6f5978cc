# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 02 · Computing gradients
#
# Everything that learns here learns by gradient descent, so somebody has to supply the gradients. There are four ways
# to get them, and you will build all four: **by hand**, **symbolically**, **numerically** and **automatically**. The
# last one is how PyTorch does it. When you are through, it holds no secrets: your own engine records a graph, runs it
# backwards, draws it, and trains a small network.
#
# | part | you build | follows |
# | --- | --- | --- |
# | 1 | gradients by hand, on a computational graph | I2DL lectures 3 and 4 |
# | 2 | numerical gradients, their error, the gradient check | CS 4803/7643 |
# | 3–4 | the local rules, and reverse mode: backpropagation | I2DL lecture 4 |
# | 5 | forward mode: dual numbers | CS 4803/7643 |
# | 6–7 | the four ways on one program, and what each costs | CS 4803/7643 |
#
# **Time:** about three hours. You need the chain rule and Python classes; no PyTorch.
#
# Fill in the cells that say `YOUR CODE HERE`, and run the `check` after each. No step needs an earlier one to be
# right: if you are stuck, go on. (Some pictures will then have to wait.)

# %% nbgrader={"grade_id": "setup", "locked": true}
import math

import numpy as np

from autograder import Check
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture
from i2dl.plots.graph import draw_graph

check = Check("02_computing_gradients")

# %% [markdown]
# ## 1 By hand, on a graph
#
# A **computational graph** takes a formula apart. Every node is an input or one simple operation; every edge carries a
# number to the operation that needs it. Here is
#
# $$f(x, y, z) = (x + y) \cdot z \qquad\text{at}\qquad x = 1,\; y = -3,\; z = 4.$$
#
# Computing from left to right is the **forward pass**. On the way the sum gets a name, $d = x + y = -2$.


# %% nbgrader={"grade_id": "sketch", "locked": true}
class Sketch:
    """A node of a picture: its number, what made it, and the nodes that it was made of."""

    def __init__(self, data, operation="", parents=(), name=""):
        self.data, self.operation, self.name, self.grad = data, operation, name, 0.0
        self.edges = [(parent, 0.0) for parent in parents]


x, y, z = Sketch(1, name="x"), Sketch(-3, name="y"), Sketch(4, name="z")
d = Sketch(-2, "+", [x, y], name="d")
draw_graph(Sketch(-8, "×", [d, z], name="f"), gradients=False)

# %% [markdown]
# The **backward pass** answers the question by how much $f$ moves when one of the numbers moves a little. It starts at
# the end, with $\partial f/\partial f = 1$, and goes from right to left. Each operation knows its own **local slopes**
# and nothing else:
#
# $$d = x + y:\quad \frac{\partial d}{\partial x} = 1,\;\; \frac{\partial d}{\partial y} = 1
# \qquad\qquad
# f = d \cdot z:\quad \frac{\partial f}{\partial d} = z,\;\; \frac{\partial f}{\partial z} = d$$
#
# The chain rule puts them together: what comes back on an edge is
#
# $$\text{local slope} \times \text{upstream gradient},\qquad\text{for example}\qquad
# \frac{\partial f}{\partial x} = \frac{\partial d}{\partial x} \cdot \frac{\partial f}{\partial d}.$$
#
# With the numbers above: $\partial f/\partial z = d = -2$, $\partial f/\partial d = z = 4$, and so
# $\partial f/\partial x = \partial f/\partial y = 1 \cdot 4 = 4$. (Lecture 4 prints the letters of $y$ where it
# derives $x$; the numbers are right.)


# %% nbgrader={"grade_id": "sum_times_z_code", "solution": true}
def sum_times_z(x, y, z):
    """Compute f = (x + y) · z, forward and backward.

    Parameters
    ----------
    x, y, z : float
        The inputs.

    Returns
    -------
    f : float
        The value: −8 at 1, −3, 4.
    gradient : tuple of three floats
        (∂f/∂x, ∂f/∂y, ∂f/∂z): (4, 4, −2) at 1, −3, 4.
    """
    ### BEGIN SOLUTION
    d = x + y
    f = d * z
    dd, dz = z, d
    return f, (1.0 * dd, 1.0 * dd, dz)
    ### END SOLUTION


# %% nbgrader={"grade_id": "sum_times_z", "grade": true}
check("sum_times_z")

# %% [markdown]
# ### A neuron
#
# A sigmoid neuron weighs its inputs, adds a bias and squashes the sum:
#
# $$f = \frac{1}{1 + e^{-(b + w_0 x_0 + w_1 x_1)}}$$
#
# Taken apart, that is $s = b + \sum_i w_i x_i$, then $n = -s$, $e = e^{n}$, $q = 1 + e$, $f = 1/q$. Four local slopes
# are all you need for the way back:
#
# | operation | $1/x$ | $c + x$ | $e^x$ | $c \cdot x$ |
# | --- | --- | --- | --- | --- |
# | local slope | $-1/x^2$ | $1$ | $e^x$ | $c$ |
#
# The lecture's numbers, $w = (2, -3)$, $x = (-1, -2)$, $b = -3$, give $s = 1$ and
#
# | | $s$ | $n = -s$ | $e^{n}$ | $q = 1 + e^{n}$ | $f = 1/q$ |
# | --- | --- | --- | --- | --- | --- |
# | forward | 1.00 | −1.00 | 0.37 | 1.37 | **0.73** |
# | backward | 0.20 | −0.20 | −0.53 | −0.53 | 1.00 |
#
# Read the second row from the right: $1 \cdot (-1/1.37^2) = -0.53$, then $\cdot\, 1$, then $\cdot\, e^{-1}$, then
# $\cdot\,(-1)$. From $s$ the gradient 0.20 goes on to the bias, to every weight and to every input.


# %% nbgrader={"grade_id": "sigmoid_neuron_code", "solution": true}
def sigmoid_neuron(w, x, b):
    """Compute a sigmoid neuron, forward and backward.

    Parameters
    ----------
    w, x : arrays (D,)
        Weights and inputs.
    b : float
        The bias.

    Returns
    -------
    out : float
        f = 1 / (1 + exp(−(b + Σ wᵢxᵢ))).
    stages : list of four floats
        ∂f/∂q, ∂f/∂e, ∂f/∂n, ∂f/∂s, in the order of the backward pass: −0.53, −0.53, −0.20, 0.20 in the example.
    dw, dx : arrays (D,)
        ∂f/∂w and ∂f/∂x: (−0.20, −0.39) and (0.39, −0.59).
    db : float
        ∂f/∂b: 0.20.
    """
    ### BEGIN SOLUTION
    s = b + np.sum(w * x)
    e = np.exp(-s)
    q = 1 + e
    out = 1 / q
    dq = -1 / q**2
    de = dq
    dn = de * e
    ds = -dn
    return out, [dq, de, dn, ds], ds * x, ds * w, ds
    ### END SOLUTION


# %% nbgrader={"grade_id": "sigmoid_neuron", "grade": true}
check("sigmoid_neuron")

# %% [markdown]
# ### A network with one neuron per layer
#
# The smallest network that has layers, with its squared error:
#
# $$z = w_1 x \qquad h = \max(0, z) \qquad \hat y = w_2 h \qquad L = (\hat y - y)^2$$
#
# $$\frac{\partial L}{\partial w_2} = \underbrace{2(\hat y - y)}_{\partial L/\partial \hat y} \cdot\; h
# \qquad\qquad
# \frac{\partial L}{\partial w_1} = 2(\hat y - y) \cdot w_2 \cdot \frac{\partial h}{\partial z} \cdot x$$
#
# The ReLU's slope is 1 where **its own input** $z$ is positive, and 0 elsewhere. (One slide of lecture 4 asks for
# $x > 0$ instead. With a negative $x$ and a negative $w_1$ that makes a difference. And the student summary loses the 2
# when it differentiates a squared error; lecture 3 has it.)
#
# Example: $x = 1$, $y = 0$, $w_1 = \tfrac13$, $w_2 = 2$ gives $\hat y = \tfrac23$,
# $\partial L/\partial w_2 = 2 \cdot \tfrac23 \cdot \tfrac13 = \tfrac49$ and
# $\partial L/\partial w_1 = 2 \cdot \tfrac23 \cdot 2 \cdot 1 \cdot 1 = \tfrac83$.


# %% nbgrader={"grade_id": "relu_network_code", "solution": true}
def relu_network(x, y, w1, w2):
    """Compute L = (w₂ · max(0, w₁x) − y)², forward and backward.

    Parameters
    ----------
    x, y : float
        Input and target.
    w1, w2 : float
        The two weights.

    Returns
    -------
    loss : float
        L.
    dw1, dw2 : float
        ∂L/∂w₁ and ∂L/∂w₂: 8/3 and 4/9 in the example.
    """
    ### BEGIN SOLUTION
    z = w1 * x
    h = max(0.0, z)
    prediction = w2 * h
    loss = (prediction - y) ** 2
    dprediction = 2 * (prediction - y)
    dw2 = dprediction * h
    dh = dprediction * w2
    dz = dh if z > 0 else 0.0
    return loss, dz * x, dw2
    ### END SOLUTION


# %% nbgrader={"grade_id": "relu_network", "grade": true}
check("relu_network")

# %% [markdown]
# ## 2 Numerically: measure it
#
# Did you derive correctly? A slope can be **measured**: move the input a little and see what the output does. From
# lecture CS 4803/7643, with $h = 0.0001$ and one weight moved at a time:
#
# | | loss before | loss after | (after − before) / $h$ |
# | --- | --- | --- | --- |
# | first weight | 1.25347 | 1.25322 | −2.5 |
# | second weight | 1.25347 | 1.25353 | 0.6 |
# | third weight | 1.25347 | 1.25347 | 0 |
#
# That is the **one-sided difference**. The **central difference** steps to both sides:
#
# $$\frac{f(x + h) - f(x)}{h} \qquad\text{or}\qquad \frac{f(x + h) - f(x - h)}{2h}$$
#
# Example: for $f(x) = x^3$ at $x = 1$ with $h = 0.1$ they give 3.31 and 3.01; the slope is 3.


# %% nbgrader={"grade_id": "differences_code", "solution": true}
def one_sided(f, x, h):
    """Return the one-sided difference of f at x.

    Parameters
    ----------
    f : function
        From a number to a number.
    x, h : float
        Where, and how far to step to the right.

    Returns
    -------
    float
        The measured slope.
    """
    ### BEGIN SOLUTION
    return (f(x + h) - f(x)) / h
    ### END SOLUTION


def central(f, x, h):
    """Return the central difference of f at x: a step of h to both sides. Arguments and result are as above."""
    ### BEGIN SOLUTION
    return (f(x + h) - f(x - h)) / (2 * h)
    ### END SOLUTION


# %% nbgrader={"grade_id": "differences", "grade": true}
check("differences")

# %% [markdown]
# Both measure the slope of a **secant**. Left: one-sided, the secant starts at the point. Right: central, it straddles
# the point, and lies almost parallel to the tangent even with a large step.

# %% nbgrader={"grade_id": "secants", "locked": true}
picture = Picture(figsize=(9, 3.2), layout="constrained")
grid = np.linspace(-0.2, 2.4, 200)
for ax, difference, left in zip(picture.subplots(1, 2, sharey=True), [one_sided, central], [0, 1], strict=True):
    ax.plot(grid, np.exp(grid), color=BLUE, linewidth=2, label="$e^x$")
    ax.plot(grid, np.e * grid, color="black", linestyle=":", label=f"tangent, slope {np.e:.3f}")
    for h, color in ((1.0, ORANGE), (0.5, GREEN)):
        slope, start = difference(math.exp, 1.0, h), 1 - left * h
        ax.plot(grid, math.exp(start) + slope * (grid - start), "--", color=color, label=f"h = {h}, slope {slope:.3f}")
    ax.set(title=difference.__name__.replace("_", "-"), xlabel="x", ylim=(0, 9))
    ax.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# ### Smaller is not always better
#
# So take $h$ as small as possible? Two errors are at work, and they pull in opposite directions.
#
# - **Truncation**: the secant is not the tangent. By Taylor the one-sided difference is off by about
#   $\tfrac{h}{2} |f''|$, the central one by $\tfrac{h^2}{6} |f'''|$.
# - **Rounding**: a float keeps about 16 digits, so every value of $f$ is off by up to $\varepsilon |f|$ with
#   $\varepsilon = 2.2 \cdot 10^{-16}$. The difference of two of them is off by up to $2 \varepsilon |f|$, and that is
#   divided by $h$, or by $2h$.
#
# $$E_1(h) = \frac{h}{2} |f''| + \frac{2 \varepsilon |f|}{h} \qquad\qquad
# E_2(h) = \frac{h^2}{6} |f'''| + \frac{\varepsilon |f|}{h}$$
#
# Find the $h$ at which each is smallest: differentiate by $h$, set to zero, solve. (By hand, of course.)
#
# Example: with $|f| = |f''| = |f'''| = 1$ the best steps are $3.0 \cdot 10^{-8}$ and $8.7 \cdot 10^{-6}$.


# %% nbgrader={"grade_id": "best_steps_code", "solution": true}
def best_step_one_sided(f, f2, eps):
    """Return the step at which E₁ is smallest.

    Parameters
    ----------
    f, f2 : float
        The sizes |f| and |f″|, positive.
    eps : float
        The relative rounding error ε.

    Returns
    -------
    float
        The best h.
    """
    ### BEGIN SOLUTION
    return 2 * (eps * f / f2) ** 0.5
    ### END SOLUTION


def best_step_central(f, f3, eps):
    """Return the step at which E₂ is smallest; f3 is |f‴|, the rest is as above."""
    ### BEGIN SOLUTION
    return (3 * eps * f / f3) ** (1 / 3)
    ### END SOLUTION


# %% nbgrader={"grade_id": "best_steps", "grade": true}
check("best_steps")

# %% [markdown]
# Now look. Below are the errors of your two differences for $f = e^x$ at $x = 1$, where all derivatives are $e$; dotted
# lines mark your best steps. From the right, the error falls with $h$ (one-sided) or $h^2$ (central): truncation. Left
# of the best step it grows again, and ragged: rounding. In float32, which keeps 7 digits, the best that a one-sided
# difference can do is three digits. **Check gradients in float64.**

# %% nbgrader={"grade_id": "error_curve", "locked": true}
steps = 10.0 ** np.arange(-15, 0.01, 0.125)


def relative_errors(difference, number):
    """Return the error of the slope of exp at 1, relative to e, at every step that is not rounded away."""
    kept = [h for h in steps if number(1) + number(h) != 1 and number(1) - number(h) != 1]
    slopes = [difference(np.exp, number(1), number(h)) for h in kept]
    return kept, [max(abs(float(s) - math.e) / math.e, 1e-16) for s in slopes]


picture = Picture(figsize=(8, 4), layout="constrained")
ax = picture.subplots()
ax.loglog(*relative_errors(one_sided, np.float32), color=GREY, linestyle="--", label="one-sided, float32")
ax.loglog(*relative_errors(one_sided, np.float64), color=ORANGE, label="one-sided, float64")
ax.loglog(*relative_errors(central, np.float64), color=BLUE, linewidth=2, label="central, float64")
eps = np.finfo(float).eps
for h, color in ((best_step_one_sided(1, 1, eps), ORANGE), (best_step_central(1, 1, eps), BLUE)):
    ax.axvline(h, color=color, linestyle=":")
ax.set(xlabel="step h", ylabel="relative error", ylim=(1e-13, 10), title="the error of a measured slope")
ax.grid(alpha=0.3)
ax.legend(frameon=False, loc="lower left")
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Explain the picture to a friend who says "in mathematics the
# derivative is the limit $h \to 0$, so I use $h = 10^{-15}$". Why does the error grow to the left, why is the central
# curve steeper on the right, and why is its best step larger?

# %% [markdown] nbgrader={"grade_id": "why_not_smaller", "grade": true, "solution": true}
# For a tiny $h$ the two values of $f$ agree in nearly all of their 16 digits. Their difference keeps the few digits
# that are left, and the rounding error in it, about $\varepsilon |f|$ whatever $h$ is, is blown up by the division by
# $h$: the error grows like $1/h$ as $h$ shrinks. At $10^{-15}$ hardly one digit of the slope is right. (The limit is
# one of exact numbers, and floats are not.)
#
# On the right rounding does not matter, and Taylor's remainder does. In the central difference the terms with $f''$
# cancel because the two steps are symmetric, so the error falls with $h^2$, twice as steep in the double logarithmic
# picture as the one-sided $h$. And since its truncation error is so much smaller, it pays to stay at a larger step,
# where rounding does less harm: the best step is near $\varepsilon^{1/3}$ rather than $\varepsilon^{1/2}$, and the
# smallest error near $\varepsilon^{2/3}$ rather than $\varepsilon^{1/2}$.

# %% [markdown]
# ### All entries of an array
#
# A loss has many weights. Move them one at a time, each to both sides, and put each back before the next one moves:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}$$
#
# Example: $f(x) = x_0^2 + 3 x_1$ at $(2, 5)$ has the gradient $(4, 3)$, and so measures it for any $h$.


# %% nbgrader={"grade_id": "numerical_gradient_code", "solution": true}
def numerical_gradient(f, x, h=1e-5):
    """Measure the gradient of f at x with central differences.

    Parameters
    ----------
    f : function
        Takes an array of x's shape, returns a number.
    x : float array of any shape
        Where to measure. If you move its entries, put them back.
    h : float
        How far to move.

    Returns
    -------
    array of x's shape
        The measured gradient.

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
# ### The gradient check
#
# > A numerical gradient is slow and approximate, but easy to write. A derived gradient is fast and exact, but easy to
# > get wrong. So derive the second, and check it with the first.
#
# Compare the two entry by entry, by the **relative** error: being 0.001 off is excellent for a slope of 5000, and
# hopeless for one of 0.002.
#
# $$\mathrm{error}_i = \frac{|a_i - b_i|}{\max(|a_i| + |b_i|,\; 10^{-8})}$$
#
# The maximum below keeps $0/0$ away. In float64, $10^{-7}$ is fine and $10^{-2}$ is wrong.
#
# Example: $a = (1, 2, 0)$ and $b = (1, 2.2, 0)$ have the errors $(0, \tfrac{0.2}{4.2}, 0)$; the worst is 0.0476, at
# index $(1,)$.


# %% nbgrader={"grade_id": "compare_gradients_code", "solution": true}
def compare_gradients(derived, measured):
    """Find where two gradients differ most.

    Parameters
    ----------
    derived, measured : arrays of one shape
        The gradient from a backward pass, and the numerical one.

    Returns
    -------
    error : float
        The largest relative error.
    index : tuple of ints
        Where it is, one index per axis.

    Hint: `np.unravel_index(flat_index, shape)` turns the position in the flattened array into a tuple.
    """
    ### BEGIN SOLUTION
    scale = np.maximum(np.abs(derived) + np.abs(measured), 1e-8)
    errors = np.abs(derived - measured) / scale
    index = np.unravel_index(np.argmax(errors), errors.shape)
    return float(errors[index]), tuple(int(i) for i in index)
    ### END SOLUTION


# %% nbgrader={"grade_id": "compare_gradients", "grade": true}
check("compare_gradients")

# %% [markdown]
# Put your own gradients of part 1 to the test, and three strangers: each claims to be the gradient of
# $f(v) = \sum_i \sin(v_i)\, v_i$. Who is right? And what does the size of the error tell about the others?

# %%
point = np.array([1.0, -3.0, 4.0])
derived = np.array(sum_times_z(*point)[1])
print(f"{'sum_times_z':24}", compare_gradients(derived, numerical_gradient(lambda v: sum_times_z(*v)[0], point)))
weights = np.array([1 / 3, 2.0])
derived = np.array(relu_network(1.0, 0.0, *weights)[1:])
measured = numerical_gradient(lambda v: relu_network(1.0, 0.0, *v)[0], weights)
print(f"{'relu_network':24}", compare_gradients(derived, measured))

strangers = {
    "cos(v)": np.cos,
    "sin(v) + v cos(v)": lambda v: np.sin(v) + v * np.cos(v),
    "sin(v) + v cos(v) / 1.01": lambda v: np.sin(v) + v * np.cos(v) / 1.01,
}
at = np.array([[0.5, 1.0, 1.5], [2.0, 2.5, 3.0]])
measured = numerical_gradient(lambda v: np.sum(np.sin(v) * v), at)
for claim, gradient in strangers.items():
    print(f"{claim:24}", compare_gradients(gradient(at), measured))

# %% [markdown]
# ## 3 The rules, once and for all
#
# Now let the machine derive. However long a program is, it consists of a handful of elementary operations. For each of
# these somebody has to find the local slope by hand, **once**. That somebody is you.
#
# A *rule* takes a number and returns two: the value of the function there, and its slope there.
#
# | rule | value | example |
# | --- | --- | --- |
# | `exp_rule(x)` | $e^x$ | at 0: (1, 1) |
# | `reciprocal_rule(x)` | $1/x$ | at 2: (0.5, −0.25) |
# | `log_rule(x)` | $\log x$ | at 2: (0.69, 0.5) |
# | `tanh_rule(x)` | $\tanh x$ | at 1: (0.76, 0.42) |
# | `relu_rule(x)` | $\max(0, x)$ | at 3: (3, 1), at −3: (0, 0) |
# | `power_rule(x, n)` | $x^n$ for a fixed number $n$ | at 3 with $n = 2$: (9, 6) |
#
# Two hints: $\tanh' = 1 - \tanh^2$. And often the value, once computed, helps with the slope.


# %% nbgrader={"grade_id": "local_rules_code", "solution": true}
def exp_rule(x):
    """Return eˣ and its slope, for a number x."""
    ### BEGIN SOLUTION
    out = math.exp(x)
    return out, out
    ### END SOLUTION


def reciprocal_rule(x):
    """Return 1/x and its slope, for a number x other than 0."""
    ### BEGIN SOLUTION
    out = 1 / x
    return out, -out * out
    ### END SOLUTION


def log_rule(x):
    """Return the natural logarithm of x and its slope, for a positive number x."""
    ### BEGIN SOLUTION
    return math.log(x), 1 / x
    ### END SOLUTION


def tanh_rule(x):
    """Return tanh x and its slope, for a number x."""
    ### BEGIN SOLUTION
    out = math.tanh(x)
    return out, 1 - out * out
    ### END SOLUTION


def relu_rule(x):
    """Return max(0, x) and its slope, for a number x; at 0 the slope is 0."""
    ### BEGIN SOLUTION
    return max(0.0, x), 1.0 if x > 0 else 0.0
    ### END SOLUTION


def power_rule(x, n):
    """Return xⁿ and its slope by x, for numbers x and n."""
    ### BEGIN SOLUTION
    return x**n, n * x ** (n - 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "local_rules", "grade": true}
check("local_rules")

# %% nbgrader={"grade_id": "rule_plots", "locked": true}
picture = Picture(figsize=(9, 4.6), layout="constrained")
shown = {
    "exp": (exp_rule, -2, 2),
    "1/x": (reciprocal_rule, 0.3, 3),
    "log": (log_rule, 0.1, 3),
    "tanh": (tanh_rule, -3, 3),
    "relu": (relu_rule, -2, 2),
    "x³": (lambda x: power_rule(x, 3), -1.5, 1.5),
}
for ax, (name, (rule, low, high)) in zip(picture.subplots(2, 3).flat, shown.items(), strict=True):
    grid = np.linspace(low, high, 301)
    value, slope = np.transpose([rule(float(x)) for x in grid])
    ax.plot(grid, value, color=BLUE, linewidth=2, label="value")
    ax.plot(grid, slope, "--", color=ORANGE, label="slope")
    ax.set(title=name)
    ax.grid(alpha=0.3)
    ax.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# From the rules, functions that anyone can call follow, `exp(x)` and so on. On a plain number they just compute. On one
# of the special numbers that you are about to invent, they ask that number to *apply* the rule to itself. In the same
# way, $-$, $/$ and `**` follow from $+$, $\times$ and the rules: $a - b = a + (-1) \cdot b$, $a / b = a \cdot
# \tfrac1b$. The cell below says so to Python; both of your kinds of number will be built on `Number`.


# %% nbgrader={"grade_id": "numbers", "locked": true}
class Number:
    """What follows from +, × and the rules, for any class that has `__add__`, `__mul__` and `apply`."""

    __array_ufunc__ = None  # or NumPy's numbers would take a Number for an array of objects

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * reciprocal(other)

    def __rtruediv__(self, other):
        return reciprocal(self) if other == 1 else other * reciprocal(self)

    def __pow__(self, n):
        return power(self, n)


def elementary(rule, operation, x):
    """Compute an elementary function of a plain number, or let a Number apply its rule."""
    return x.apply(rule, operation) if isinstance(x, Number) else rule(x)[0]


def exp(x):
    return elementary(exp_rule, "exp", x)


def reciprocal(x):
    return elementary(reciprocal_rule, "1/·", x)


def log(x):
    return elementary(log_rule, "log", x)


def tanh(x):
    return elementary(tanh_rule, "tanh", x)


def relu(x):
    return elementary(relu_rule, "relu", x)


def power(x, n):
    return elementary(lambda v: power_rule(v, n), "·²" if n == 2 else f"·^{n}", x)


# %% [markdown]
# ## 4 Reverse mode: numbers that remember
#
# The engine behind PyTorch fits on one page. Its numbers, `Value`s, **remember how they were made**: from which
# parents, and with which local slopes. Whoever computes with them leaves a computational graph behind:
#
# ```
# x, y, z = Value(1.0), Value(-3.0), Value(4.0)
# d = x + y     # d.data is -2.0,  d.edges is ((x, 1.0), (y, 1.0))
# f = d * z     # f.data is -8.0,  f.edges is ((d, 4.0), (z, -2.0))
# ```
#
# Read the last line as "the product, made of `d` with slope $z = 4$, and of `z` with slope $d = -2$". So an operation
# does two things: it computes, and it notes a pair (parent, local slope) for each number that went in. Nothing is
# propagated yet.
#
# Plain numbers may take part, as in `2 * x`. `as_value` makes constants of them.


# %% nbgrader={"grade_id": "as_value", "locked": true}
def as_value(number):
    """Return a Value as it is, and a plain number as a constant."""
    return number if isinstance(number, Number) else Value(number, "constant")


# %% [markdown]
# Fill in the three operations. `apply` serves all elementary functions at once: `rule(number)` returns value and slope,
# as in part 3. Each returns a new `Value(data, operation, edges)`; for pictures, call the operations `"+"` and `"×"`.


# %% nbgrader={"grade_id": "value_code", "solution": true}
class Value(Number):
    """A number that remembers how it was made.

    Attributes
    ----------
    data : float
        The number.
    operation : str
        What made it: "+", "×", "exp", ...; "" for an input, "constant" for a plain number.
    edges : tuple of pairs
        ((parent, ∂self/∂parent), ...), one pair for each number that went in.
    name : str
        What pictures call it.
    grad : float
        ∂f/∂self, once `f.backward()` has been called.
    """

    def __init__(self, data, operation="", edges=(), name=""):
        self.data, self.operation, self.edges, self.name = data, operation, edges, name
        self.grad = 0.0

    def __repr__(self):
        return f"Value({self.data:.6g}, grad={self.grad:.6g})"

    def __add__(self, other):
        """Return self + other, a Value with an edge to each of the two."""
        other = as_value(other)
        ### BEGIN SOLUTION
        return Value(self.data + other.data, "+", ((self, 1.0), (other, 1.0)))
        ### END SOLUTION

    def __mul__(self, other):
        """Return self · other, a Value with an edge to each of the two."""
        other = as_value(other)
        ### BEGIN SOLUTION
        return Value(self.data * other.data, "×", ((self, other.data), (other, self.data)))
        ### END SOLUTION

    def apply(self, rule, operation):
        """Return an elementary function of self, a Value with one edge; `rule(number)` gives value and slope."""
        ### BEGIN SOLUTION
        out, slope = rule(self.data)
        return Value(out, operation, ((self, slope),))
        ### END SOLUTION

    def backward(self):
        """Set `grad` of self and of all that it was made of. (Its two parts are your next two steps.)"""
        backward(topological_order(self))


# %% nbgrader={"grade_id": "value", "grade": true}
check("value")

# %% [markdown]
# ### In which order?
#
# The backward pass must not leave a node before all of its gradient has arrived. In
#
# $$a = 2x, \qquad b = x + a, \qquad f = a \cdot b$$
#
# the node $a$ is used twice. It may hand its gradient on to $x$ only after $f$ **and** $b$ have sent theirs. A
# **topological order** lists every node after all its parents: $x, a, b, f$ (and the constant 2, anywhere before $a$).
# Run through it backwards, and everything comes in time.
#
# To find one, visit the root. To visit a node: if it has been visited before, do nothing; otherwise visit all its
# parents, and *then* write the node down. (A function that calls itself is fine here. For graphs that are thousands of
# operations deep, one would keep a stack.)


# %% nbgrader={"grade_id": "topological_order_code", "solution": true}
def topological_order(root):
    """List all nodes that the root was made of, each after its parents.

    Parameters
    ----------
    root : node
        The end of the graph. Every node has `edges`: pairs (parent, slope).

    Returns
    -------
    list of nodes
        Every node once, parents before children, the root last. Constants are nodes like any other.
    """
    ### BEGIN SOLUTION
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent, _ in node.edges:
                visit(parent)
            order.append(node)

    visit(root)
    return order
    ### END SOLUTION


# %% nbgrader={"grade_id": "topological_order", "grade": true}
check("topological_order")

# %% [markdown]
# ### The backward pass
#
# Everything starts with gradient 0, and the last node with $\partial f/\partial f = 1$. Then, from the last to the
# first, each node hands every parent its share:
#
# $$\text{parent.grad} \mathrel{+}= \text{slope} \cdot \text{node.grad}$$
#
# It is `+=` and not `=`: what is used twice influences $f$ on two ways, and both count. For $f = x \cdot x$ at
# $x = 3$, two edges lead to $x$, each with slope 3, so $3 + 3 = 6 = 2x$ arrives.
#
# A second call should give the same gradients and not twice as much, so begin by setting all to zero. (PyTorch adds
# up instead, and leaves the zeroing to `zero_grad()`. Forgetting it is among the most common mistakes there are.)


# %% nbgrader={"grade_id": "backward_code", "solution": true}
def backward(order):
    """Set `grad` of every node to the derivative of the last node with respect to it.

    Parameters
    ----------
    order : list of nodes
        Every node after its parents, as `topological_order` lists them. Each has `edges`, pairs (parent, slope), and a
        `grad`, which may hold anything at the start.
    """
    ### BEGIN SOLUTION
    for node in order:
        node.grad = 0.0
    order[-1].grad = 1.0
    for node in reversed(order):
        for parent, slope in node.edges:
            parent.grad += slope * node.grad
    ### END SOLUTION


# %% nbgrader={"grade_id": "backward", "grade": true}
check("backward")

# %% [markdown]
# ### Look at it
#
# Your engine is complete. Green, above an edge: the number that it carries forward. Red, below: what it carries back.

# %%
x, y, z = Value(1.0, name="x"), Value(-3.0, name="y"), Value(4.0, name="z")
d = x + y
d.name = "d"
f = d * z
f.name = "f"
f.backward()
draw_graph(f)

# %% [markdown]
# The lecture's neuron. You know these numbers from part 1; this time nobody had to derive them.

# %%
b, w0, x0, w1, x1 = (Value(v, name=n) for n, v in {"b": -3.0, "w₀": 2.0, "x₀": -1.0, "w₁": -3.0, "x₁": -2.0}.items())
neuron = 1 / (1 + exp(-(b + w0 * x0 + w1 * x1)))
neuron.backward()
draw_graph(neuron)

# %% [markdown]
# The network with one neuron per layer. Its weights get $\tfrac83 = 2.67$ and $\tfrac49 = 0.44$.

# %%
x, y, w1, w2 = (Value(v, name=n) for n, v in {"x": 1.0, "y": 0.0, "w₁": 1 / 3, "w₂": 2.0}.items())
loss = (w2 * relu(w1 * x) - y) ** 2
loss.backward()
draw_graph(loss)

# %% [markdown]
# And the graph in which $x$ and $a$ are used twice, $a = 2x$, $b = x + a$, $f = a \cdot b$. What comes back on the
# several edges adds up at the node (Σ).

# %%
x = Value(3.0, name="x")
a = 2 * x
b = x + a
f = a * b
a.name, b.name, f.name = "a", "b", "f"
f.backward()
draw_graph(f)

# %% [markdown]
# ### One call for any function
#
# Wrap it up: given a function and numbers, return the value and the whole gradient. The class of the numbers comes in
# as an argument, `make`; here it is `Value`. Run the function **once**: one forward and one backward pass give *all*
# slopes.
#
# Example: `reverse_gradient(lambda x, y: x * x * y, [3.0, 5.0], Value)` returns `45.0` and `[30.0, 9.0]`.


# %% nbgrader={"grade_id": "reverse_gradient_code", "solution": true}
def reverse_gradient(f, inputs, make):
    """Compute f and its gradient with one forward and one backward pass.

    Parameters
    ----------
    f : function
        From n numbers to one, for example `lambda x, y: x * x * y`.
    inputs : list of n floats
        Where.
    make : function
        `make(number)` gives a number that remembers. It has `data` and `grad`; calling `backward()` on a result fills
        in `grad` everywhere. `Value` is such a function.

    Returns
    -------
    out : float
        f(inputs): a plain number.
    gradient : list of n floats
        ∂f/∂input, one for each: plain numbers.
    """
    ### BEGIN SOLUTION
    values = [make(x) for x in inputs]
    out = f(*values)
    out.backward()
    return out.data, [value.grad for value in values]
    ### END SOLUTION


# %% nbgrader={"grade_id": "reverse_gradient", "grade": true}
check("reverse_gradient")

# %% [markdown]
# Does PyTorch agree? Its tensors have `data`, `grad` and `backward()` too, so your function takes them as they are.

# %%
import torch


def torch_number(x):
    return torch.tensor(x, dtype=torch.float64, requires_grad=True)


def formula(x, y, z):
    return (x * y + z * x) * (y - 2) / (z * z + 1) + y**3


for make in (Value, torch_number):
    out, gradient = reverse_gradient(formula, [0.7, -1.3, 2.1], make)
    print(f"{make.__name__:14}{float(out):.12f}  ", [f"{float(g):.12f}" for g in gradient])

# %% [markdown]
# ### Train something
#
# XOR is the classic that no straight line can separate: the answer is 1 where exactly one of two inputs is. A network
# with three hidden neurons does it. Below, your engine trains one: 13 weights, 150 steps of gradient descent. There is
# no NumPy in it, no derivative derived for it, and nothing hidden.

# %%
XOR = {(0, 0): -1, (0, 1): 1, (1, 0): 1, (1, 1): -1}


def network(p, x1, x2):
    """Two inputs, three tanh neurons, one output: 13 parameters p, plain numbers or Values."""
    hidden = [tanh(p[3 * i] * x1 + p[3 * i + 1] * x2 + p[3 * i + 2]) for i in range(3)]
    return p[9] * hidden[0] + p[10] * hidden[1] + p[11] * hidden[2] + p[12]


rng = np.random.default_rng(4)
parameters = [Value(float(v)) for v in rng.standard_normal(13)]
losses = []
for _ in range(150):
    loss = sum((network(parameters, *point) - target) ** 2 for point, target in XOR.items())
    loss.backward()
    losses.append(loss.data)
    for p in parameters:
        p.data -= 0.05 * p.grad

# %% nbgrader={"grade_id": "xor_picture", "locked": true}
picture = Picture(figsize=(9, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
left.plot(losses, color=BLUE)
left.set(xlabel="step", ylabel="loss", title="trained by your engine")
left.grid(alpha=0.3)
grid = np.linspace(-0.5, 1.5, 41)
trained = [p.data for p in parameters]
heights = [[network(trained, float(u), float(v)) for u in grid] for v in grid]
shades = right.contourf(grid, grid, heights, levels=np.linspace(-2.5, 2.5, 21), cmap="PuOr", extend="both")
right.contour(grid, grid, heights, levels=[0], colors="black")
for (u, v), target in XOR.items():
    right.plot(u, v, "o" if target > 0 else "s", color="white", markeredgecolor="black", markersize=10)
right.set(xlabel="$x_1$", ylabel="$x_2$", title="output; the black line is 0", aspect="equal")
picture.colorbar(shades, ax=right)
picture

# %% [markdown]
# ## 5 Forward mode: numbers that know their slope
#
# There is a second way to automate the chain rule, and it needs no graph. A **dual number** $a + a'\varepsilon$ carries
# its slope along. Compute with it as usual, under one strange rule: $\varepsilon^2 = 0$. Then
#
# $$(a + a'\varepsilon) + (b + b'\varepsilon) = (a + b) + (a' + b')\,\varepsilon$$
#
# $$(a + a'\varepsilon) \cdot (b + b'\varepsilon) = ab + (a'b + ab')\,\varepsilon + a'b'\,\varepsilon^2
# = ab + (a'b + ab')\,\varepsilon$$
#
# Behind the $\varepsilon$ the product rule has appeared by itself. Elementary functions follow from Taylor, whose
# series ends after the second term because $\varepsilon^2 = 0$:
#
# $$g(a + a'\varepsilon) = g(a) + g'(a)\, a'\,\varepsilon$$
#
# That is the chain rule again: local slope times the slope that comes *in*. The local rules are those of part 3; they
# serve both modes.
#
# Example: $(3 + 1\varepsilon) \cdot (5 + 2\varepsilon) = 15 + 11\varepsilon$.


# %% nbgrader={"grade_id": "as_dual", "locked": true}
def as_dual(number):
    """Return a Dual as it is, and a plain number as a constant: its slope is 0."""
    return number if isinstance(number, Number) else Dual(number)


# %% nbgrader={"grade_id": "dual_code", "solution": true}
class Dual(Number):
    """A number and its slope, value + slope·ε with ε² = 0."""

    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __repr__(self):
        return f"{self.value:.6g} + {self.slope:.6g}ε"

    def __add__(self, other):
        """Return self + other, a Dual."""
        other = as_dual(other)
        ### BEGIN SOLUTION
        return Dual(self.value + other.value, self.slope + other.slope)
        ### END SOLUTION

    def __mul__(self, other):
        """Return self · other, a Dual."""
        other = as_dual(other)
        ### BEGIN SOLUTION
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)
        ### END SOLUTION

    def apply(self, rule, operation=""):
        """Return an elementary function of self, a Dual; `rule(number)` gives value and slope of the function."""
        ### BEGIN SOLUTION
        out, slope = rule(self.value)
        return Dual(out, slope * self.slope)
        ### END SOLUTION


# %% nbgrader={"grade_id": "dual", "grade": true}
check("dual")

# %% [markdown]
# Start a program with $x + 1\varepsilon$, and it ends with $f(x) + f'(x)\,\varepsilon$. No change to the program, no
# graph, nothing to store.

# %%
x = Dual(1.0, 1.0)
print("x² + 3x      at 1:", x * x + 3 * x)
print("exp(2x)      at 1:", exp(2 * x), "   (2e² is", f"{2 * math.e**2:.6g})")
print("1/(1 + e⁻ˣ)  at 1:", 1 / (1 + exp(-x)), "   (the neuron's 0.73 and 0.20)")

# %% [markdown]
# ### One run per input
#
# The slope that a dual number carries is that along *one* direction. For the gradient with respect to $n$ inputs, run
# the program $n$ times: in run $i$, input $i$ gets the slope 1 and all others get 0.
#
# Example: for $f(x, y) = x^2 y$ at $(3, 5)$, the run with slopes $(1, 0)$ ends with $45 + 30\varepsilon$, the run with
# $(0, 1)$ with $45 + 9\varepsilon$.


# %% nbgrader={"grade_id": "forward_gradient_code", "solution": true}
def forward_gradient(f, inputs, make):
    """Compute f and its gradient with one run per input.

    Parameters
    ----------
    f : function
        From n numbers to one, n ≥ 1.
    inputs : list of n floats
        Where.
    make : function
        `make(value, slope)` gives a number that carries its slope, with attributes `value` and `slope`. `Dual` is such
        a function.

    Returns
    -------
    out : float
        f(inputs): a plain number.
    gradient : list of n floats
        ∂f/∂input, one for each: plain numbers.
    """
    ### BEGIN SOLUTION
    gradient = []
    for i in range(len(inputs)):
        out = f(*(make(x, 1.0 if i == j else 0.0) for j, x in enumerate(inputs)))
        gradient.append(out.slope)
    return out.value, gradient
    ### END SOLUTION


# %% nbgrader={"grade_id": "forward_gradient", "grade": true}
check("forward_gradient")

# %% [markdown]
# ## 6 Four ways to one slope
#
# The program of this part feeds a number back into itself, three times:
#
# $$l_1 = x, \qquad l_{n+1} = 4\, l_n (1 - l_n), \qquad f(x) = l_4$$
#
# It is called the **logistic map**. Two lines of code, and look what becomes of them:


# %% nbgrader={"grade_id": "logistic", "locked": true}
def logistic_map(x, rounds=3):
    """Feed a number back, so many times: v ← 4 · v · (1 − v)."""
    v = x
    for _ in range(rounds):
        v = 4 * v * (1 - v)
    return v


picture = Picture(figsize=(8, 3), layout="constrained")
ax = picture.subplots()
grid = np.linspace(0, 1, 501)
for rounds, color, style in ((1, GREY, ":"), (2, ORANGE, "--"), (3, BLUE, "-")):
    ax.plot(grid, logistic_map(grid, rounds), style, color=color, label=f"$l_{rounds + 1}$")
ax.set(xlabel="x", title="the logistic map")
ax.legend(frameon=False)
picture

# %% [markdown]
# ### By hand
#
# Multiply the loop out, and you get a closed formula:
#
# $$f(x) = 64\, x\, (1 - x)\, (1 - 2x)^2\, (1 - 8x + 8x^2)^2$$
#
# Differentiate it on paper (four factors, so the product rule gives four terms) and type the result in. Any form will
# do, as long as it is exact. At $x = 0.2$ the slope is 9.0660864.


# %% nbgrader={"grade_id": "slope_by_hand_code", "solution": true}
def slope_by_hand(x):
    """Return f′(x) for f(x) = 64 x (1 − x) (1 − 2x)² (1 − 8x + 8x²)².

    Parameters
    ----------
    x : float or array of any shape
        Where.

    Returns
    -------
    float or array of x's shape
        The slope.
    """
    ### BEGIN SOLUTION
    a, b = 1 - 2 * x, 1 - 8 * x + 8 * x**2
    return 64 * (
        (1 - x) * a**2 * b**2
        - x * a**2 * b**2
        + x * (1 - x) * (2 * a * -2) * b**2
        + x * (1 - x) * a**2 * (2 * b * (16 * x - 8))
    )
    ### END SOLUTION


# %% nbgrader={"grade_id": "slope_by_hand", "grade": true}
check("slope_by_hand")

# %% [markdown]
# That was no fun, and for four rounds you could start all over again.
#
# ### Symbolically
#
# Let a program do what you just did. A formula is a tree. Here a tree is a number, the letter `"x"`, or a tuple with an
# operation in front and two formulas behind it:
#
# | formula | as a tree |
# | --- | --- |
# | $4x$ | `("*", 4, "x")` |
# | $4x(1 - x)$ | `("*", ("*", 4, "x"), ("-", 1, "x"))` |
#
# The derivative of a tree is another tree. Numbers have the derivative 0, `"x"` has 1, and for the rest
#
# $$(u + v)' = u' + v' \qquad (u - v)' = u' - v' \qquad (u \cdot v)' = u' \cdot v + u \cdot v'$$
#
# Example: the derivative of `("*", 4, "x")` is `("+", ("*", 0, "x"), ("*", 4, 1))`. There is no need to tidy it up.


# %% nbgrader={"grade_id": "differentiate_code", "solution": true}
def differentiate(formula):
    """Write out the derivative of a formula with respect to x.

    Parameters
    ----------
    formula : number, "x", or a tuple (operation, u, v)
        The operation is "+", "-" or "*"; u and v are formulas.

    Returns
    -------
    formula
        The derivative, in the same form.
    """
    ### BEGIN SOLUTION
    if formula == "x":
        return 1
    if not isinstance(formula, tuple):
        return 0
    operation, u, v = formula
    du, dv = differentiate(u), differentiate(v)
    if operation == "*":
        return ("+", ("*", du, v), ("*", u, dv))
    return (operation, du, dv)
    ### END SOLUTION


# %% nbgrader={"grade_id": "differentiate", "grade": true}
check("differentiate")


# %% nbgrader={"grade_id": "formulas", "locked": true}
def evaluate(formula, x):
    """Return the value of a formula at x."""
    if not isinstance(formula, tuple):
        return x if formula == "x" else formula
    operation, u, v = formula[0], evaluate(formula[1], x), evaluate(formula[2], x)
    return {"+": u + v, "-": u - v, "*": u * v}[operation]


def as_text(formula):
    """Write a formula with brackets around everything."""
    if not isinstance(formula, tuple):
        return str(formula)
    return f"({as_text(formula[1])} {formula[0].replace('*', '·')} {as_text(formula[2])})"


def operations(formula):
    """Count the +, − and · of a formula."""
    return 1 + operations(formula[1]) + operations(formula[2]) if isinstance(formula, tuple) else 0


def logistic_formula(rounds):
    """Return the logistic map as a formula: the loop written out."""
    formula = "x"
    for _ in range(rounds):
        formula = ("*", ("*", 4, formula), ("-", 1, formula))
    return formula


# %%
print("l₂  =", as_text(logistic_formula(1)))
print("l₂′ =", as_text(differentiate(logistic_formula(1))))
print("l₃′ =", as_text(differentiate(logistic_formula(2))))

# %% [markdown]
# Exact, and unreadable. The product rule writes both factors twice, and a formula has no variables to keep
# intermediate results in: this is called **expression swell**. A program stores $v$ and is done.

# %% nbgrader={"grade_id": "swell", "locked": true}
rounds = np.arange(1, 9)
formulas = [logistic_formula(int(r)) for r in rounds]
picture = Picture(figsize=(7, 3.2), layout="constrained")
ax = picture.subplots()
ax.semilogy(rounds, [operations(differentiate(f)) for f in formulas], "o-", color=ORANGE, label="formula of the slope")
ax.semilogy(rounds, [operations(f) for f in formulas], "s--", color=GREEN, label="formula of the value")
ax.semilogy(rounds, 3 * rounds, "^:", color=BLUE, label="the program with its loop")
ax.set(xlabel="rounds", ylabel="operations", title="expression swell")
ax.grid(alpha=0.3)
ax.legend(frameon=False)
picture

# %% [markdown]
# ### Automatically
#
# Your `Dual` and your `Value` differentiate the loop as it stands. If you write out what `Dual` does in each round, you
# get a new program, in which every line computes a value **and** its slope. From $v \leftarrow 4v(1 - v)$ follows
#
# $$(v,\; v') \;\leftarrow\; \bigl(4v(1 - v),\;\; 4v' - 8v\,v'\bigr), \qquad\text{starting from}\qquad (x,\; 1)$$
#
# Both are updated at once, from the *old* $v$.
#
# Example: at $x = 0.2$ one round gives $(0.64,\; 2.4)$.


# %% nbgrader={"grade_id": "slope_alongside_code", "solution": true}
def slope_alongside(x, rounds):
    """Run the logistic map with its slope alongside.

    Parameters
    ----------
    x : float
        Where.
    rounds : int
        How often to feed the number back; with 0 rounds, the result is (x, 1).

    Returns
    -------
    v, dv : float
        The value after the last round, and its derivative with respect to x.
    """
    ### BEGIN SOLUTION
    v, dv = x, 1.0
    for _ in range(rounds):
        v, dv = 4 * v * (1 - v), 4 * dv - 8 * v * dv
    return v, dv
    ### END SOLUTION


# %% nbgrader={"grade_id": "slope_alongside", "grade": true}
check("slope_alongside")

# %% [markdown]
# ### Side by side
#
# All ways at $x = 0.2$, and then their errors over the whole interval. (The truth comes from PyTorch. Ways that you
# have not written yet are left out.)

# %% nbgrader={"grade_id": "four_ways", "locked": true}
import torch

ways = {
    "by hand": slope_by_hand,
    "symbolic": lambda x: evaluate(differentiate(logistic_formula(3)), x),
    "numerical, one-sided, h = 1e-6": lambda x: one_sided(logistic_map, x, 1e-6),
    "numerical, central, h = 1e-5": lambda x: central(logistic_map, x, 1e-5),
    "automatic, written alongside": lambda x: slope_alongside(x, 3)[1],
    "automatic, forward mode": lambda x: forward_gradient(logistic_map, [x], Dual)[1][0],
    "automatic, reverse mode": lambda x: reverse_gradient(logistic_map, [x], Value)[1][0],
}


def true_slope(x):
    """Return the slope of the logistic map by PyTorch's autograd."""
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    logistic_map(point).backward()
    return point.grad.item()


written = {}
for name, way in ways.items():
    try:
        found = way(0.2)
    except NotImplementedError:
        print(f"{name:32}not written yet")
        continue
    written[name] = way
    print(f"{name:32}{found:.15f}   error {abs(found - true_slope(0.2)):.1e}")

# %% nbgrader={"grade_id": "four_ways_picture", "locked": true}
picture = Picture(figsize=(9, 4), layout="constrained")
ax = picture.subplots()
grid = [float(x) for x in np.linspace(0.005, 0.995, 100)]
truth = np.array([true_slope(x) for x in grid])
styles = ["-", "--", "-", "-", ":", "-.", ":"]
colors = [GREY, GREEN, ORANGE, BLUE, "black", "#CC79A7", "#56B4E9"]
for (name, way), style, color in zip(ways.items(), styles, colors, strict=True):
    if name in written:
        errors = np.abs([way(x) for x in grid] - truth)
        ax.semilogy(grid, np.maximum(errors, 1e-17), style, color=color, label=name)
ax.set(xlabel="x", ylabel="error", ylim=(5e-18, 1e-2), title="slope of the logistic map: error of each way")
if written:
    ax.legend(frameon=False, fontsize=8, ncols=2, loc="center", bbox_to_anchor=(0.5, 0.41))
picture

# %% [markdown]
# The numerical ways are off in the fifth or the eighth digit; all others are exact up to rounding, in the sixteenth.
# (Reverse mode even rounds as PyTorch does, so that no error is left to see.) Among the exact ways, only the automatic
# ones need nobody to redo them when the program changes.
#
# The graph that reverse mode leaves behind, for two rounds:

# %%
x = Value(0.2, name="x")
f = logistic_map(x, rounds=2)
f.backward()
draw_graph(f)

# %% [markdown]
# ## 7 What it costs
#
# One slope is cheap in any way. A network wants millions. Let a program have $n$ inputs and $m$ outputs, and let all
# $n \cdot m$ slopes be wanted (the Jacobian). How many passes does it take?
#
# - **One-sided** and **central** differences: count the runs of the program, all outputs are read off at once.
# - **Forward mode**: count the runs; each follows one input, and yields its slopes for all outputs.
# - **Reverse mode**: count the *backward* passes; each follows one output. (One forward pass serves them all.)
#
# Fill in the formulas; they are checked for drawn $n$ and $m$.


# %% nbgrader={"grade_id": "passes_code", "solution": true}
def runs_one_sided(n, m):
    """Return how many runs one-sided differences take for n inputs and m outputs."""
    ### BEGIN SOLUTION
    return n + 1
    ### END SOLUTION


def runs_central(n, m):
    """Return how many runs central differences take."""
    ### BEGIN SOLUTION
    return 2 * n
    ### END SOLUTION


def runs_forward(n, m):
    """Return how many runs forward mode takes."""
    ### BEGIN SOLUTION
    return n
    ### END SOLUTION


def passes_reverse(n, m):
    """Return how many backward passes reverse mode takes."""
    ### BEGIN SOLUTION
    return m
    ### END SOLUTION


def better_mode(n, m):
    """Return "forward" or "reverse": the mode that takes fewer passes (n and m differ)."""
    ### BEGIN SOLUTION
    return "forward" if n < m else "reverse"
    ### END SOLUTION


# %% nbgrader={"grade_id": "passes", "grade": true}
check("passes")

# %% [markdown]
# Count it. The numbers below keep a tally of every $+$, $-$ and $\times$ done with them, inside your `Dual` and `Value`
# too. The program adds up products of neighbouring inputs; it has one output, as a loss has.


# %% nbgrader={"grade_id": "counting", "locked": true}
class Counted(float):
    """A number that counts what is done with it."""

    tally = 0


def counting(name):
    plain = getattr(float, name)

    def operate(self, *others):
        out = plain(self, *others)
        if out is NotImplemented:
            return out
        Counted.tally += 1
        return Counted(out)

    return operate


for name in ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__neg__"):
    setattr(Counted, name, counting(name))


def chain_of_products(*x):
    total = x[0] * x[0]
    for left, right in zip(x, x[1:], strict=False):
        total = total + left * right
    return total


def cost(method, n):
    """Return how many operations a method takes for the gradient, relative to the program alone."""
    tallies = []
    for run in (lambda x: chain_of_products(*x), method):
        Counted.tally = 0
        run([Counted(0.5)] * n)
        tallies.append(Counted.tally)
    return tallies[1] / tallies[0]


sizes = [1, 2, 4, 8, 16, 32, 64]
picture = Picture(figsize=(7, 3.4), layout="constrained")
ax = picture.subplots()
methods = {
    "forward mode": (lambda x: forward_gradient(chain_of_products, x, Dual), ORANGE, "s--"),
    "reverse mode": (lambda x: reverse_gradient(chain_of_products, x, Value), BLUE, "o-"),
}
for name, (method, color, style) in methods.items():
    ax.loglog(sizes, [cost(method, n) for n in sizes], style, color=color, label=name)
ax.set(xlabel="inputs", ylabel="cost / cost of the program", title="a whole gradient, counted")
ax.set_xticks(sizes, [str(n) for n in sizes])
ax.set_yticks([3, 10, 30, 100], ["3", "10", "30", "100"])
ax.minorticks_off()
ax.grid(alpha=0.3)
ax.legend(frameon=False)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). A network has a million weights and one loss. Which mode trains it,
# and what would the other one cost? Reverse mode has a price of its own that forward mode does not pay: which one, and
# where in your engine do you see it? Name a problem for which forward mode is the better choice.

# %% [markdown] nbgrader={"grade_id": "why_reverse_mode", "grade": true, "solution": true}
# **Reverse mode.** One loss means one backward pass, at a few times the cost of the forward pass, however many weights
# there are. Forward mode follows one input a run and would need a million runs for every step of gradient descent;
# numerical differences too, and those would be inexact on top.
#
# **Its price is memory.** The backward pass begins when the forward pass has ended, and needs the local slopes of
# every operation, which depend on the intermediate values. So all of them are kept: in the engine, each `Value` holds
# its `edges`, and the whole graph stays alive until `backward` has been through it. A `Dual` can be forgotten as soon
# as the next line has been computed. (Deep networks run out of memory in training, not in use, for this reason.)
#
# **Forward mode** is better with few inputs and many outputs: how a whole simulated trajectory changes with one
# parameter, say, or the derivative of a curve in the plane with respect to time.

# %% [markdown]
# ## What to remember
#
# - A program is a graph of simple operations. Forward: values from left to right. Backward: local slope times upstream
#   gradient, from right to left; where a number is used twice, the gradients **add up**.
# - Local slopes are derived by hand once per operation. The rest is bookkeeping, and a machine does it better.
# - **Numerical**: approximate, a run or two per input. The best step is about $\sqrt\varepsilon$ one-sided and
#   $\sqrt[3]\varepsilon$ central. Its job is the gradient check, in float64.
# - **Symbolic**: exact, but formulas swell. **By hand**: exact, until you slip.
# - **Forward mode** costs one run per input, **reverse mode** one backward pass per output, and the memory for the
#   graph. A loss is one output, so networks are trained in reverse mode: backpropagation.
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from.** Parts 1, 3 and 4: I2DL lectures 3 and 4 (the sum times z, the neuron, the network with two
# weights). Parts 2, 5, 6 and 7: Georgia Tech CS 4803/7643, *Computing gradients*.
#
# **Further reading.** A. Baydin, B. Pearlmutter, A. Radul, J. Siskind, *Automatic differentiation in machine learning:
# a survey*, JMLR 18, 2018, from which the logistic map is taken. D. Rumelhart, G. Hinton, R. Williams, *Learning
# representations by back-propagating errors*, Nature 323, 1986. A. Griewank, A. Walther, *Evaluating derivatives*,
# SIAM, 2008. Stanford CS231n, notes on gradient checks.
