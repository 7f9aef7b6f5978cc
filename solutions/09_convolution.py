# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · Convolution
#
# An affine layer has a weight for every pixel and every neuron. For a photograph that is far too many, and what it
# learns in one corner it does not know in the next. A **convolutional layer** looks at the picture through a small
# window and uses the same few weights everywhere. Here you build one by hand, forward and backward, first slowly, then
# fast, and with it a network that reads digits.
#
# | part | you build | you see |
# | --- | --- | --- |
# | 1 | a kernel that slides over a signal; the convolution of mathematics | smoothing, boxes that become triangles |
# | 2 | the same on a picture; kernels that blur, kernels that find edges | a mountain range through six filters |
# | 3 | output sizes, parameter counts, receptive fields | where windows lie, how far an output sees |
# | 4 | the convolutional layer: with loops, then as one matrix product | colours found, seconds saved |
# | 5 | max, average and global pooling | what survives a shift |
# | 6 | 1 × 1 convolution, affine layers that slide, batch norm over images | a reader of single digits reads a strip |
# | 7–8 | a LeNet, and its training | learning curves, learnt filters, what excites them |
#
# It follows lecture 9 and takes **about seven hours**. Four sittings are a good plan: parts 1–2, 3–4, 5–6, 7–8. You
# need exercise 03 (the affine layer); batch norm itself is the subject of exercise 08.
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("filter_signal")`: it runs
# your function on drawn inputs and shows what is right, where it differs, and often why. Grading asks the same
# questions with other inputs. No step needs an earlier one to be right.

# %% nbgrader={"grade_id": "setup", "locked": true}
import time
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.cbook import get_sample_data
from matplotlib.image import imread

from autograder import Check
from i2dl.data import batches, load_digits
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture, learning_curves, show_digits
from i2dl.plots.images import show_images, show_receptive_field, show_windows

check = Check("09_convolution")

train_images, train_labels = load_digits("train").xy
validation_images, validation_labels = load_digits("validation").xy
test_images, test_labels = load_digits("test").xy

# %% [markdown]
# If a step does not come out, go on. In `given` there is a working version of everything that later parts build on; it
# leaves the work to PyTorch, on one processor core, which is fastest for pictures so small. (The graded steps want
# yours: borrowing from there earns nothing.)

# %% nbgrader={"grade_id": "given", "locked": true}


def from_torch(function):
    """Return a forward and a backward pass, for NumPy arrays, of one of PyTorch's functions."""

    def forward(*arrays, **options):
        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        out = function(*tensors, **options)
        return out.detach().numpy(), (out, tensors)

    def backward(dout, cache):
        out, tensors = cache
        gradients = torch.autograd.grad(out, tensors, torch.tensor(dout), retain_graph=True)
        return tuple(g.numpy() for g in gradients) if len(tensors) > 1 else gradients[0].numpy()

    return forward, backward


torch.set_num_threads(1)
given = SimpleNamespace()
given.conv2d_forward, given.conv2d_backward = from_torch(F.conv2d)
given.max_pool_forward, given.max_pool_backward = from_torch(lambda x, *, size=2: F.max_pool2d(x, size))
given.relu_forward, given.relu_backward = from_torch(F.relu)
given.affine_forward, given.affine_backward = from_torch(lambda x, w, b: x.flatten(1) @ w + b)
given.cross_entropy_forward, given.cross_entropy_backward = from_torch(F.cross_entropy)

# %% [markdown]
# ## 1 One dimension
#
# ### A kernel slides over a signal
#
# Take ten numbers, the **signal** $x$, and three, the **kernel** $k$. Lay the kernel on the first three numbers,
# multiply each pair, add up: that is the first number of the result. Move the kernel on by one, and do it again.
#
# $$y_p = \sum_{i=0}^{K-1} k_i \, x_{p+i}$$
#
# With $k = (\frac13, \frac13, \frac13)$, the *box filter*, every result is the mean of three neighbours. The lecture's
# example:
#
# | $x$ | 4 | 3 | 2 | −5 | 3 | 5 | 2 | 5 | 5 | 6 |
# | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
# | shrink | | 3 | 0 | 0 | 1 | 10/3 | 4 | 4 | 16/3 | |
# | pad | 7/3 | 3 | 0 | 0 | 1 | 10/3 | 4 | 4 | 16/3 | 11/3 |
#
# The first entry is $4 \cdot \frac13 + 3 \cdot \frac13 + 2 \cdot \frac13 = 3$. And at the ends, where the kernel hangs
# over? There are two ways out:
#
# - **shrink**: leave these places out. Of $L$ numbers $L - K + 1$ remain.
# - **pad**: put $P$ zeros in front of the signal and $P$ behind it. Of $L$ numbers $L + 2P - K + 1$ remain; with
#   $P = (K - 1)/2$ these are as many as before. Here the first entry becomes $\frac13(0 + 4 + 3) = \frac73$.
#
# *Another example.* With the kernel $(1, 0, -1)$, which is not the same from both ends, $(1, 2, 4, 8)$ becomes
# $(1 - 4,\; 2 - 8) = (-3, -6)$.


# %% nbgrader={"grade_id": "filter_signal_code", "solution": true}
def filter_signal(signal, kernel, *, padding=0):
    """Slide a kernel over a signal.

    Parameters
    ----------
    signal : array (L,)
        The numbers to be filtered.
    kernel : array (K,)
        The weights; they are laid on the signal in the order in which they stand.
    padding : int
        P, how many zeros are put at each end.

    Returns
    -------
    array (L + 2P − K + 1,)
        The filtered signal.
    """
    ### BEGIN SOLUTION
    padded = np.pad(signal, padding)
    places = len(padded) - len(kernel) + 1
    return np.array([padded[p : p + len(kernel)] @ kernel for p in range(places)])
    ### END SOLUTION


# %% nbgrader={"grade_id": "filter_signal", "grade": true}
check("filter_signal")

# %% [markdown]
# What is it good for? Below, a cross-section of a mountain range (you will see the whole of it in part 2), measured
# with an error. A mean of nine neighbours takes most of the error away, and some of the peaks with it.

# %% nbgrader={"grade_id": "pictures", "locked": true}
try:
    with get_sample_data("jacksboro_fault_dem.npz") as terrain:
        landscape = terrain["elevation"][80:240, 60:260].astype(float)
    with get_sample_data("Minduka_Present_Blue_Pack.png") as file:
        pixels = imread(file)[::2, ::2].astype(float)
    drawing = pixels[..., :3] * pixels[..., 3:] + 1 - pixels[..., 3:]  # on white paper
except FileNotFoundError:  # some systems leave out Matplotlib's sample data: then the digits have to do
    landscape = np.kron(np.hstack(train_images[:320, 0].reshape(20, 128, 8)), np.ones((2, 2)))[:160, :200]
    drawing = np.stack([np.kron(image, np.ones((8, 8))) for image in train_images[:3, 0]], axis=-1)

# %%
profile = landscape[90, :120]
measured = profile + 15 * np.random.default_rng(0).standard_normal(len(profile))
smooth = filter_signal(measured, np.full(9, 1 / 9))
picture = Picture(figsize=(9, 2.8), layout="constrained")
ax = picture.subplots()
ax.plot(measured, color=GREY, linewidth=1, label="measured")
ax.plot(np.arange(4, 4 + len(smooth)), smooth, color=BLUE, linewidth=2, label="mean of nine")
ax.plot(profile, "--", color=ORANGE, linewidth=1.5, label="the truth")
ax.set(xlabel="place", ylabel="height in metres", title="one row of the landscape")
ax.legend(frameon=False, ncols=3)
picture

# %% [markdown]
# ### Is that a convolution?
#
# Not quite. Mathematics writes
#
# $$(f * g)(t) = \int f(\tau)\, g(t - \tau)\, d\tau \qquad\text{or, for numbers in a row,}\qquad
# (f * g)_t = \sum_{i + j = t} f_i \, g_j$$
#
# The minus sign turns the second function round. What a "convolutional layer" computes, without that turn, is called a
# **cross-correlation**. For weights that are learnt it makes no difference (they are simply learnt the other way
# round), and the field has kept the shorter name. Write the real thing once.
#
# All pairs $(i, j)$ count for which both numbers exist, so the result has $m + n - 1$ entries for $m$ and $n$ numbers.
#
# *Example.* $(1, 1, 1) * (1, 2, 3)$: three copies of $(1, 2, 3)$, each moved on by one and multiplied by its $f_i$,
# added up:
#
# $$\begin{array}{ccccc} 1 & 2 & 3 & & \\ & 1 & 2 & 3 & \\ & & 1 & 2 & 3 \\ \hline 1 & 3 & 6 & 5 & 3 \end{array}$$


# %% nbgrader={"grade_id": "convolve_code", "solution": true}
def convolve(f, g):
    """Return the convolution f * g, array (m + n − 1,), of f, array (m,), and g, array (n,)."""
    ### BEGIN SOLUTION
    out = np.zeros(len(f) + len(g) - 1)
    for i, value in enumerate(f):
        out[i : i + len(g)] += value * g
    return out
    ### END SOLUTION


# %% nbgrader={"grade_id": "convolve", "grade": true}
check("convolve")

# %% [markdown]
# The lecture opens with these two pictures: a box convolved with a box is a triangle, and a bell curve convolved with a
# bell curve is a wider bell curve. Convolve the box again and again, and it becomes a bell as well: sums of many
# independent things are nearly normally distributed.

# %%
box = np.ones(40) / 40
bell = np.exp(-0.5 * np.linspace(-3, 3, 60) ** 2)
bell /= bell.sum()
picture = Picture(figsize=(9, 2.8), layout="constrained")
for ax, name, f in zip(picture.subplots(1, 2), ["box", "bell curve"], [box, bell], strict=True):
    h = f
    for label, colour in (("f", GREY), ("f * f", BLUE), ("f * f * f", ORANGE), ("f * f * f * f", GREEN)):
        ax.plot(np.arange(len(h) + 2) - len(h) / 2, np.pad(h, 1), color=colour, label=label)
        h = convolve(h, f)
    ax.set(title=f"a {name}, convolved with itself")
    ax.legend(frameon=False, fontsize=8)
picture

# %% [markdown]
# ## 2 Pictures
#
# ### A kernel slides over a picture
#
# Now the window moves in two directions:
#
# $$y_{pq} = \sum_{i} \sum_{j} k_{ij} \, x_{p+i,\,q+j}$$
#
# The lecture's example, with a kernel that *sharpens*:
#
# $$\begin{bmatrix} -5 & 3 & 2 & -5 & 3 \\ 4 & 3 & 2 & 1 & -3 \\ 1 & 0 & 3 & 3 & 5 \\ -2 & 0 & 1 & 4 & 4 \\
# 5 & 6 & 7 & 9 & -1 \end{bmatrix} \quad\text{with}\quad
# \begin{bmatrix} 0 & -1 & 0 \\ -1 & 5 & -1 \\ 0 & -1 & 0 \end{bmatrix} \quad\text{gives}\quad
# \begin{bmatrix} 6 & 1 & 8 \\ -7 & 9 & 2 \\ -5 & -9 & 3 \end{bmatrix}$$
#
# The first entry: $5 \cdot 3 - 3 - 4 - 2 - 0 = 6$.


# %% nbgrader={"grade_id": "filter_image_code", "solution": true}
def filter_image(image, kernel, *, padding=0):
    """Slide a kernel over a grey picture.

    Parameters
    ----------
    image : array (H, W)
        Grey values.
    kernel : array (HH, WW)
        The weights; they are laid on the picture as they stand.
    padding : int
        P, how many rows and columns of zeros are put on each of the four sides.

    Returns
    -------
    array (H + 2P − HH + 1, W + 2P − WW + 1)
        The filtered picture.
    """
    ### BEGIN SOLUTION
    padded = np.pad(image, padding)
    height, width = kernel.shape
    rows, columns = padded.shape[0] - height + 1, padded.shape[1] - width + 1
    out = np.zeros((rows, columns))
    for p in range(rows):
        for q in range(columns):
            out[p, q] = np.sum(padded[p : p + height, q : q + width] * kernel)
    return out
    ### END SOLUTION


# %% nbgrader={"grade_id": "filter_image", "grade": true}
check("filter_image")

# %% [markdown]
# ### Kernels that blur
#
# If the weights are positive and add up to 1, each pixel becomes a weighted mean of its neighbourhood: noise and
# detail fade, the brightness stays.
#
# $$\text{box: } \frac19 \begin{bmatrix} 1 & 1 & 1 \\ 1 & 1 & 1 \\ 1 & 1 & 1 \end{bmatrix} \qquad
# \text{Gaussian: } \frac1{16} \begin{bmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{bmatrix}$$
#
# The Gaussian one gives near pixels more weight. Its entries are products: row $i$ times column $j$ of $(1, 2, 1)$,
# and $1\;2\;1$ is a row of Pascal's triangle:
#
# $$\begin{array}{c} 1 \\ 1 \quad 1 \\ 1 \quad 2 \quad 1 \\ 1 \quad 3 \quad 3 \quad 1 \\
# 1 \quad 4 \quad 6 \quad 4 \quad 1 \end{array}$$
#
# A kernel of size $F$ takes the row with $F$ numbers. (Why is that Gaussian? Every row is the row above it convolved
# with $(1, 1)$, and you have seen where repeated convolution leads.) Write both kernels for any size.
#
# *Example.* Size 2: all weights are $\frac14$, in both kernels. For size 5, the largest Gaussian weight is
# $6 \cdot 6 / 256 \approx 0.14$.


# %% nbgrader={"grade_id": "blur_kernels_code", "solution": true}
def box_kernel(size):
    """Return the box filter, array (size, size)."""
    ### BEGIN SOLUTION
    return np.full((size, size), 1 / size**2)
    ### END SOLUTION


def gaussian_kernel(size):
    """Return the Gaussian filter, array (size, size): Pascal's row of that length, down and across, with sum 1."""
    ### BEGIN SOLUTION
    row = np.ones(1)
    while len(row) < size:
        row = np.append(row, 0) + np.append(0, row)
    return np.outer(row, row) / row.sum() ** 2
    ### END SOLUTION


# %% nbgrader={"grade_id": "blur_kernels", "grade": true}
check("blur_kernels")

# %% [markdown]
# ### Kernels that find edges
#
# If the weights add up to **0**, an even area becomes 0, however bright. Only what *changes* is left.
#
# $$\text{edges: } \begin{bmatrix} -1 & -1 & -1 \\ -1 & 8 & -1 \\ -1 & -1 & -1 \end{bmatrix} \qquad
# \text{Sobel: } \begin{bmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \\ 1 & 0 & -1 \end{bmatrix} \qquad
# \text{Scharr: } \begin{bmatrix} 3 & 0 & -3 \\ 10 & 0 & -10 \\ 3 & 0 & -3 \end{bmatrix}$$
#
# Sobel and Scharr subtract what lies on the right from what lies on the left, averaged over three rows: they find
# *vertical* edges. Transposed, they find horizontal ones. (And *sharpen* above? The picture plus its edges: its weights
# add up to 1.)
#
# The picture below is real, and seen from above: a piece of Tennessee in which the grey value of a pixel is the height
# of the ground, valleys black, ridges white. Look at what the Sobel filter makes of it. A slope that falls to the right
# is white, one that rises is black, as if the sun stood low on the right.

# %%
edges = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
sharpen = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
sobel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
filtered = {
    "the heights": landscape,
    "box, 9 × 9": filter_image(landscape, np.full((9, 9), 1 / 81)),
    "sharpen": filter_image(landscape, sharpen),
    "edges": filter_image(landscape, edges).clip(-120, 120),
    "Sobel": filter_image(landscape, sobel),
    "Sobel, transposed": filter_image(landscape, sobel.T),
}
show_images(filtered, columns=3, size=2.2)

# %% [markdown]
# ### How steep, in whatever direction
#
# The two Sobel filters tell how the grey values change to the left and upwards: together they are an arrow,
# $(g_x, g_y)$, that points uphill. Its length says how strong the edge is, whatever its direction:
#
# $$\sqrt{g_x^2 + g_y^2}$$
#
# where $g_x$ is the picture filtered with Sobel's kernel, and $g_y$ with its transpose. The function that filters is
# passed in, called as `filter_image(image, kernel)`; then it does not matter whether yours is right.
#
# *Example.* A picture is 0 on its left half and 1 on its right half. Where a window stands across the border,
# $g_x = 1 \cdot 0 - 1 \cdot 1 + 2 \cdot 0 - 2 \cdot 1 + 1 \cdot 0 - 1 \cdot 1 = -4$ and $g_y = 0$: the strength is 4.


# %% nbgrader={"grade_id": "edge_strength_code", "solution": true}
def edge_strength(image, filter_image):
    """Return how steep the grey values are.

    Parameters
    ----------
    image : array (H, W)
        Grey values.
    filter_image : function
        `filter_image(image, kernel)` slides a kernel, array (3, 3), over the image, without padding.

    Returns
    -------
    array (H − 2, W − 2)
        √(gx² + gy²), with Sobel's filters.
    """
    ### BEGIN SOLUTION
    sobel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    return np.sqrt(filter_image(image, sobel) ** 2 + filter_image(image, sobel.T) ** 2)
    ### END SOLUTION


# %% nbgrader={"grade_id": "edge_strength", "grade": true}
check("edge_strength")

# %%
grey = drawing.mean(axis=-1)
show_images(
    {
        "the heights": landscape,
        "how steep": edge_strength(landscape, filter_image),
        "a drawing": grey,
        "its outlines": edge_strength(grey, filter_image),
    }
)

# %% [markdown]
# These kernels were thought out. The idea of a convolutional network is that they need not be: their weights are
# parameters like any others. **Let us learn these filters.** Before that, some bookkeeping.
#
# ## 3 Sizes, counts, fields
#
# ### How large is the output?
#
# Along one axis there are $N$ pixels, $P$ zeros on either side, a window of $F$, and the window is moved on by the
# **stride** $S$. The first window needs $F$ pixels. Each further one needs $S$ more:
#
# $$\left\lfloor \frac{N + 2P - F}{S} \right\rfloor + 1$$
#
# The brackets round down: what is left over at the end gets no window. The lecture is stricter and calls such a stride
# *illegal*, since some pixels would never be looked at; libraries round down without a word. Both views are
# useful, so write both: the size, and whether the windows **fit** without a remainder.
#
# *Examples.* $N = 7$, $F = 3$, $S = 2$: $\frac42 + 1 = 3$, and it fits. $S = 3$: $\lfloor\frac43\rfloor + 1 = 2$, and
# it does not fit. $N = 32$, $F = 5$, $P = 2$, $S = 1$: 32, and it fits.

# %% [markdown]
# Where the windows lie in four cases. Grey: padding. Orange: pixels that no window reaches.

# %%
picture = Picture(figsize=(8, 4.6), layout="constrained")
for ax, (n, f, s, p) in zip(
    picture.subplots(2, 2).flat, [(7, 3, 1, 0), (7, 3, 2, 0), (7, 3, 3, 0), (7, 3, 1, 1)], strict=True
):
    show_windows(n, f, stride=s, padding=p, ax=ax)
    ax.set(xlim=(-0.2, 9.2), ylim=(-6.5, 1.2))  # one scale for all
picture


# %% nbgrader={"grade_id": "output_size_code", "solution": true}
def output_size(n, f, *, padding=0, stride=1):
    """Return how many windows of f pixels there are along n pixels: an int, rounded down."""
    ### BEGIN SOLUTION
    return (n + 2 * padding - f) // stride + 1
    ### END SOLUTION


def fits(n, f, *, padding=0, stride=1):
    """Return whether these windows end exactly where the padded image ends: True or False."""
    ### BEGIN SOLUTION
    return (n + 2 * padding - f) % stride == 0
    ### END SOLUTION


# %% nbgrader={"grade_id": "output_size", "grade": true}
check("output_size")

# %% [markdown]
# Two paddings have names. **Valid**: none. **Same**: as much as keeps the size, $P = (F - 1)/2$. That holds for a
# stride of 1 and for odd $F$ alone; for even $F$ no equal padding on both sides will do. And padding has another
# merit: without it a corner pixel lies in a single window, while one in the middle lies in $F \cdot F$.
#
# From the exams, to try your function on: a map of $32 \times 32 \times 32$ with 8 filters of size 6, stride 2,
# padding 1 becomes $15 \times 15 \times 8$. One of $26 \times 26 \times 26$ with 5 filters of size 7, stride 3,
# padding 1 becomes $8 \times 8 \times 5$. One of $28 \times 28 \times 28$ with 6 filters of size 5, stride 3,
# padding 2 becomes $10 \times 10 \times 6$. The depth of the result is the number of filters, always.

# %% [markdown]
# ### What does a layer cost?
#
# A filter extends through **all** $C$ channels of its input: it has $C \cdot F \cdot F$ weights, and one bias. A layer
# has as many filters as its output has channels. How large the picture is does not matter.
#
# - The lecture's layer, ten $5 \times 5$ filters on three channels: $10 \cdot (5 \cdot 5 \cdot 3 + 1) = 760$
#   parameters. An affine layer that made as many numbers from the same $32 \times 32$ picture would have
#   $3072 \cdot 10240 + 10240 \approx 31$ million.
# - A single $1 \times 1$ filter on 32 channels: $32 + 1 = 33$. Five $4 \times 4$ filters on three channels: 245. Eight
#   $3 \times 3$ filters on three channels: 224.
# - An affine layer from $D$ to $M$ numbers has $D \cdot M$ weights and $M$ biases. Digits of $8 \times 8$ pixels, two
#   hidden layers of 10 and 5, three classes: $650 + 55 + 18 = 723$. From $100 \times 4 \times 4$ to
#   $40 \times 4 \times 4$ numbers, the weights alone are a $1600 \times 640$ matrix.
# - Batch norm learns a $\gamma$ and a $\beta$ for each channel. Behind layers with 8, 16 and 32 filters:
#   $2 \cdot 56 = 112$.
#
# (The student summary's formula, $F \cdot F \cdot \text{depth} \cdot \text{filters}$, leaves out the biases. And a
# solution to the exam of July 2021 gives batch norm 2 parameters behind an affine layer: it is 2 for *each of its
# neurons*.)
#
# And the time? Each filter visits every place of the output, and multiplies all its weights there, once per place. The
# lecture's layer makes $32 \cdot 32$ places: $32 \cdot 32 \cdot 10 \cdot 75 = 768\,000$ multiplications.


# %% nbgrader={"grade_id": "layer_costs_code", "solution": true}
def conv_parameters(channels, filters, size):
    """Return the number of parameters of `filters` filters of size × size on `channels` channels, with biases."""
    ### BEGIN SOLUTION
    return filters * (channels * size * size + 1)
    ### END SOLUTION


def affine_parameters(inputs, outputs):
    """Return the number of parameters of an affine layer, with biases."""
    ### BEGIN SOLUTION
    return (inputs + 1) * outputs
    ### END SOLUTION


def batch_norm_parameters(channels):
    """Return how many parameters batch norm learns behind a convolution with `channels` filters."""
    ### BEGIN SOLUTION
    return 2 * channels
    ### END SOLUTION


def conv_multiplications(channels, filters, size, output):
    """Return how many multiplications the layer takes for one image; output = (OH, OW) is the size of its maps."""
    ### BEGIN SOLUTION
    height, width = output
    return height * width * filters * channels * size * size
    ### END SOLUTION


# %% nbgrader={"grade_id": "layer_costs", "grade": true}
check("layer_costs")

# %% [markdown]
# ### How far does an output see?
#
# An output of a $3 \times 3$ convolution depends on $3 \times 3$ pixels. Put a second such layer behind it: its
# output depends on $3 \times 3$ outputs of the first, and these together on $5 \times 5$ pixels. That is its
# **receptive field**: the region of the *input image* that can influence it.

# %%
picture = Picture(figsize=(10, 3.4), layout="constrained")
left, right = picture.subplots(1, 2)
show_receptive_field([(3, 1), (3, 1), (3, 1)], ax=left)
show_receptive_field([(3, 2), (2, 2), (3, 1)], ax=right)
picture

# %% [markdown]
# Go from the image upwards. Layer $k$ has windows of $f_k$ and the stride $s_k$. Its window takes $f_k$ neighbouring
# outputs of the layer below. One of them sees $r_{k-1}$ pixels; each further one looks at the image from a point some
# way beside it. How far beside? The strides of all layers **before** this one, multiplied:
#
# $$r_1 = f_1 \qquad\qquad r_k = r_{k-1} + \Bigl(\prod_{i=1}^{k-1} s_i\Bigr) (f_k - 1)$$
#
# Pooling layers are windows too, and count. An affine layer sees everything.
#
# *Examples.* Three $3 \times 3$ convolutions: 3, 5, 7. A $5 \times 5$ convolution, then pooling $2 \times 2$ with
# stride 2: 5, then $5 + 1 \cdot (2 - 1) = 6$. A $4 \times 4$ convolution with stride 2, then the same pooling:
# $4 + 2 \cdot 1 = 6$.
#
# (The second example is question 4.7 of the exam of August 2022. Its printed solution begins with "$r_1 = 3$" and
# multiplies "$s_1 \cdot s_2$": with windows of 5 it is $r_1 = 5$, and the pooling's own stride $s_2$ does not count.
# The result, 6, is right.)


# %% nbgrader={"grade_id": "receptive_field_code", "solution": true}
def receptive_field(layers):
    """Return how many pixels, along one axis, an output of each layer depends on.

    Parameters
    ----------
    layers : list of (f, s)
        Window and stride of each convolution or pooling, starting at the image.

    Returns
    -------
    list of int
        r₁, r₂, …, one for each layer.
    """
    ### BEGIN SOLUTION
    fields, field, step = [], 1, 1
    for f, s in layers:
        field += step * (f - 1)
        step *= s
        fields.append(field)
    return fields
    ### END SOLUTION


# %% nbgrader={"grade_id": "receptive_field", "grade": true}
check("receptive_field")

# %% [markdown]
# ### The exams' networks
#
# Five more numbers, each as a small function of what is given, so that it can be asked for any network:
#
# - `same_padding(f)`: the $P$ with which a convolution of odd size $f$ and stride 1 keeps the size of its input;
# - `layers_to_see(pixels)`: how many $3 \times 3$ convolutions with stride 1 it takes until an output sees `pixels`
#   pixels along each axis (an odd number, at least 3);
# - `running_values(shape)`: how many numbers batch norm keeps as running mean and running variance, all together,
#   behind a convolution whose output has the shape $(N, C, H, W)$;
# - `filters_of_affine(shape, outputs)`: an affine layer takes images of shape $(C, H, W)$, flattened, to `outputs`
#   numbers. A convolution with stride 1 and without padding can do the same. Which shape has its tensor of filters,
#   $(F, C, HH, WW)$? (The exam of August 2022, 4.5, prints "stride = 0" for this; a window that is never moved on has
#   stride 1.)
# - `flat_features(size, pools, channels)`: an image of size × size goes through `pools` blocks of a *same* convolution
#   and a $2 \times 2$ pooling with stride 2. The last convolution has `channels` filters. How many numbers are there
#   after flattening? (All sizes can be halved.)
#
# *Examples.* `same_padding(5)` is 2, `layers_to_see(7)` is 3, `running_values((8, 3, 32, 64))` is 6,
# `filters_of_affine((3, 4, 4), 10)` is `(10, 3, 4, 4)`, and `flat_features(8, 1, 5)` is 80.


# %% nbgrader={"grade_id": "quiz_networks_code", "solution": true}
def same_padding(f):
    """Return P."""
    ### BEGIN SOLUTION
    return (f - 1) // 2
    ### END SOLUTION


def layers_to_see(pixels):
    """Return how many layers."""
    ### BEGIN SOLUTION
    return (pixels - 1) // 2
    ### END SOLUTION


def running_values(shape):
    """Return how many numbers; shape = (N, C, H, W)."""
    ### BEGIN SOLUTION
    return 2 * shape[1]
    ### END SOLUTION


def filters_of_affine(shape, outputs):
    """Return the shape of the filters, a tuple of four; shape = (C, H, W)."""
    ### BEGIN SOLUTION
    return (outputs, *shape)
    ### END SOLUTION


def flat_features(size, pools, channels):
    """Return how many numbers there are after flattening."""
    ### BEGIN SOLUTION
    return channels * (size // 2**pools) ** 2
    ### END SOLUTION


# %% nbgrader={"grade_id": "quiz_networks", "grade": true}
check("quiz_networks")

# %% [markdown]
# ## 4 The convolutional layer
#
# Now with everything at once: a batch of $N$ images with $C$ channels, $F$ filters, stride $S$ and padding $P$.
#
# | | shape | what it holds |
# | --- | --- | --- |
# | $x$ | $(N, C, H, W)$ | images |
# | $w$ | $(F, C, HH, WW)$ | filters: each extends through all channels |
# | $b$ | $(F,)$ | one bias per filter |
# | out | $(N, F, OH, OW)$ | one **feature map** per filter |
#
# (The lecture's quiz writes the first two axes of $w$ in the other order, $(3, 4, 5, 5)$ for four filters on three
# channels; the exam accepts both. Here, as in PyTorch, the filters come first.)
#
# ### Forward
#
# Take image $n$, filter $f$ and place $(p, q)$. The window there starts at row $p \cdot S$ and column $q \cdot S$ of
# the padded image $\tilde x$. The output is the dot product of window and filter, plus the bias:
#
# $$out_{nfpq} = b_f + \sum_{c} \sum_{i} \sum_{j} w_{fcij} \; \tilde x_{n,\,c,\,pS+i,\,qS+j}$$
#
# *Example.* One image of two channels, one filter that covers all of it, $b = \frac12$:
#
# $$x = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}, \begin{bmatrix} 0 & 1 \\ 1 & 0 \end{bmatrix} \qquad
# w = \begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}, \begin{bmatrix} 2 & 2 \\ 2 & 2 \end{bmatrix} \qquad
# out = (1 + 4) + (2 + 2) + \tfrac12 = 9.5$$
#
# Use as many loops as you like; a fast version comes later. `np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))` pads the last
# two axes alone. The cache is fixed this time, `(x, w, stride, padding)`: so the backward pass can be checked even if
# the forward pass is not right yet.


# %% nbgrader={"grade_id": "conv2d_forward_code", "solution": true}
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    """Let each filter slide over each image.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images.
    w : array (F, C, HH, WW)
        Filters.
    b : array (F,)
        Biases.
    stride : int
        How many pixels there are from one window to the next, down and across.
    padding : int
        How many zeros are put on each of the four sides.

    Returns
    -------
    out : array (N, F, OH, OW), OH = ⌊(H + 2 · padding − HH) / stride⌋ + 1, OW likewise
        Feature maps.
    cache
        (x, w, stride, padding).
    """
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    f, _, hh, ww = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = (height + 2 * padding - hh) // stride + 1, (width + 2 * padding - ww) // stride + 1
    out = np.zeros((n, f, rows, columns))
    for p in range(rows):
        for q in range(columns):
            top, left = p * stride, q * stride
            window = padded[:, :, top : top + hh, left : left + ww]
            for k in range(f):
                out[:, k, p, q] = np.sum(window * w[k], axis=(1, 2, 3)) + b[k]
    return out, (x, w, stride, padding)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d_forward", "grade": true}
check("conv2d_forward")

# %% [markdown]
# Depth at work: a coloured drawing has three channels, so a filter has three layers of weights. The first filter below
# likes blue and dislikes red, and does not care where; the second is Sobel's in all three channels; the third finds
# horizontal changes of blue against red alone.

# %%
blue_not_red = np.array([-1.0, 0, 1])[:, None, None]
filters = np.stack([blue_not_red * np.full((3, 3), 1 / 9), np.stack([sobel] * 3), blue_not_red * sobel.T])
maps, _ = conv2d_forward(np.moveaxis(drawing, -1, 0)[None], filters, np.zeros(3))
panels = {
    "three channels": drawing,
    "blue, not red": maps[0, 0],
    "Sobel, all channels": maps[0, 1],
    "changes of blue − red": maps[0, 2],
}
picture = Picture(figsize=(9, 2.6), layout="constrained")
for ax, (name, shown) in zip(picture.subplots(1, 4), panels.items(), strict=True):
    ax.imshow(shown, cmap="gray")
    ax.set_title(name, fontsize=9)
    ax.set_axis_off()
picture

# %% [markdown]
# ### Backward
#
# The upstream gradient `dout` has the shape of `out`. Which outputs does a parameter reach?
#
# - The bias $b_f$ is added everywhere in map $f$, in every image.
# - The weight $w_{fcij}$ is used at every place of every image, each time with another pixel.
# - The pixel $\tilde x_{nchw}$ lies in several windows, in each at another entry.
#
# The chain rule sums over all that a number reaches:
#
# $$db_f = \sum_{n,p,q} dout_{nfpq} \qquad\quad
# dw_{fcij} = \sum_{n,p,q} dout_{nfpq} \; \tilde x_{n,\,c,\,pS+i,\,qS+j}$$
#
# $$d\tilde x_{nchw} = \sum_{f} \sum_{\substack{pS+i=h \\ qS+j=w}} w_{fcij} \; dout_{nfpq}$$
#
# The third sum looks worse than it is. Walk over the same places as in the forward pass. There, the window was
# multiplied by $w_f$. Now **add** $w_f \cdot dout_{nfpq}$ to the window's place in $d\tilde x$; where windows overlap,
# contributions pile up by themselves. And $dw_f$ gets the window times $dout_{nfpq}$ added. Shared weights sum their
# gradients; nothing is averaged. At the end cut the padding off: zeros have no use for a gradient.
#
# *Example.* One row, no padding: $x = (1, 2, 3)$, $w = (4, 5)$, so $out = (14, 23)$ for $b = 0$. Let
# $dout = (1, 10)$. Then
#
# $$db = 11 \qquad\quad dw = 1 \cdot (1, 2) + 10 \cdot (2, 3) = (21, 32)$$
#
# $$dx = (4, 5, 0) + (0, 40, 50) = (4, 45, 50)$$


# %% nbgrader={"grade_id": "conv2d_backward_code", "solution": true}
def conv2d_backward(dout, cache):
    """Compute the gradients of the convolutional layer.

    Parameters
    ----------
    dout : array (N, F, OH, OW)
        Upstream gradient.
    cache
        (x, w, stride, padding): images (N, C, H, W), filters (F, C, HH, WW) and two ints.

    Returns
    -------
    dx : array (N, C, H, W)
        Gradient for the images.
    dw : array (F, C, HH, WW)
        Gradient for the filters.
    db : array (F,)
        Gradient for the biases.
    """
    x, w, stride, padding = cache
    ### BEGIN SOLUTION
    _, _, height, width = x.shape
    _, _, hh, ww = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for p in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            rows, columns = slice(p * stride, p * stride + hh), slice(q * stride, q * stride + ww)
            for k in range(len(w)):
                weight = dout[:, k, p, q][:, None, None, None]
                dpadded[:, :, rows, columns] += weight * w[k]
                dw[k] += np.sum(weight * padded[:, :, rows, columns], axis=0)
    dx = dpadded[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, dout.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d_backward", "grade": true}
check("conv2d_backward")

# %% [markdown]
# ### Faster: every window becomes a row
#
# Python's loops are slow. But you know a layer that takes dot products of many rows with many weight vectors in a
# single matrix product: the **affine layer**. So lay every window out as a row, as `flatten` does: one channel after
# the other, in each row by row. All windows of all images together make a matrix with $N \cdot OH \cdot OW$ rows and
# $C \cdot HH \cdot WW$ columns. The filters, flattened in the same way, are the columns of the weight matrix.
#
# The order of the rows: all windows of the first image, from left to right and from top to bottom, then those of the
# second image.
#
# *Example.* The windows of $2 \times 2$ in one grey image:
#
# $$\begin{bmatrix} 1 & 2 & 3 \\ 4 & 5 & 6 \end{bmatrix} \;\longrightarrow\;
# \begin{bmatrix} 1 & 2 & 4 & 5 \\ 2 & 3 & 5 & 6 \end{bmatrix}$$
#
# This time **without loops**. NumPy has what you need: `np.lib.stride_tricks.sliding_window_view(a, (height, width),
# axis=(2, 3))` gives all windows at stride 1 without copying a number, with the two axes of a window put at the end:
# $(N, C, OH, OW, height, width)$. A stride is a slice with a step. Then the axes have to be brought into order: a
# reshape alone is no transpose.


# %% nbgrader={"grade_id": "window_rows_code", "solution": true}
def window_rows(x, height, width, *, stride=1, padding=0):
    """Lay every window out as a row, without loops.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images.
    height, width : int
        Size of a window.
    stride, padding : int
        As in `conv2d_forward`.

    Returns
    -------
    array (N · OH · OW, C · height · width)
        A row per window.
    """
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, x.shape[1] * height * width)
    ### END SOLUTION


# %% nbgrader={"grade_id": "window_rows", "grade": true}
check("window_rows")

# %% [markdown]
# ### And back
#
# The backward pass will give a gradient for that matrix: a number for every entry of every window. A pixel stands in
# many windows, and its gradient is the sum over all of them. So lay each row back onto its window, and add. (Loops are
# allowed here.)
#
# *Example.* The two rows from above, sent back: the middle column was in both windows.
#
# $$\begin{bmatrix} 1 & 2 & 4 & 5 \\ 2 & 3 & 5 & 6 \end{bmatrix} \;\longrightarrow\;
# \begin{bmatrix} 1 & 2 + 2 & 3 \\ 4 & 5 + 5 & 6 \end{bmatrix}$$


# %% nbgrader={"grade_id": "add_rows_code", "solution": true}
def add_rows(rows, shape, height, width, *, stride=1, padding=0):
    """Lay rows back onto their windows and add up.

    Parameters
    ----------
    rows : array (N · OH · OW, C · height · width)
        A row per window, ordered as `window_rows` does.
    shape : tuple (N, C, H, W)
        Shape of the images, without padding.
    height, width, stride, padding : int
        As in `window_rows`.

    Returns
    -------
    array (N, C, H, W)
        For each pixel the sum of its entries in all rows; what belongs to the padding is left out.
    """
    ### BEGIN SOLUTION
    n, c, h, w = shape
    down, across = (h + 2 * padding - height) // stride + 1, (w + 2 * padding - width) // stride + 1
    windows = rows.reshape(n, down, across, c, height, width)
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for p in range(down):
        for q in range(across):
            top, left = p * stride, q * stride
            padded[:, :, top : top + height, left : left + width] += windows[:, p, q]
    return padded[:, :, padding : padding + h, padding : padding + w]
    ### END SOLUTION


# %% nbgrader={"grade_id": "add_rows", "grade": true}
check("add_rows")

# %% [markdown]
# ### The layer as a matrix product
#
# With $R$ for the rows and $W$ for the filters as columns, $(C \cdot HH \cdot WW, F)$, all is as in exercise 03:
#
# $$Y = RW + \mathbf 1 b \qquad\qquad dR = dY\, W^\top \qquad dW = R^\top dY \qquad db = \mathbf 1^\top dY$$
#
# What remains is to bring things into shape. $Y$ has a row per window and a column per filter; `out` wants
# $(N, F, OH, OW)$. `dout` has to go the opposite way before it is $dY$, and $dW$ has to become a $dw$ of $w$'s shape.
# At each of these turns, ask whether a reshape is enough, or whether axes have to change places.
#
# *Example.* The two windows from above and one filter, $\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}$, with $b = 0$:
# $W$ is the column $(1, 0, 0, 1)$, $Y$ the column $(6, 8)$, and $out = (6, 8)$, one row. If $dout = (1, 10)$,
# $dW = 1 \cdot (1, 2, 4, 5) + 10 \cdot (2, 3, 5, 6) = (21, 32, 54, 65)$.
#
# `window_rows` and `add_rows` are passed in, so that it does not matter whether yours are right. **No loops.**


# %% nbgrader={"grade_id": "conv2d_fast_code", "solution": true}
def fast_conv2d_forward(x, w, b, window_rows, *, stride=1, padding=0):
    """Compute what `conv2d_forward` computes, by one matrix product.

    Parameters
    ----------
    x, w, b, stride, padding
        As in `conv2d_forward`.
    window_rows : function
        `window_rows(x, height, width, stride=…, padding=…)` returns the windows as rows.

    Returns
    -------
    out : array (N, F, OH, OW)
        Feature maps.
    cache
        Whatever `fast_conv2d_backward` will need; its form is up to you.
    """
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    f, _, hh, ww = w.shape
    rows = window_rows(x, hh, ww, stride=stride, padding=padding)
    y = rows @ w.reshape(f, -1).T + b
    down, across = (height + 2 * padding - hh) // stride + 1, (width + 2 * padding - ww) // stride + 1
    return y.reshape(n, down, across, f).transpose(0, 3, 1, 2), (x.shape, w, rows, stride, padding)
    ### END SOLUTION


def fast_conv2d_backward(dout, cache, add_rows):
    """Compute what `conv2d_backward` computes, by two matrix products.

    Parameters
    ----------
    dout : array (N, F, OH, OW)
        Upstream gradient.
    cache
        What `fast_conv2d_forward` returned.
    add_rows : function
        `add_rows(rows, shape, height, width, stride=…, padding=…)` adds rows up to images of that shape.

    Returns
    -------
    dx, dw, db : arrays (N, C, H, W), (F, C, HH, WW) and (F,)
        The gradients.
    """
    ### BEGIN SOLUTION
    shape, w, rows, stride, padding = cache
    f, _, hh, ww = w.shape
    dy = dout.transpose(0, 2, 3, 1).reshape(-1, f)
    dx = add_rows(dy @ w.reshape(f, -1), shape, hh, ww, stride=stride, padding=padding)
    return dx, (dy.T @ rows).reshape(w.shape), dy.sum(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade_id": "conv2d_fast", "grade": true}
check("conv2d_fast")

# %% [markdown]
# What was it worth? Four colour images, eight filters of $5 \times 5$, forward and backward: the loops and the matrix
# products, for larger and larger images. Both axes are logarithmic, so a factor is a distance.

# %%
sides, seconds = [8, 12, 16, 24, 32], {"loops": [], "matrix products": []}
rng = np.random.default_rng(0)
w, b = rng.standard_normal((8, 3, 5, 5)), np.zeros(8)
for side in sides:
    x, dout = rng.standard_normal((4, 3, side, side)), rng.standard_normal((4, 8, side, side))
    slow, fast = [], []
    for _ in range(3):  # the shortest counts: other programs only make it longer
        start = time.perf_counter()
        conv2d_backward(dout, conv2d_forward(x, w, b, padding=2)[1])
        middle = time.perf_counter()
        fast_conv2d_backward(dout, fast_conv2d_forward(x, w, b, window_rows, padding=2)[1], add_rows)
        slow.append(middle - start)
        fast.append(time.perf_counter() - middle)
    seconds["loops"].append(min(slow))
    seconds["matrix products"].append(min(fast))
picture = Picture(figsize=(6.5, 2.9), layout="constrained")
ax = picture.subplots()
for (name, values), colour, style in zip(seconds.items(), [ORANGE, BLUE], ["o-", "s--"], strict=True):
    ax.plot(sides, [1000 * value for value in values], style, color=colour, label=name)
ax.set(xscale="log", yscale="log", xlabel="height and width in pixels", ylabel="milliseconds")
ax.set_xticks(sides, sides, minor=False)
ax.set_xticks([], minor=True)
ax.legend(frameon=False)
picture

# %% [markdown]
# ### What moves with the picture
#
# Shift the picture, and the feature map shifts with it: a convolution is **translation equivariant**. An affine layer
# knows nothing of the kind. (Rotation invariant and scale invariant, two more choices in an exam's question, it is not:
# turn the picture, and other filters answer.)

# %%
scene = np.zeros((1, 1, 14, 14))
scene[0, 0, 2:10, 1:9] = train_images[3, 0]
moved = np.roll(scene, (3, 4), axis=(2, 3))
maps, _ = given.conv2d_forward(np.concatenate([scene, moved]), sobel[None, None], np.zeros(1), padding=1)
print("the shifted map is the map of the shifted picture:", np.allclose(np.roll(maps[0], (3, 4), axis=(1, 2)), maps[1]))
show_images(
    {"a digit": scene[0, 0], "its map": maps[0, 0], "the digit, shifted": moved[0, 0], "the map, shifted": maps[1, 0]},
    size=1.9,
)

# %% [markdown]
# ## 5 Pooling
#
# Convolution *extracts* features, pooling *selects* among them: a window slides over each channel by itself, and of
# each window one number is kept. Mostly the windows are $2 \times 2$ with stride 2, and a quarter of the numbers
# remains. There is nothing to learn in it.
#
# ### The largest
#
# **Max pooling** keeps the strongest answer in each region. The lecture's example, windows of $2 \times 2$, stride 2:
#
# $$\begin{bmatrix} 3 & 1 & 3 & 5 \\ 6 & 0 & 7 & 9 \\ 3 & 2 & 1 & 4 \\ 0 & 2 & 4 & 3 \end{bmatrix}
# \;\longrightarrow\; \begin{bmatrix} 6 & 9 \\ 3 & 4 \end{bmatrix}$$
#
# **Backward**, the maximum is a switch: the pixel that won gets all of `dout`, the others had no influence and get
# nothing. If two are equally large, let the **first** win, row by row. In the last window above, that is the upper 4.
# For $dout = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$:
#
# $$dx = \begin{bmatrix} 0 & 0 & 0 & 0 \\ 1 & 0 & 0 & 2 \\ 3 & 0 & 0 & 4 \\ 0 & 0 & 0 & 0 \end{bmatrix}$$
#
# Windows may overlap (the other common setting is $3 \times 3$ with stride 2): a pixel that wins twice gets both. What
# is left over at the right and at the bottom gets no window.


# %% nbgrader={"grade_id": "max_pool_code", "solution": true}
def max_pool_forward(x, *, size, stride):
    """Keep the largest number of each window.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images or feature maps.
    size, stride : int
        The windows are size × size, and each starts stride pixels after the last.

    Returns
    -------
    out : array (N, C, OH, OW), OH = ⌊(H − size) / stride⌋ + 1, OW likewise
        The largest numbers.
    cache
        Whatever `max_pool_backward` will need.
    """
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    out = np.zeros((n, c, rows, columns))
    for p in range(rows):
        for q in range(columns):
            top, left = p * stride, q * stride
            out[:, :, p, q] = x[:, :, top : top + size, left : left + size].max(axis=(2, 3))
    return out, (x, size, stride)
    ### END SOLUTION


def max_pool_backward(dout, cache):
    """Return ∂L/∂x, array (N, C, H, W), from the upstream gradient dout, array (N, C, OH, OW), and the cache."""
    ### BEGIN SOLUTION
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, p, q in np.ndindex(dout.shape):
        top, left = p * stride, q * stride
        window = x[n, c, top : top + size, left : left + size]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + i, left + j] += dout[n, c, p, q]
    return dx
    ### END SOLUTION


# %% nbgrader={"grade_id": "max_pool", "grade": true}
check("max_pool")

# %% [markdown]
# ### The average
#
# **Average pooling** keeps the mean of each window. On the same numbers it gives
# $\begin{bmatrix} 2.5 & 6 \\ 1.75 & 3 \end{bmatrix}$. Backward, each of the $F^2$ pixels gets the same share,
# $\frac{1}{F^2}\,dout$: with $dout = 4$ in a window of $2 \times 2$, each of its pixels gets 1.
#
# It is typically used deep in a network. **Global average pooling** takes one window as large as the image: of
# $(N, C, H, W)$ remains $(N, C)$, a single number per channel, whatever the size of the image.


# %% nbgrader={"grade_id": "average_pool_code", "solution": true}
def average_pool_forward(x, *, size, stride):
    """Average each window: return out, array (N, C, OH, OW), and a cache; x, size and stride as in max pooling."""
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    out = np.zeros((n, c, rows, columns))
    for p in range(rows):
        for q in range(columns):
            top, left = p * stride, q * stride
            out[:, :, p, q] = x[:, :, top : top + size, left : left + size].mean(axis=(2, 3))
    return out, (x.shape, size, stride)
    ### END SOLUTION


def average_pool_backward(dout, cache):
    """Return ∂L/∂x, array (N, C, H, W), from the upstream gradient dout, array (N, C, OH, OW), and the cache."""
    ### BEGIN SOLUTION
    shape, size, stride = cache
    dx = np.zeros(shape)
    for p in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            top, left = p * stride, q * stride
            dx[:, :, top : top + size, left : left + size] += dout[:, :, p, q][:, :, None, None] / size**2
    return dx
    ### END SOLUTION


def global_average_pool(x):
    """Return the mean of each channel of each image, array (N, C), for x, array (N, C, H, W)."""
    ### BEGIN SOLUTION
    return x.mean(axis=(2, 3))
    ### END SOLUTION


# %% nbgrader={"grade_id": "average_pool", "grade": true}
check("average_pool")

# %% [markdown]
# Left, the ridges of the landscape: the edge filter's answer, without what is negative. Then a ninth of its pixels,
# once by the maximum and once by the average. The thin bright lines survive the first and fade in the second.

# %%
ridges = np.maximum(filtered["edges"], 0)[None, None]
show_images(
    {
        f"before: {ridges.shape[2]} × {ridges.shape[3]}": ridges[0, 0],
        "the largest of 3 × 3": max_pool_forward(ridges, size=3, stride=3)[0][0, 0],
        "the mean of 3 × 3": average_pool_forward(ridges, size=3, stride=3)[0][0, 0],
    },
    columns=3,
)

# %% [markdown]
# ### Faster
#
# If the windows lie side by side (stride = size) and nothing is left over, they are tiles, and a reshape finds them:
# rows become *tile row* and *row in the tile*, columns likewise. So
# $(N, C, H, W) \to (N, C, \frac{H}{F}, F, \frac{W}{F}, F)$: reduce over the axes 3 and 5.
#
# For the backward pass you need one winner per tile, the first. A mask of all pixels that equal the maximum will not
# do when there are ties, and behind a ReLU, with all its zeros, there are many. Bring the tile's pixels together on one
# last axis of length $F^2$ and ask `argmax`, which gives the first; then undo what you did to the axes. **No loops.**
#
# *Example.* The tile $\begin{bmatrix} 1 & 2 \\ 2 & 0 \end{bmatrix}$ becomes $(1, 2, 2, 0)$. The largest is 2, `argmax`
# says 1, and $dout = 7$ comes back as $(0, 7, 0, 0)$, hence as $\begin{bmatrix} 0 & 7 \\ 0 & 0 \end{bmatrix}$.


# %% nbgrader={"grade_id": "max_pool_fast_code", "solution": true}
def fast_max_pool_forward(x, *, size):
    """Keep the largest number of each tile, without loops.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images or feature maps; size divides H and W.
    size : int
        The tiles are size × size.

    Returns
    -------
    out : array (N, C, H / size, W / size)
        The largest numbers.
    cache
        Whatever `fast_max_pool_backward` will need.
    """
    ### BEGIN SOLUTION
    n, c, height, width = x.shape
    tiles = x.reshape(n, c, height // size, size, width // size, size).swapaxes(3, 4)
    tiles = tiles.reshape(n, c, height // size, width // size, size * size)
    return tiles.max(axis=-1), (tiles.argmax(axis=-1), size)
    ### END SOLUTION


def fast_max_pool_backward(dout, cache):
    """Return ∂L/∂x, array (N, C, H, W), without loops; in a tie the first pixel of the tile, row by row, has won."""
    ### BEGIN SOLUTION
    winner, size = cache
    n, c, rows, columns = dout.shape
    tiles = (np.arange(size * size) == winner[..., None]) * dout[..., None]
    return tiles.reshape(n, c, rows, columns, size, size).swapaxes(3, 4).reshape(n, c, rows * size, columns * size)
    ### END SOLUTION


# %% nbgrader={"grade_id": "max_pool_fast", "grade": true}
check("max_pool_fast")

# %% [markdown]
# ## 6 Three relatives
#
# ### 1 × 1
#
# A filter of one pixel? It sees no neighbours, but it does see all $C$ channels of its pixel, and takes their dot
# product with its $C$ weights. With $F$ such filters, that is an **affine layer from $C$ to $F$ numbers, applied to
# every pixel by itself**. It leaves height and width alone and changes the number of channels; most often it is there
# to make them fewer. (That it "just scales the input", as the summary puts it, is true of a single channel.)
#
# $$out_{nfhw} = b_f + \sum_c w_{fc} \, x_{nchw}$$
#
# *Example.* A pixel with the channels $(1, 2, 3)$ and the filters $(1, 0, -1)$ and $(1, 1, 1)$, biases 0: it becomes
# $(-2, 6)$.
#
# **No loops.** And mind the axes: the channels are not the last ones, and `x.reshape(-1, C)` does not make them so.


# %% nbgrader={"grade_id": "one_by_one_code", "solution": true}
def one_by_one(x, w, b):
    """Apply one affine layer at every pixel.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images or feature maps.
    w : array (F, C)
        Weights: a row per filter.
    b : array (F,)
        Biases.

    Returns
    -------
    array (N, F, H, W)
        The new channels.
    """
    ### BEGIN SOLUTION
    return np.einsum("fc,nchw->nfhw", w, x) + b[:, None, None]
    ### END SOLUTION


# %% nbgrader={"grade_id": "one_by_one", "grade": true}
check("one_by_one")

# %% [markdown]
# Three channels, mixed into three others at every pixel: brightness as the eye weighs it, yellow against blue, and how
# little red there is.

# %%
mixing = np.array([[0.30, 0.59, 0.11], [0.5, 0.5, -1.0], [-1.0, 0.0, 0.0]])
mixed = one_by_one(np.moveaxis(drawing, -1, 0)[None], mixing, np.zeros(3))[0]
show_images(dict(zip(["brightness", "yellow − blue", "no red"], mixed, strict=True)), columns=3, size=1.9)

# %% [markdown]
# ### An affine layer is a convolution
#
# Take a window as large as the image. It fits in one place, so the output is one number per filter; each filter has a
# weight for every number of the image, and a bias. That **is** an affine layer, written differently:
#
# $$\underbrace{w}_{(D,\,M)} \;\longrightarrow\; \underbrace{\text{filters}}_{(M,\,C,\,H,\,W)}
# \qquad D = C \cdot H \cdot W$$
#
# Column $m$ of $w$ has the weights of output $m$, in the order of the flattened image. Unflatten it, and you have
# filter $m$. *Example*: for images of $(1, 2, 2)$, the column $(1, 2, 3, 4)$ becomes
# $\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}$.
#
# What is gained? Filters slide. An affine layer accepts one size of image; written as a convolution it accepts any
# larger one, and answers with a **map** of scores: what it would have said at each place. That is a *fully
# convolutional* network. Write both steps; `conv2d(x, w, b)`, with stride 1 and without padding, is passed in.


# %% nbgrader={"grade_id": "affine_as_convolution_code", "solution": true}
def affine_filters(w, shape):
    """Return the weights w, array (D, M), as filters, array (M, C, H, W), for images of shape = (C, H, W)."""
    ### BEGIN SOLUTION
    return w.T.reshape(-1, *shape)
    ### END SOLUTION


def score_maps(x, w, b, shape, conv2d):
    """Let an affine layer slide over larger images.

    Parameters
    ----------
    x : array (N, C, HH, WW)
        Images at least as large as the layer's own.
    w, b : arrays (D, M) and (M,)
        The affine layer's weights and biases.
    shape : tuple (C, H, W)
        The images for which the layer is made, D = C · H · W.
    conv2d : function
        `conv2d(x, filters, b)` returns the feature maps.

    Returns
    -------
    array (N, M, HH − H + 1, WW − W + 1)
        The scores at each place.
    """
    ### BEGIN SOLUTION
    return conv2d(x, affine_filters(w, shape), b)
    ### END SOLUTION


# %% nbgrader={"grade_id": "affine_as_convolution", "grade": true}
check("affine_as_convolution")

# %% [markdown]
# An affine classifier that has been trained on $8 \times 8$ pixels alone reads a strip. It knows eleven classes: the
# ten digits, and *nothing* for a window that stands between two of them. In the lower picture each row belongs to a
# digit and each column to a place of the window; bright is what it takes for likely. The triangles show the truth.

# %% nbgrader={"grade_id": "reader", "locked": true}


def affine_reader(steps=150, rate=0.8, momentum=0.9):
    """Train an affine layer to tell ten digits and windows between them; return weights (64, 11) and biases (11,)."""
    rng = np.random.default_rng(0)
    gap, other = np.zeros((len(train_images), 1, 8, 3)), train_images[rng.permutation(len(train_images))]
    pairs = np.concatenate([train_images, gap, other], axis=3)
    between = [pair[..., s : s + 8] for pair, s in zip(pairs, rng.integers(2, 10, len(pairs)), strict=True)]
    x = np.concatenate([train_images, between]).reshape(-1, 64)
    onehot = np.eye(11)[np.concatenate([train_labels, np.full(len(pairs), 10)])]
    w, b, velocity = np.zeros((64, 11)), np.zeros(11), np.zeros((64, 11))
    for _ in range(steps):
        powers = np.exp(x @ w + b)
        error = (powers / powers.sum(axis=1, keepdims=True) - onehot) / len(x)
        velocity = momentum * velocity - rate * x.T @ error
        w, b = w + velocity, b - rate * error.sum(axis=0)
    return w, b


# %%
w_digits, b_digits = affine_reader()
chosen, starts = [3, 10, 1, 21], [2, 13, 24, 35]
strip = np.zeros((1, 1, 8, 46))
for image, start in zip(test_images[chosen], starts, strict=True):
    strip[0, :, :, start : start + 8] = image
scores = score_maps(strip, w_digits, b_digits, (1, 8, 8), lambda x, w, b: given.conv2d_forward(x, w, b)[0])[0, :, 0]
likely = np.exp(scores) / np.exp(scores).sum(axis=0)
picture = Picture(figsize=(9, 3.6), layout="constrained")
above, below = picture.subplots(2, 1, height_ratios=[1, 1.4], sharex=True)
above.imshow(strip[0, 0], cmap="gray_r", extent=(0, 46, 8, 0), aspect="auto")
above.tick_params(bottom=False, left=False, labelleft=False)
below.imshow(likely[:10], cmap="cividis", extent=(3.5, 42.5, 9.5, -0.5), aspect="auto")
below.plot(np.array(starts) + 4, test_labels[chosen] - 0.9, "v", color=ORANGE, markersize=7)
below.set(xlabel="middle of the window", ylabel="digit", yticks=range(0, 10, 3), ylim=(9.5, -1.6))
picture

# %% [markdown]
# ### Batch norm over images
#
# Batch norm (exercise 08) gives every feature the mean 0 and the variance 1 over the mini-batch. Behind a convolution,
# a feature is a whole **channel**: one filter made all its pixels, and looks for the same thing everywhere. So one
# mean and one variance per channel, over all images *and all places*: $m = N \cdot H \cdot W$ values.
#
# $$\mu_c = \frac1m \sum_{n,h,w} x_{nchw} \qquad\quad \sigma_c^2 = \frac1m \sum_{n,h,w} (x_{nchw} - \mu_c)^2$$
#
# $$\hat x = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} \qquad\quad out = \gamma_c \, \hat x + \beta_c$$
#
# In **training** the statistics are those of the batch, and running averages are kept beside:
#
# $$running \;\leftarrow\; \beta_m \cdot running + (1 - \beta_m) \cdot \text{batch}$$
#
# The `momentum` $\beta_m$ weighs the **old** value, as in the lecture. (PyTorch's `momentum` is $1 - \beta_m$, and its
# running variance is divided by $m - 1$; here it is the same $\sigma^2$, divided by $m$, throughout.) At **test** time
# the running averages take the place of $\mu$ and $\sigma^2$, and stay as they are.
#
# *Example.* Two images of one channel and $1 \times 2$ pixels, $(1, 3)$ and $(5, 7)$: $\mu = 4$, $\sigma^2 = 5$. With
# $\beta_m = 0.9$ a running mean of 0 becomes 0.4, and a running variance of 1 becomes $0.9 + 0.5 = 1.4$.


# %% nbgrader={"grade_id": "spatial_batch_norm_forward_code", "solution": true}
def spatial_batch_norm_forward(x, gamma, beta, *, running_mean, running_var, train, momentum=0.9, eps=1e-5):
    """Normalize every channel.

    Parameters
    ----------
    x : array (N, C, H, W)
        Feature maps.
    gamma, beta : array (C,)
        Scale and shift.
    running_mean, running_var : array (C,)
        Running averages so far; do not change them in place.
    train : bool
        Whether to use this batch's statistics, and to average them into the running ones.
    momentum, eps : float
        βₘ and ε.

    Returns
    -------
    out : array (N, C, H, W)
        Normalized, scaled and shifted maps.
    cache
        (x_hat, std, gamma): x̂, array (N, C, H, W); √(σ² + ε), array (C,); γ.
    running_mean, running_var : array (C,)
        The new running averages; the old ones if `train` is False.
    """
    ### BEGIN SOLUTION
    mean, var = running_mean, running_var
    if train:
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    std = np.sqrt(var + eps)
    x_hat = (x - mean[:, None, None]) / std[:, None, None]
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, std, gamma), running_mean, running_var
    ### END SOLUTION


# %% nbgrader={"grade_id": "spatial_batch_norm_forward", "grade": true}
check("spatial_batch_norm_forward")

# %% [markdown]
# **Backward**, with the compact formula of exercise 08 and sums over images and places:
#
# $$d\beta_c = \sum_{n,h,w} dout \qquad d\gamma_c = \sum_{n,h,w} dout \cdot \hat x \qquad
# dx = \frac{\gamma_c}{\sqrt{\sigma_c^2 + \varepsilon}}
# \left( dout - \frac{d\beta_c}{m} - \hat x \, \frac{d\gamma_c}{m} \right)$$
#
# *Example.* One channel, $\hat x = (-1, 1)$, $\sqrt{\sigma^2 + \varepsilon} = 2$, $\gamma = 4$, $dout = (1, 5)$:
# $d\beta = 6$, $d\gamma = 4$ and $dx = \frac42 (1 - 3 + 2,\; 5 - 3 - 2) = (0, 0)$. With two values there is nothing
# left to move: whatever they are, they become $\pm 1$.


# %% nbgrader={"grade_id": "spatial_batch_norm_backward_code", "solution": true}
def spatial_batch_norm_backward(dout, cache):
    """Compute the gradients of batch norm over images, in training.

    Parameters
    ----------
    dout : array (N, C, H, W)
        Upstream gradient.
    cache
        (x_hat, std, gamma): x̂, array (N, C, H, W); √(σ² + ε), array (C,); γ, array (C,).

    Returns
    -------
    dx : array (N, C, H, W)
        Gradient for the maps.
    dgamma, dbeta : array (C,)
        Gradients for scale and shift.
    """
    x_hat, std, gamma = cache
    ### BEGIN SOLUTION
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3))
    m = dout.size // len(gamma)
    inner = dout - dbeta[:, None, None] / m - x_hat * dgamma[:, None, None] / m
    return (gamma / std)[:, None, None] * inner, dgamma, dbeta
    ### END SOLUTION


# %% nbgrader={"grade_id": "spatial_batch_norm_backward", "grade": true}
check("spatial_batch_norm_backward")

# %% [markdown]
# ## 7 A LeNet
#
# Convolution, pooling, convolution, pooling, then affine layers: in 1998 LeNet read cheques with this. Yours is made
# for digits of $8 \times 8$ pixels:
#
# | layer | parameters | output, per image |
# | --- | --- | --- |
# | input | | $1 \times 8 \times 8$ |
# | convolution $5 \times 5$, padding 2, then ReLU | `w1`, `b1` | $8 \times 8 \times 8$ |
# | max pooling $2 \times 2$ | | $8 \times 4 \times 4$ |
# | convolution $3 \times 3$, padding 1, then ReLU | `w2`, `b2` | $16 \times 4 \times 4$ |
# | max pooling $2 \times 2$ | | $16 \times 2 \times 2$ |
# | flatten, affine, ReLU | `w3`, `b3` | 48 |
# | affine | `w4`, `b4` | 10 scores |
#
# As one goes deeper, height and width shrink and the number of filters grows. The receptive fields along the way: 5, 6,
# 10, 12 pixels.
#
# The layers are passed in, in an object `layers`. Each is a pair; a forward pass returns its output and a cache, a
# backward pass takes the upstream gradient and that cache:
#
# | forward | backward |
# | --- | --- |
# | `layers.conv2d_forward(x, w, b, padding=…)` | `layers.conv2d_backward(dout, cache)` → `dx, dw, db` |
# | `layers.relu_forward(x)` | `layers.relu_backward(dout, cache)` → `dx` |
# | `layers.max_pool_forward(x, size=2)` | `layers.max_pool_backward(dout, cache)` → `dx` |
# | `layers.affine_forward(x, w, b)` | `layers.affine_backward(dout, cache)` → `dx, dw, db` |
#
# The affine layer flattens its input by itself, and gives `dx` the shape that came in.
#
# Chain them. Keep every cache on the way ahead, and use them up in reverse order on the way back. The number of
# filters, neurons and classes is in the parameters' shapes; your code need not mention it.


# %% nbgrader={"grade_id": "lenet_code", "solution": true}
def lenet_forward(x, p, layers):
    """Compute the scores.

    Parameters
    ----------
    x : array (N, C, H, W)
        Images; H and W can be halved twice.
    p : dict
        The parameters "w1", "b1", "w2", "b2", "w3", "b3", "w4", "b4".
    layers
        The layers' forward passes (see above).

    Returns
    -------
    scores : array (N, number of classes)
        One row of scores per image.
    cache
        Whatever `lenet_backward` will need.
    """
    ### BEGIN SOLUTION
    h, conv1 = layers.conv2d_forward(x, p["w1"], p["b1"], padding=2)
    h, relu1 = layers.relu_forward(h)
    h, pool1 = layers.max_pool_forward(h, size=2)
    h, conv2 = layers.conv2d_forward(h, p["w2"], p["b2"], padding=1)
    h, relu2 = layers.relu_forward(h)
    h, pool2 = layers.max_pool_forward(h, size=2)
    h, affine3 = layers.affine_forward(h, p["w3"], p["b3"])
    h, relu3 = layers.relu_forward(h)
    scores, affine4 = layers.affine_forward(h, p["w4"], p["b4"])
    return scores, (conv1, relu1, pool1, conv2, relu2, pool2, affine3, relu3, affine4)
    ### END SOLUTION


def lenet_backward(dscores, cache, layers):
    """Return the gradients for all parameters, a dict with the keys of p, from ∂L/∂scores and the cache."""
    ### BEGIN SOLUTION
    conv1, relu1, pool1, conv2, relu2, pool2, affine3, relu3, affine4 = cache
    g = {}
    dh, g["w4"], g["b4"] = layers.affine_backward(dscores, affine4)
    dh = layers.relu_backward(dh, relu3)
    dh, g["w3"], g["b3"] = layers.affine_backward(dh, affine3)
    dh = layers.relu_backward(layers.max_pool_backward(dh, pool2), relu2)
    dh, g["w2"], g["b2"] = layers.conv2d_backward(dh, conv2)
    dh = layers.relu_backward(layers.max_pool_backward(dh, pool1), relu1)
    _, g["w1"], g["b1"] = layers.conv2d_backward(dh, conv1)
    return g
    ### END SOLUTION


# %% nbgrader={"grade_id": "lenet", "grade": true}
check("lenet")

# %% [markdown]
# ## 8 Training
#
# The locked cell below draws starting weights (He's: spread $\sqrt{2 / \text{inputs}}$, see exercise 08) and puts your
# LeNet, the given layers and the softmax cross-entropy together. A small penalty, $\frac\lambda2 \lVert w \rVert^2$ on
# all weights, lets what the filters do not need fade away. If your LeNet is not right yet, put
# `given.lenet_loss` and `given.lenet_scores` in place of `lenet_loss` and `lenet_scores` in what follows.

# %% nbgrader={"grade_id": "lenet_parts", "locked": true}


def start_parameters(rng, filters=(8, 16), hidden=48):
    """Return random weights and zero biases for digits."""
    shapes = [(filters[0], 1, 5, 5), (filters[1], filters[0], 3, 3), (filters[1] * 4, hidden), (hidden, 10)]
    p = {}
    for i, shape in enumerate(shapes, start=1):
        inputs = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
        p[f"w{i}"] = rng.standard_normal(shape) * np.sqrt(2 / inputs)
        p[f"b{i}"] = np.zeros(shape[0] if len(shape) == 4 else shape[1])
    return p


def lenet_scores(x, p):
    """Return the scores (N, 10) of images x (N, 1, 8, 8)."""
    return lenet_forward(x, p, given)[0]


def lenet_loss(x, y, p):
    """Return the loss on images x (N, 1, 8, 8) with labels y (N,), penalty included, and its gradients, a dict."""
    scores, cache = lenet_forward(x, p, given)
    loss, loss_cache = given.cross_entropy_forward(scores, target=torch.tensor(y))
    gradients = lenet_backward(given.cross_entropy_backward(np.ones(()), loss_cache), cache, given)
    return _with_penalty(float(loss), gradients, p)


def _with_penalty(loss, gradients, p, decay=0.005):
    if not all(np.isfinite(numbers).all() for numbers in (loss, *gradients.values())):
        msg = "The loss is not finite, so training stops: run check('lenet'), then look at the signs in train."
        raise FloatingPointError(msg)
    weights = [name for name in p if name[0] == "w"]
    penalty = sum(0.5 * decay * (p[name] ** 2).sum() for name in weights)
    return loss + penalty, gradients | {name: gradients[name] + decay * p[name] for name in weights}


def _given_scores(x, w1, b1, w2, b2, w3, b3, w4, b4):
    h = F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=2)), 2)
    h = F.max_pool2d(F.relu(F.conv2d(h, w2, b2, padding=1)), 2)
    return F.relu(h.flatten(1) @ w3 + b3) @ w4 + b4


_forward, _backward = from_torch(_given_scores)


def _given_loss(x, y, p):
    scores, cache = _forward(x, *p.values())
    loss, loss_cache = given.cross_entropy_forward(scores, target=torch.tensor(y))
    _, *gradients = _backward(given.cross_entropy_backward(np.ones(()), loss_cache), cache)
    return _with_penalty(float(loss), dict(zip(p, gradients, strict=True)), p)


given.lenet_scores = lambda x, p: _forward(x, *p.values())[0]
given.lenet_loss = _given_loss

# %% [markdown]
# Now the training, with momentum (exercise 05). For every parameter there is a velocity $v$, zero at the start, and in
# every mini-batch
#
# $$v \leftarrow \mu \, v - \alpha \, \frac{\partial L}{\partial w} \qquad\qquad w \leftarrow w + v$$
#
# `batches(x, y, batch_size, rng)` yields the mini-batches of one epoch in a fresh order.


# %% nbgrader={"grade_id": "train_code", "solution": true}
def train(p, loss_of, scores_of, *, learning_rate, momentum, epochs, batch_size, rng):
    """Train on `train_images` with momentum.

    Parameters
    ----------
    p : dict
        The parameters at the start.
    loss_of : function
        `loss_of(x, y, p)` returns the loss, a float, and its gradients, a dict like p.
    scores_of : function
        `scores_of(x, p)` returns the scores, array (N, 10).
    learning_rate, momentum : float
        α and μ.
    epochs, batch_size : int
        How often to go through the data, and how many images a mini-batch has.
    rng : numpy.random.Generator
        Shuffles the data, through `batches`.

    Returns
    -------
    p : dict
        The parameters after training.
    history : dict
        Four lists, one number per epoch each, measured after it on all images of the set: "train_loss",
        "train_accuracy", "validation_loss", "validation_accuracy".
    """
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    ### BEGIN SOLUTION
    sets = {"train": (train_images, train_labels), "validation": (validation_images, validation_labels)}
    velocity = {name: np.zeros_like(value) for name, value in p.items()}
    for _ in range(epochs):
        for x, y in batches(train_images, train_labels, batch_size, rng):
            _, gradients = loss_of(x, y, p)
            velocity = {name: momentum * v - learning_rate * gradients[name] for name, v in velocity.items()}
            p = {name: value + velocity[name] for name, value in p.items()}
        for name, (x, y) in sets.items():
            history[f"{name}_loss"].append(loss_of(x, y, p)[0])
            history[f"{name}_accuracy"].append(float(np.mean(scores_of(x, p).argmax(axis=1) == y)))
    ### END SOLUTION
    return p, history


# %%
rng = np.random.default_rng(0)
before = start_parameters(rng)
options = {"learning_rate": 0.01, "momentum": 0.9, "epochs": 25, "batch_size": 32}
try:
    after, history = train(before, lenet_loss, lenet_scores, **options, rng=rng)
except FloatingPointError as problem:  # wrong gradients can blow it up: then go on with the network as it started
    print(problem)
    after, history = before, None
print("parameters:", sum(value.size for value in after.values()))

# %%
learning_curves(history) if history else None

# %% [markdown]
# The network's answer is the class with the highest score. You need an accuracy of 0.94 on digits that nobody has seen
# for all points.


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
        The class of each image, 0 to 9, by the trained parameters, `after`.
    """
    ### BEGIN SOLUTION
    return lenet_scores(images, after).argmax(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "lenet_accuracy", "grade": true}
check("lenet_accuracy")

# %%
answers = predict(test_images)
print(f"test accuracy: {np.mean(answers == test_labels):.3f}")
shown = np.argsort(answers == test_labels, kind="stable")[:16]
show_digits(test_images[shown], labels=test_labels[shown], predictions=answers[shown])

# %% [markdown]
# ### Is it worth it?
#
# Compare with the affine classifier of part 6, on the test digits and on the same digits shifted sideways, where there
# is room beside them. Neither has seen a shifted digit in training. The network does not stay untouched: its affine
# layers at the end know places. But it suffers far less.

# %%
shifts = [-2, -1, 0, 1, 2]
found = {"affine": [], "LeNet": []}
for shift in shifts:
    images = np.pad(test_images, ((0, 0), (0, 0), (0, 0), (2, 2)))[..., 2 - shift : 10 - shift]
    plain = (images.reshape(len(images), -1) @ w_digits + b_digits)[:, :10].argmax(axis=1)
    found["affine"].append(np.mean(plain == test_labels))
    found["LeNet"].append(np.mean(predict(images) == test_labels))
picture = Picture(figsize=(8, 2.8), layout="constrained")
ax = picture.subplots()
for k, (name, values) in enumerate(found.items()):
    bars = ax.bar(np.arange(5) + 0.4 * k, values, width=0.38, label=name, color=[GREY, BLUE][k])
    ax.bar_label(bars, fmt="%.2f", fontsize=8)
ax.set(xticks=np.arange(5) + 0.2, xticklabels=["2 left", "1 left", "as they are", "1 right", "2 right"])
ax.set(ylim=(0, 1.15), ylabel="accuracy", title="digits of the test set")
ax.legend(frameon=False, loc="upper right")
picture

# %% [markdown]
# ### The learnt filters
#
# The eight filters of the first layer, at the start and after training. Purple: ink is welcome here, orange: it is not.
# (Each has its own scale.) Nobody told them about edges.

# %%
pairs = {}
for when, p in (("start", before), ("learnt", after)):
    pairs |= {f"{when} {k + 1}": p["w1"][k, 0] for k in range(8)}
show_images(pairs, columns=8, size=1.05, signed=True)

# %% [markdown]
# ### What excites them
#
# A filter is best known by what it answers to. For each of the eight, the ten $5 \times 5$ windows of all test digits
# to which it answers most strongly (each from another image); below, what the eight make of one digit.

# %%
responses, _ = given.conv2d_forward(test_images, after["w1"], after["b1"], padding=2)
padded = np.pad(test_images, ((0, 0), (0, 0), (2, 2), (2, 2)))
excited = {}
for k in range(8):
    strongest = responses[:, k].reshape(len(test_images), -1)
    patches = []
    for i in np.argsort(-strongest.max(axis=1))[:10]:
        p, q = divmod(int(strongest[i].argmax()), 8)
        patches.append(np.pad(1 - padded[i, 0, p : p + 5, q : q + 5], ((0, 1), (0, 1)), constant_values=0.6))
    excited[f"excite filter {k + 1}"] = np.vstack([np.hstack(patches[:5]), np.hstack(patches[5:])])
show_images(excited, columns=4, size=0.9)

# %%
one = 10
maps = np.maximum(responses[one], 0)
show_images({"the digit": 1 - test_images[one, 0]} | {f"map {k + 1}": maps[k] for k in range(8)}, columns=9, size=1.05)

# %% [markdown]
# ### Two questions
#
# A person will read your answers; three to five sentences each are enough.
#
# **1.** A convolutional layer uses the same weights at every place. Name two things that are gained by that, and one
# case in which it would be a bad idea. What does the backward pass do with the gradients of a shared weight, and why
# is there no $1/\text{number of places}$ in it?

# %% [markdown] nbgrader={"grade_id": "why_share_weights", "grade": true, "solution": true}
# *Gained*: far fewer parameters (760 instead of millions), whose number does not depend on the size of the picture, so
# less data is needed and there is less to overfit; and what is learnt at one place is known at all others: if the
# picture is shifted, the map is shifted (translation equivariance). *A bad idea* where places have a meaning of their
# own: in passport photographs the eyes are always above the mouth, in a table of measurements neighbouring columns have
# nothing to do with each other; there each place deserves its own weights. *Backward*: the gradients of all uses are
# added up. The weight reaches the loss through every place, and the chain rule sums over all paths. An average would be
# the derivative of something else; if the loss averages, its $1/N$ is in `dout` already.

# %% [markdown]
# **2.** Look at the learnt filters, at the windows that excite them and at the maps. Choose two filters and say what
# each looks for, and how that can be seen in its weights. What does the max pooling behind them throw away, and why did
# the LeNet suffer less from a shift by one pixel than the affine classifier?

# %% [markdown] nbgrader={"grade_id": "what_the_filters_see", "grade": true, "solution": true}
# Two filters, described by their weights: where positive (purple) weights lie in a line, a stroke of that direction is
# looked for; where positive weights stand beside negative ones, a border, with ink on the positive side. The windows in
# its row all show that stroke or border, and its map is bright where the digit has it. Max pooling keeps how strong the
# strongest answer in each $2 \times 2$ region was, and throws away where in the region it stood, and all weaker ones.
# So a feature that moves by a pixel often stays in its region, and the pooled map does not change, or it moves to the
# next region and the same filter finds it there. The affine classifier has separate weights for every pixel: a shifted
# digit meets the wrong ones.

# %% [markdown]
# ## That is all
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# ## What to remember
#
# - A convolutional layer is an affine layer of windows: few weights, used everywhere. What deep learning calls a
#   convolution is a cross-correlation: the kernel is not turned round.
# - Weights that add up to 1 blur or sharpen, weights that add up to 0 find changes.
# - Output: $\lfloor (N + 2P - F)/S \rfloor + 1$. Parameters: filters · (channels · F · F + 1), whatever the size of the
#   picture. Receptive field: every layer adds $f - 1$ steps, each as long as the strides before it.
# - Shared weights **sum** their gradients; overlapping windows add up; the padding's gradient is cut off.
# - Max pooling sends the gradient to the one that won, average pooling to all alike.
# - A reshape is no transpose. Most mistakes in fast code are mistakes with axes.
# - $1 \times 1$ mixes channels. A filter as large as the image is an affine layer, and slides over larger ones. Batch
#   norm has one mean and variance per channel, over images and places.
#
# ## Further reading
#
# - I2DL lecture 9, and lecture 10 for what came after LeNet; student summary, chapter IX. Exams: mock 2020 (II.7),
#   August 2020 (4), July 2021 (2.6–2.8, 3), February 2022 (4), August 2022 (4, 7).
# - LeCun, Bottou, Bengio, Haffner, *Gradient-based learning applied to document recognition*, 1998: LeNet.
# - Dumoulin, Visin, *A guide to convolution arithmetic for deep learning*, 2016: sizes and strides, with pictures.
# - Zeiler, Fergus, *Visualizing and understanding convolutional networks*, 2014: what excites the filters of a large
#   network.
# - Ioffe, Szegedy, *Batch normalization*, 2015, section 3.2: batch norm behind convolutions.
