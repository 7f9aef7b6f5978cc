# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · Training a network
#
# You can compute every gradient of a network by hand. Now PyTorch does that part, and you do what is left: make a
# network *learn*, and notice early when it does not.
#
# | part | you build | follows |
# | --- | --- | --- |
# | 1–3 | a clean split, the network, and what its loss must be before training | I2DL lecture 6 |
# | 4–6 | one training step, an honest measurement, the test that it can memorize | I2DL lecture 6 |
# | 7 | nothing: you mend broken code with the mistakes that everybody makes | I2DL lecture 6 |
# | 8–9 | the loop with its curves, what they say, and when to stop | I2DL lectures 6 and 8 |
# | 10 | a clock and a log | I2DL lecture 6 |
# | 11 | the search for hyperparameters: on a grid, at random, from coarse to fine | I2DL lecture 6 |
# | 12–13 | an honest choice; a network that reads digits; the same with **your** layers | I2DL lectures 2 and 6 |
#
# **Time:** about six hours. You need exercises 03 to 05, and PyTorch's `nn.Module` and `torch.optim`.
#
# Fill in each cell that says `YOUR CODE HERE`, run it, then run the `check(...)` below it. `check()` without a name
# lists the points of all tasks. Grading asks the same questions with other numbers. No step needs an earlier one to be
# right: what a function builds on is handed to it as an argument, and checked with a right version. If you are stuck,
# go on. (Some pictures will then have to wait.)

# %% nbgrader={"grade_id": "setup", "locked": true}
import copy
import math
import time
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograder import Check
from i2dl import plots
from i2dl.bridge import autograd_function
from i2dl.data import batches, load_digits

check = Check("07_training_a_network")
torch.set_num_threads(1)  # a network this small is fastest on one core
torch.manual_seed(0)
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3})


def tensors(split):
    """Return the images (N, 1, 8, 8), float32 in [0, 1], and the labels (N,), int64, of one part of the digits."""
    digits = load_digits(split)
    return torch.tensor(digits.images, dtype=torch.float32), torch.tensor(digits.labels)


train, validation, test = tensors("train"), tensors("validation"), tensors("test")

# %% [markdown]
# ## 1 · The digits, and three sets
#
# Each image is a tensor of shape (1, 8, 8): one channel, 8 rows, 8 columns. A batch stacks N of them: (N, 1, 8, 8).

# %%
for name, (x, y) in {"train": train, "validation": validation, "test": test}.items():
    print(f"{name:10}  images {tuple(x.shape)} {x.dtype}   labels {tuple(y.shape)} {y.dtype}")
plots.show_digits(train[0][:20], train[1][:20], columns=10)

# %% [markdown]
# Learning is not fitting: it is doing well on images that were *not* used to learn. So the images are split once, at
# the start, and each part has one job:
#
# | set | its job |
# | --- | --- |
# | `train` | the gradients come from here, so the weights $W, b$ do too |
# | `validation` | compares settings that gradient descent does not choose: sizes, learning rate, when to stop |
# | `test` | one number at the very end. Choosing anything by it, even once, spoils it |
#
# All this is worth nothing if a test image stands in the training set, too. The network has learnt its label by heart,
# and the test error is too small. It happens easily: a data set collected from the web has the same picture twice, or
# somebody turned every image into five, by small shifts, *before* the split.
#
# Find the images that leaked. Two images are the same if **all** their numbers are, wherever they stand in their sets.
#
# Example: with `train = [[1, 2], [3, 4], [5, 6]]` and `test = [[3, 4], [4, 3], [1, 6], [5, 6]]` the answer is `[0, 3]`.


# %% nbgrader={"grade_id": "leaked_code", "solution": true}
def leaked(train, test):
    """Return the places in `test`, in rising order, of the images that stand in `train`, too.

    train: NumPy array (N, ...);  test: NumPy array (M, ...), the same shape but for its length
    Returns a list of ints, each from 0 to M − 1.
    """
    ### BEGIN SOLUTION
    known = {image.tobytes() for image in train}
    return [i for i, image in enumerate(test) if image.tobytes() in known]
    ### END SOLUTION


# %% nbgrader={"grade_id": "leaked", "grade": true}
check("leaked")

# %% nbgrader={"grade_id": "look_for_leaks", "locked": true}
images, seen = test[0][:100].numpy(), train[0].numpy()
print("test images that are training images, as the digits come  ", leaked(seen, images))
careless = np.concatenate([seen, np.roll(images[:7], 1, axis=-1), images[40:43]])
print("after somebody was careless                               ", leaked(careless, images))

# %% [markdown]
# Seven other images have leaked as well, shifted by one pixel. Comparing numbers cannot find those. So split *first*,
# and augment afterwards.
#
# ## 2 · A multi-layer perceptron
#
# For sizes $[D, H, C]$ the network flattens each image to a row of $D$ numbers and computes
#
# $$ S = \max(0,\; X W_1^\top + b_1)\; W_2^\top + b_2 , \qquad X: (N, D),\quad S: (N, C). $$
#
# More sizes mean more layers; a ReLU stands between each two affine layers and **none after the last**. The rows of
# $S$ are raw scores (*logits*); the softmax belongs to the loss.
#
# PyTorch keeps a weight as (outputs, inputs), the transpose of what you used in exercise 03. Hence the $\top$.
#
# An `nn.Module` finds its parameters by itself: whatever you assign to `self` in `__init__`, if it is an `nn.Linear`,
# an `nn.Sequential`, an `nn.ModuleList` and so on. It does not look into a plain Python list: layers kept there stay
# unknown to the optimizer and never learn.


# %% nbgrader={"grade_id": "mlp_code", "solution": true}
class MLP(nn.Module):
    """Affine layers with a ReLU between each two.

    sizes: list of int, the lengths of input, hidden layers and output, e.g. [64, 32, 10]; at least two.
    """

    def __init__(self, sizes):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(nn.Linear(d, m) for d, m in pairwise(sizes))
        ### END SOLUTION

    def forward(self, x):
        """Return the scores (N, sizes[-1]) of the images x (N, ...), which are flattened to (N, sizes[0]) first."""
        ### BEGIN SOLUTION
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
        ### END SOLUTION


# %% nbgrader={"grade_id": "mlp", "grade": true}
check("mlp")

# %%
model = MLP([64, 32, 10])
for name, parameter in model.named_parameters():
    print(f"{name:18} {tuple(parameter.shape)}")

# %% [markdown]
# ## 3 · What must the loss be before training?
#
# The loss is the softmax cross-entropy. With $p_{ic} = e^{s_{ic}} / \sum_k e^{s_{ik}}$ it is
#
# $$ L = -\frac1N \sum_{i=1}^N \log p_{i\,y_i} . $$
#
# A network that has learnt nothing should prefer no class: of $C$ classes each gets the same probability. Put that
# into the formula and you know the loss before the first step. It is the cheapest test there is. A first loss far
# above it means scores that are too large at the start, or labels that do not fit the outputs.
#
# Example: two classes give 0.693, which is also an answer of the exam of July 2021.


# %% nbgrader={"grade_id": "initial_loss_code", "solution": true}
def initial_loss(classes):
    """Return the cross-entropy of a classifier that gives each of `classes` (int) classes the same probability."""
    ### BEGIN SOLUTION
    return math.log(classes)
    ### END SOLUTION


# %% nbgrader={"grade_id": "initial_loss", "grade": true}
check("initial_loss")

# %%
print(f"expected             {initial_loss(10):6.3f}")
with torch.no_grad():
    print(f"your MLP, untrained  {F.cross_entropy(model(train[0]), train[1]).item():6.3f}")
    print(f"scores 100 × larger  {F.cross_entropy(100 * model(train[0]), train[1]).item():6.3f}   something is wrong!")

# %% [markdown]
# ### A few numbers
#
# How many parameters (weights and biases) has `MLP(sizes)`? And how many iterations has a training, when the last,
# smaller mini-batch of each epoch is used too?
#
# Example: `[64, 32, 10]` has 2410 parameters. 20 epochs of 1077 images in mini-batches of 32 have 680 iterations.
#
# Then three words. Which set (`"train"`, `"validation"` or `"test"`) do you use to …
# - compute the gradients? → `fit_weights`
# - decide between two learning rates? → `choose_rate`
# - tell others how good the finished network is? → `report`


# %% nbgrader={"grade_id": "numbers_code", "solution": true}
def parameter_count(sizes):
    """Return the number of weights and biases of MLP(sizes); sizes: list of int, at least two."""
    ### BEGIN SOLUTION
    return sum(d * m + m for d, m in pairwise(sizes))
    ### END SOLUTION


def iteration_count(samples, batch_size, epochs):
    """Return the number of iterations of a training: how many mini-batches it goes through (three ints)."""
    ### BEGIN SOLUTION
    return epochs * math.ceil(samples / batch_size)
    ### END SOLUTION


# fit_weights, choose_rate, report: one of the three words each
### BEGIN SOLUTION
fit_weights, choose_rate, report = "train", "validation", "test"
### END SOLUTION

# %% nbgrader={"grade_id": "numbers", "grade": true}
check("numbers")

# %% [markdown]
# ## 4 · One training step
#
# One iteration of stochastic gradient descent turns a mini-batch into a slightly better network:
#
# $$ \theta \leftarrow \theta - \alpha\, \nabla_\theta L(\theta;\, x, y). $$
#
# PyTorch splits it up: the loss' `backward()` fills the `.grad` of every parameter, the optimizer's `step()` changes
# the parameters by them. Most networks that "do not learn" fail in these few lines, and never with an error message:
#
# | what was forgotten | what happens |
# | --- | --- |
# | clearing the old gradients | `backward()` *adds* to `.grad`: each step follows all gradients so far |
# | raw scores for `F.cross_entropy` | it applies the softmax itself; two of them flatten every gradient |
# | training mode | layers such as dropout and batch norm behave as if training were over |


# %% nbgrader={"grade_id": "train_step_code", "solution": true}
def train_step(model, optimizer, x, y):
    """Put the model into training mode and take one step of the optimizer on one mini-batch.

    model: nn.Module, maps x to scores (N, C); its parameters change
    optimizer: torch.optim.Optimizer of the model's parameters
    x: inputs (N, ...);  y: labels (N,), int64
    Returns the cross-entropy of the mini-batch *before* the step, as a float.
    """
    ### BEGIN SOLUTION
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
    ### END SOLUTION


# %% nbgrader={"grade_id": "train_step", "grade": true}
check("train_step")

# %% [markdown]
# ## 5 · Measure, and leave no trace
#
# A measurement must not depend on when it is taken. So it runs in *evaluation mode* (`model.eval()`: dropout off, batch
# norm with its stored averages), builds no graph for gradients, and gives the model back in the mode it came in.
#
# The *accuracy* is the share of images whose largest score belongs to the right class.
#
# Example: scores `[[2, 1], [0, 3], [1, 0]]` with labels `[0, 1, 1]` have the accuracy 2/3, and the losses 0.313, 0.049
# and 1.313; their mean is 0.558.


# %% nbgrader={"grade_id": "evaluate_code", "solution": true}
def evaluate(model, x, y):
    """Return (loss, accuracy) of the model on x (N, ...) with labels y (N,), as two floats.

    Measures in evaluation mode and without gradients. Afterwards `model.training` is what it was before.
    """
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    with torch.no_grad():
        scores = model(x)
    model.train(was_training)
    accuracy = (scores.argmax(dim=1) == y).float().mean()
    return F.cross_entropy(scores, y).item(), accuracy.item()
    ### END SOLUTION


# %% nbgrader={"grade_id": "evaluate", "grade": true}
check("evaluate")

# %% nbgrader={"grade_id": "measure_the_start", "locked": true}
for name, (x, y) in {"train": train, "validation": validation}.items():
    loss, accuracy = evaluate(model, x, y)
    print(f"untrained, on {name:10}  loss {loss:.3f}   accuracy {accuracy:.1%}")

# %% [markdown]
# ## 6 · Memorize one image, then four
#
# Before you train on everything for an hour, train on *one* image for a second. A network with thousands of
# parameters must be able to learn it by heart, so its loss goes to 0. Then four. If that fails, the fault is in the
# code, not in the data: labels in the wrong order, a step that does not step, a learning rate that is far off.
#
# Memorizing needs no sense: the network must manage even if the labels are wrong. You choose the optimizer, the
# learning rate and the number of steps (a few hundred suffice). Every step sees all the images.


# %% nbgrader={"grade_id": "overfit_code", "solution": true}
def overfit(model, images, labels, *, step):
    """Train the model on these few images only, until it knows them by heart.

    model: nn.Module, maps images to scores (N, 10); its parameters change
    images: (N, 1, 8, 8);  labels: (N,), with N from 1 to 4
    step: function, step(model, optimizer, x, y) -> loss, one training step
    Returns the list of the losses (floats), one per step. Afterwards the loss must be below 0.05.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    return [step(model, optimizer, images, labels) for _ in range(100)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "overfit", "grade": true}
check("overfit")

# %%
few = {
    "one image": (train[0][:1], train[1][:1]),
    "four images": (train[0][:4], train[1][:4]),
    "four images, wrong labels": (train[0][:4], (train[1][:4] + 3) % 10),
}
curves = {}
for name, (x, y) in few.items():
    torch.manual_seed(0)
    curves[name] = overfit(MLP([64, 32, 10]), x, y, step=train_step)

figure, ax = plt.subplots(figsize=(6, 3))
for (name, losses), line in zip(curves.items(), ["-", "-", "--"], strict=True):
    ax.semilogy(losses, line, label=name)
ax.set(xlabel="step", ylabel="training loss", title="What a sound network can learn by heart")
_ = ax.legend()

# %% [markdown]
# ## 7 · Mend it
#
# Here is code as it arrives in office hours: "It runs, but it does not learn." No line raises an error. The mistakes
# are those of lecture 6, and some that are as common.
#
# `broken_epoch` goes through the mini-batches of one epoch. Look at its curve below, then look for its **five**
# mistakes.


# %% nbgrader={"grade_id": "broken_epoch", "locked": true}
def broken_epoch(model, optimizer, minibatches):
    """Train for one epoch and return its mean loss. Do not use: five lines are wrong or missing."""
    total = 0
    for x, y in minibatches:
        scores = torch.softmax(model(x), dim=1)
        loss = F.cross_entropy(scores, y)
        loss.backward()
        total = total + loss
        optimizer.step()
    return total / len(minibatches)


def losses_of(train_one_epoch):
    """Return the loss of each of eight epochs of a network with batch norm."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))
    model.eval()  # somebody has just measured it
    sgd, rng = torch.optim.SGD(model.parameters(), lr=0.5), np.random.default_rng(0)
    return [torch.as_tensor(train_one_epoch(model, sgd, list(batches(*train, 64, rng)))).item() for _ in range(8)]


figure, ax = plt.subplots(figsize=(6, 2.6))
ax.plot(range(1, 9), losses_of(broken_epoch), "s--", color=plots.ORANGE, label="broken_epoch")
ax.axhline(math.log(10), color="black", linestyle=":", label="guessing")
ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 2.5), title="It runs, but it does not learn")
_ = ax.legend()

# %% [markdown]
# The curve never comes near 0, and at the end it is back at guessing. Write it right. Two of the mistakes are not in
# the steps but in the sum that is returned:
#
# - It is wanted as a plain float. A sum of loss *tensors* hangs on the graph of every iteration of the epoch, and keeps
#   all of them in memory.
# - The last mini-batch may be smaller than the others, and its images must not count for more. The mean over all images
#   weighs each mini-batch by its size.
#
# Example: losses 2.0 and 1.0 on mini-batches of 3 images and 1 image have the mean $(3 \cdot 2 + 1 \cdot 1)/4 = 1.75$,
# and not 1.5.


# %% nbgrader={"grade_id": "mend_epoch_code", "solution": true}
def train_epoch(model, optimizer, minibatches):
    """Train for one epoch, on mini-batches that are there already.

    model: nn.Module, maps x to scores (N, C), comes in any mode; its parameters change
    optimizer: torch.optim.Optimizer of the model's parameters
    minibatches: list of pairs x (N, ...), y (N,); N may differ from one to the next
    Returns the mean, over all samples of the epoch, of the cross-entropy *before* their step, as a float.
    """
    ### BEGIN SOLUTION
    model.train()
    total, count = 0.0, 0
    for x, y in minibatches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count
    ### END SOLUTION


# %% nbgrader={"grade_id": "mend_epoch", "grade": true}
check("mend_epoch")

# %%
broken, mended = losses_of(broken_epoch), losses_of(train_epoch)
figure, ax = plt.subplots(figsize=(6, 2.6))
ax.plot(range(1, 9), broken, "s--", color=plots.ORANGE, label="broken_epoch")
ax.plot(range(1, 9), mended, "o-", color=plots.BLUE, label="train_epoch")
ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 2.5), title="The same network, mended")
_ = ax.legend()

# %% [markdown]
# A step can be right and the data wrong. The next function shuffles, holds back a fifth of the images for validation,
# and standardizes: minus the mean, over the standard deviation. It has **three** mistakes. One makes learning
# impossible, one makes every validation number far too good, and one makes it a little too good.


# %% nbgrader={"grade_id": "broken_prepare", "locked": true}
def broken_prepare(images, labels, rng):
    """Shuffle, hold back a fifth, standardize. Do not use: three things are wrong."""
    images = images[rng.permutation(len(images))]
    labels = labels[rng.permutation(len(labels))]
    images = (images - images.mean()) / images.std()
    n = len(images) // 5
    return (images, labels), (images[:n], labels[:n])


(x, y), _ = broken_prepare(train[0].numpy(), train[1].numpy(), np.random.default_rng(0))
plots.show_digits((x[:10] - x.min()) / (x.max() - x.min()), y[:10], columns=10)

# %% [markdown]
# Draw **one** order, `rng.permutation(N)`; the first $\lfloor N/5 \rfloor$ images in it are held back. Mean and
# standard deviation are one number each, over all pixels of all images that are *left*; those that are held back go
# through the same map. For what you compute from validation images is learnt from them.


# %% nbgrader={"grade_id": "mend_data_code", "solution": true}
def prepare(images, labels, rng):
    """Shuffle, hold back a fifth for validation, standardize.

    images: NumPy array (N, ...);  labels: NumPy array (N,);  rng: numpy.random.Generator
    Returns two pairs, (x_train, y_train) and (x_validation, y_validation), the latter with ⌊N/5⌋ images.
    """
    ### BEGIN SOLUTION
    order = rng.permutation(len(images))
    n = len(images) // 5
    held_back, kept = order[:n], order[n:]
    mean, std = images[kept].mean(), images[kept].std()
    images = (images - mean) / std
    return (images[kept], labels[kept]), (images[held_back], labels[held_back])
    ### END SOLUTION


# %% nbgrader={"grade_id": "mend_data", "grade": true}
check("mend_data")

# %%
(x, y), (x_held_back, _) = prepare(train[0].numpy(), train[1].numpy(), np.random.default_rng(0))
print(f"{len(x)} images, mean {x.mean():+.3f}, standard deviation {x.std():.3f}")
print(f"{len(x_held_back)} held back, mean {x_held_back.mean():+.3f}, standard deviation {x_held_back.std():.3f}")
plots.show_digits((x[:10] - x.min()) / (x.max() - x.min()), y[:10], columns=10)

# %% [markdown]
# ## 8 · The training loop
#
# An *epoch* goes through the training set once, in mini-batches and in a new random order. After each epoch you measure
# both sets **with the same weights** and keep the four numbers: these are the learning curves.
#
# `batches(x, y, batch_size, rng)` yields the mini-batches of one epoch, shuffled by the random generator `rng`. Call it
# anew for every epoch.
#
# `step` and `measure` are handed in: here they will be your `train_step` and your `evaluate`, but the check brings its
# own, so call them by these names.
#
# The last argument, `early_stopping`, is for section 9. It is an object with two methods. After each epoch, ask
# `early_stopping.step(validation_loss, model)`: where it answers `True`, that epoch was the last. After the last
# epoch, whatever ended the training, `early_stopping.restore(model)` puts the best weights back.


# %% nbgrader={"grade_id": "fit_code", "solution": true}
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, step, measure, early_stopping=None):
    """Train the model and return its learning curves.

    train, validation: pairs (x, y);  epochs, batch_size: int;  rng: numpy.random.Generator for `batches`
    step: function, step(model, optimizer, x, y) -> loss
    measure: function, measure(model, x, y) -> (loss, accuracy)
    early_stopping: None, or an object with `step(validation_loss, model) -> bool` and `restore(model)`
    Returns a dictionary of four lists of floats, one entry per epoch, measured at the end of the epoch on the whole
    set: "train_loss", "train_accuracy", "validation_loss", "validation_accuracy".
    """
    ### BEGIN SOLUTION
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    for _ in range(epochs):
        for x, y in batches(*train, batch_size, rng):
            step(model, optimizer, x, y)
        for name, data in {"train": train, "validation": validation}.items():
            loss, accuracy = measure(model, *data)
            history[f"{name}_loss"].append(loss)
            history[f"{name}_accuracy"].append(accuracy)
        if early_stopping is not None and early_stopping.step(history["validation_loss"][-1], model):
            break
    if early_stopping is not None:
        early_stopping.restore(model)
    return history
    ### END SOLUTION


# %% nbgrader={"grade_id": "fit", "grade": true}
check("fit")

# %% [markdown]
# Now look. Below is one network, trained three times from the same start with plain SGD. Only the learning rate
# differs.
#
# - **too small**: the loss falls, but at this pace you will be old before it is low. Both curves are still falling at
#   the end: the network is *underfitted*.
# - **good**: a quick fall that flattens out, with a small gap between the two sets.
# - **too large**: each step jumps across the valley. The loss stays where it was before training: as
#   good as guessing.


# %%
def show_curves(ax, history, title):
    """Draw the training and the validation loss of one history."""
    epochs = range(1, len(history["train_loss"]) + 1)
    ax.plot(epochs, history["train_loss"], color=plots.BLUE, label="train")
    ax.plot(epochs, history["validation_loss"], "--", color=plots.ORANGE, label="validation")
    ax.set(title=title, xlabel="epoch")


tools = {"step": train_step, "measure": evaluate}
rates = {"too small": 0.01, "good": 0.5, "too large": 2.0}


def train_with(rate):
    """Train the network with plain SGD for 15 epochs, and return its history."""
    torch.manual_seed(1)
    model = MLP([64, 32, 10])
    sgd = torch.optim.SGD(model.parameters(), lr=rate)
    return fit(model, sgd, train, validation, epochs=15, batch_size=32, rng=np.random.default_rng(0), **tools)


runs = {name: train_with(rate) for name, rate in rates.items()}
figure, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True, layout="constrained")
for ax, (name, rate) in zip(axes, rates.items(), strict=True):
    show_curves(ax, runs[name], rf"{name}: $\alpha$ = {rate:g}, accuracy {runs[name]['validation_accuracy'][-1]:.0%}")
axes[0].set(ylabel="loss", ylim=(0, 2.6))
_ = axes[0].legend()

# %% [markdown]
# *Overfitting* needs a large network and little data. Here it is provoked: only 100 training images, and one label in
# five is wrong. The training loss keeps falling, because the network learns even the wrong labels by heart. The
# validation loss falls only at first.

# %%
few_labels = train[1][:100].clone()
few_labels[::5] = (few_labels[::5] + 1) % 10
few_and_noisy = train[0][:100], few_labels

torch.manual_seed(1)
model = MLP([64, 256, 10])
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
rng = np.random.default_rng(0)
runs["overfitted"] = fit(model, adam, few_and_noisy, validation, epochs=40, batch_size=16, rng=rng, **tools)

figure, ax = plt.subplots(figsize=(6, 3))
show_curves(ax, runs["overfitted"], "Overfitting")
ax.set(ylabel="loss")
_ = ax.legend()

# %% [markdown]
# ### Read some curves
#
# The picture below shows the losses of three other networks. For each of **A**, **B** and **C** say in a sentence or
# two: what do you see, and what is the first thing you would change or look into?

# %%
epoch = np.arange(1, 41)
wiggle = 0.015 * np.random.default_rng(7).standard_normal((6, 40))
patients = {
    "A": (2.2 * np.exp(-epoch / 8), 2.1 * np.exp(-epoch / 6) + 0.45 + 0.022 * np.maximum(epoch - 12, 0)),
    "B": (2.3 * np.exp(-epoch / 70), 2.35 * np.exp(-epoch / 72)),
    "C": (1.7 * np.exp(-epoch / 7) + 0.6, 1.7 * np.exp(-epoch / 6) + 0.2),
}
figure, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True, layout="constrained")
for i, (ax, (name, (on_train, on_validation))) in enumerate(zip(axes, patients.items(), strict=True)):
    curves = {"train_loss": on_train + wiggle[2 * i], "validation_loss": on_validation + wiggle[2 * i + 1]}
    show_curves(ax, curves, name)
axes[0].set(ylabel="loss", ylim=(0, 2.5))
_ = axes[0].legend()

# %% [markdown] nbgrader={"grade_id": "reading_curves", "grade": true, "solution": true}
# **A** overfits: from about epoch 12 on the training loss still falls while the validation loss rises. Stop there
# (early stopping); then more data, regularization or a smaller network.
#
# **B** underfits: both losses lie close together and are still falling at the end. Train longer or with a larger
# learning rate; if the curves then flatten out high, take a larger network.
#
# **C** does better on validation than on training, all the time. That is a bad sign: perhaps the validation set is
# easier or contains training images, or the two are not measured alike (training loss with dropout on, or averaged over
# the epoch). First compare how the sets were split and measured.

# %% [markdown]
# ### Bias and variance
#
# Two errors say what to do next. Let the *best possible* error be what nobody can go below: labels that are wrong,
# images that people cannot read either. In the lecture's example,
#
# | | error |
# | --- | --- |
# | best possible | 1 % |
# | training set | 5 % |
# | validation set | 8 % |
#
# $$ 8\,\% \;=\; 1\,\%\;(\text{best}) \;+\; 4\,\%\;(\text{bias}) \;+\; 3\,\%\;(\text{variance}) . $$
#
# The **bias** is what the network lacks on images that it was trained on. The **variance** is what it loses on others.
# A gap up to a `tolerance` is left alone. The verdict is the first of these that holds:
#
# | verdict | when | what helps |
# | --- | --- | --- |
# | `"suspicious"` | variance < −tolerance: better on validation | look at the split, and at how both are measured |
# | `"underfitting"` | bias > tolerance | a larger network, longer training, another learning rate |
# | `"overfitting"` | variance > tolerance | more data, regularization, a smaller network |
# | `"good"` | otherwise | |
#
# Bias comes before variance: as long as the network cannot even do its training set, more data will not help.
#
# Example: the lecture's errors with a tolerance of 0.02 give `(0.04, 0.03, "underfitting")`.


# %% nbgrader={"grade_id": "bias_variance_code", "solution": true}
def bias_variance(best_error, train_error, validation_error, *, tolerance):
    """Split an error into its parts. All arguments are floats, errors as shares: 0.05 is 5 %.

    Returns (bias, variance, verdict): two floats and one of the four words.
    """
    ### BEGIN SOLUTION
    bias = train_error - best_error
    variance = validation_error - train_error
    if variance < -tolerance:
        return bias, variance, "suspicious"
    if bias > tolerance:
        return bias, variance, "underfitting"
    if variance > tolerance:
        return bias, variance, "overfitting"
    return bias, variance, "good"
    ### END SOLUTION


# %% nbgrader={"grade_id": "bias_variance", "grade": true}
check("bias_variance")

# %%
errors = {"lecture 6": (0.01, 0.05, 0.08)}
for name in ("too small", "good", "overfitted"):
    ends = [1 - runs[name][f"{part}_accuracy"][-1] for part in ("train", "validation")]
    # One label in five of the last one's training images is wrong; it was trained to repeat them.
    errors[name] = 0.0, *ends

figure, ax = plt.subplots(figsize=(8, 2.6))
for row, (best, on_train, on_validation) in enumerate(errors.values()):
    bias, variance, verdict = bias_variance(best, on_train, on_validation, tolerance=0.02)
    ax.barh(row, best, color=plots.GREY, label="best possible" if row == 0 else None)
    ax.barh(row, bias, left=best, color=plots.BLUE, label="bias" if row == 0 else None)
    ax.barh(row, variance, left=best + bias, color=plots.ORANGE, hatch="//", label="variance" if row == 0 else None)
    ax.text(max(on_train, on_validation) + 0.01, row, verdict, va="center")
ax.set(yticks=range(len(errors)), yticklabels=errors, xlabel="error", title="What the networks lack", xlim=(0, 0.75))
ax.invert_yaxis()
_ = ax.legend(loc="lower right")

# %% [markdown]
# ## 9 · Early stopping
#
# Stop once the validation loss has not improved for `patience` epochs in a row, and go back to the weights of the best
# epoch. With patience 2:
#
# | epoch | 0 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- | --- |
# | validation loss | 0.9 | 0.7 | 0.8 | **0.6** | 0.65 | 0.62 |
# | better than the best so far? | yes | yes | no (1) | yes | no (1) | no (2): stop |
#
# The best epoch is 3. An equal loss is no improvement, and neither is NaN (every comparison with NaN is false, so mind
# which way round you ask).
#
# `model.state_dict()` holds the weights, but it is a window onto the living model: when training goes on, its numbers
# change too. What you want to keep needs a copy (`copy.deepcopy`).


# %% nbgrader={"grade_id": "early_stopping_code", "solution": true}
class EarlyStopping:
    """Ends the training when the validation loss has not improved for `patience` (int, ≥ 1) epochs in a row.

    best_loss: float, the lowest validation loss so far
    best_epoch: int, the epoch it came with; the first call of `step` is epoch 0
    """

    def __init__(self, patience):
        ### BEGIN SOLUTION
        self.patience = patience
        self.best_loss = math.inf
        self.best_epoch = None
        self.best_weights = None
        self.epoch = -1
        self.waited = 0
        ### END SOLUTION

    def step(self, validation_loss, model):
        """Take note of one epoch's validation loss (float) and the model after it; return True to stop, else False."""
        ### BEGIN SOLUTION
        self.epoch += 1
        self.waited += 1
        if validation_loss < self.best_loss:
            self.best_loss, self.best_epoch, self.waited = validation_loss, self.epoch, 0
            self.best_weights = copy.deepcopy(model.state_dict())
        return self.waited >= self.patience
        ### END SOLUTION

    def restore(self, model):
        """Put the weights of the best epoch back into the model."""
        ### BEGIN SOLUTION
        model.load_state_dict(self.best_weights)
        ### END SOLUTION


# %% nbgrader={"grade_id": "early_stopping", "grade": true}
check("early_stopping")

# %%
torch.manual_seed(1)
model = MLP([64, 256, 10])
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
stopper, rng = EarlyStopping(patience=5), np.random.default_rng(0)
stopped = fit(
    model, adam, few_and_noisy, validation, epochs=40, batch_size=16, rng=rng, early_stopping=stopper, **tools
)

figure, ax = plt.subplots(figsize=(6, 3))
show_curves(ax, runs["overfitted"], "Where early stopping would have ended it")
ax.axvline(stopper.best_epoch + 1, color="black", linestyle=":", label="best epoch")
ax.axvline(len(stopped["train_loss"]), color="black", linestyle="--", label="stopped")
ax.set(ylabel="loss", ylim=(0, 3))
ax.legend(loc="upper right", ncols=2)
print(
    f"validation loss {evaluate(model, *validation)[0]:.3f} instead of {runs['overfitted']['validation_loss'][-1]:.3f}"
)

# %% [markdown]
# ## 10 · A clock and a log
#
# "Let us train for two weeks and see where we stand" is how two weeks get lost. Measure one iteration first. It has two
# parts: loading its mini-batch, and the training step. If both together take more than **500 ms**, things get dicey
# (lecture 6): every experiment takes hours, and you will try too few. And if most of that time goes into loading, a
# faster GPU will not help: take smaller images, decode them once, copy them to a fast disk.
#
# Three rules for a precise measurement:
# - the first iterations are slower than the rest (memory is allocated, files are read for the first time): run some
#   that are *not* timed;
# - read the clock three times an iteration: before loading, between loading and step, after the step;
# - a GPU works on while Python goes ahead. There, `step` must wait for it (`torch.cuda.synchronize()`).
#
# Example: if two timed iterations load for 0.1 s and 0.3 s and step for 0.4 s and 0.6 s, the result is `(0.2, 0.5)`.


# %% nbgrader={"grade_id": "time_iterations_code", "solution": true}
def time_iterations(load, step, *, iterations, warmup, clock):
    """Measure the mean time of an iteration.

    load: function, load() -> batch;  step: function, step(batch)
    warmup, iterations: int; run `warmup` iterations without timing, then `iterations` that are timed
    clock: function, clock() -> seconds (float), such as time.perf_counter
    Returns (load_seconds, step_seconds), two floats: the means over the timed iterations.
    """
    ### BEGIN SOLUTION
    for _ in range(warmup):
        step(load())
    loading, stepping = 0.0, 0.0
    for _ in range(iterations):
        start = clock()
        batch = load()
        loaded = clock()
        step(batch)
        loading += loaded - start
        stepping += clock() - loaded
    return loading / iterations, stepping / iterations
    ### END SOLUTION


# %% nbgrader={"grade_id": "time_iterations", "grade": true}
check("time_iterations")

# %% [markdown]
# From the two times follows how long the whole training will take. An epoch has as many iterations as it takes to see
# every sample once, so the small last mini-batch counts.
#
# Example: 0.1 s and 0.5 s, with 100 samples in mini-batches of 30 and 10 epochs, give `(24.0, True, "step")`:
# 0.6 s · 4 · 10.


# %% nbgrader={"grade_id": "training_estimate_code", "solution": true}
def training_estimate(load_seconds, step_seconds, *, samples, batch_size, epochs):
    """Say how long a training will take, and what slows it down.

    load_seconds, step_seconds: float, per iteration;  samples, batch_size, epochs: int
    Returns (seconds, slow, bottleneck): the time of the whole training (float), whether an iteration exceeds 500 ms
    (bool), and which part takes longer, "loading" or "step".
    """
    ### BEGIN SOLUTION
    iteration = load_seconds + step_seconds
    seconds = iteration * math.ceil(samples / batch_size) * epochs
    return seconds, iteration > 0.5, "loading" if load_seconds > step_seconds else "step"
    ### END SOLUTION


# %% nbgrader={"grade_id": "training_estimate", "grade": true}
check("training_estimate")

# %%
model = MLP([64, 32, 10])
sgd = torch.optim.SGD(model.parameters(), lr=0.1)
ready = [(train[0][i : i + 64], train[1][i : i + 64]) for i in range(0, 1024, 64)]


def load_ready():
    """Return a mini-batch that lies in memory."""
    return ready[0]


def load_by_hand():
    """Return a mini-batch that is put together pixel by pixel, as slow loaders do."""
    x, y = ready[0]
    return torch.tensor([[float(pixel) for pixel in image.flatten()] for image in x]), y


def step(batch):
    """Take one training step."""
    train_step(model, sgd, *batch)


figure, ax = plt.subplots(figsize=(7, 2.2))
for row, load in enumerate((load_ready, load_by_hand)):
    times = time_iterations(load, step, iterations=5, warmup=2, clock=time.perf_counter)
    seconds, slow, bottleneck = training_estimate(*times, samples=len(train[0]), batch_size=64, epochs=20)
    print(f"{load.__name__:12} {1000 * sum(times):6.2f} ms an iteration, {seconds:5.1f} s in all; mostly {bottleneck}")
    for offset, (part, color) in enumerate({"loading": plots.ORANGE, "step": plots.BLUE}.items()):
        label = part if row == 0 else None
        ax.barh(row + 0.35 * offset, max(1000 * times[offset], 1e-3), 0.33, color=color, label=label)
ax.axvline(500, color="black", linestyle="--", label="500 ms")
ax.set(xscale="log", xlabel="ms an iteration", yticks=[0.17, 1.17], yticklabels=["load_ready", "load_by_hand"])
ax.set(xlim=(1e-3, 1e5))
_ = ax.legend(loc="center right")

# %% [markdown]
# After the third experiment you will not remember which curve had which settings. So *every* run is written down, by
# the program. The usual tool is **TensorBoard**: the program writes numbers through a `SummaryWriter`, and a page in
# the browser shows them while the training goes on, several runs in one picture. Two of its methods are enough:
#
# | call | what it keeps |
# | --- | --- |
# | `writer.add_scalar(tag, value, epoch)` | one point of the curve `tag` |
# | `writer.add_hparams(settings, metrics)` | a row in the table of all runs: two dictionaries |
#
# What stands before the stroke of a tag shares a picture. So `"loss/train"` and `"loss/validation"` are drawn side by
# side, and that is what one wants to compare.
#
# Example: `{"train_loss": [0.9, 0.5], "validation_loss": [1.0, 0.7]}` makes four calls of `add_scalar`, with `0.9` at
# `("loss/train", 1)`, `0.5` at `("loss/train", 2)` and so on; the metric is 0.7.


# %% nbgrader={"grade_id": "log_run_code", "solution": true}
def log_run(writer, history, settings):
    """Write one run down: its curves and its settings.

    writer: an object with add_scalar(tag, value, epoch) and add_hparams(settings, metrics)
    history: dictionary of curves, lists of floats with an entry per epoch; the tag of "train_loss" is "loss/train",
        that of "validation_accuracy" is "accuracy/validation". Epochs count from 1.
    settings: dictionary with the hyperparameters of the run. Its metrics are {"hparam/validation_loss": the lowest
        validation loss of the run}.
    """
    ### BEGIN SOLUTION
    for key, values in history.items():
        part, quantity = key.split("_")
        for epoch, value in enumerate(values, start=1):
            writer.add_scalar(f"{quantity}/{part}", value, epoch)
    writer.add_hparams(settings, {"hparam/validation_loss": min(history["validation_loss"])})
    ### END SOLUTION


# %% nbgrader={"grade_id": "log_run", "grade": true}
check("log_run")


# %% [markdown]
# TensorBoard is a package of its own. If you have it, the cell below writes your three runs into the folder `runs`;
# type `tensorboard --logdir runs` in a terminal, and open the address that it prints. If you do not have it, nothing is
# lost: the class below has the same two methods, and its curves are drawn with Matplotlib.


# %%
class Keeper:
    """A writer that keeps everything in memory."""

    def __init__(self):
        self.curves, self.table = {}, []

    def add_scalar(self, tag, value, epoch):
        """Keep one point of a curve."""
        self.curves.setdefault(tag, []).append((epoch, value))

    def add_hparams(self, settings, metrics):
        """Keep a row of the table."""
        self.table.append({**settings, **metrics})

    def close(self):
        """Keep it."""


def open_writer(name):
    """Return TensorBoard's writer if it is installed, else None."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(f"runs/{name}")


kept = {}
for name, rate in rates.items():
    kept[name] = Keeper()
    for writer in (kept[name], open_writer(name.replace(" ", "_"))):
        if writer is not None:
            log_run(writer, runs[name], {"rate": rate, "hidden": 32, "optimizer": "SGD"})
            writer.close()

figure, axes = plt.subplots(1, 4, figsize=(11, 2.6), layout="constrained")
for ax, tag in zip(axes, sorted(kept["good"].curves), strict=True):
    for (name, keeper), line in zip(kept.items(), ("-.", "-", ":"), strict=True):
        ax.plot(*zip(*keeper.curves[tag], strict=True), line, label=name)
    ax.set(title=tag, xlabel="epoch")
axes[0].legend()
for keeper in kept.values():
    print(keeper.table[0])
# %% [markdown]
# ## 11 · The search for hyperparameters
#
# Sizes, learning rate, weight decay, batch size: what gradient descent does not choose, you do. The learning rate is
# the first to tune, because a bad one hides everything else. It matters by its *factor*: from 0.001 to 0.002 is as far
# as from 0.1 to 0.2. If you draw rates uniformly between $10^{-4}$ and $10^{-1}$, nine out of ten lie in the last
# decade. So draw the **logarithm** uniformly:
#
# $$ \log \alpha \sim U(\log \alpha_\text{low},\, \log \alpha_\text{high}) . $$
#
# Example: of 3000 rates between 1e-4 and 1e-1, about 1000 lie below 1e-3.


# %% nbgrader={"grade_id": "sample_learning_rates_code", "solution": true}
def sample_learning_rates(low, high, size, rng):
    """Draw `size` (int) learning rates between low and high (floats, 0 < low < high), uniform in their logarithm.

    rng: numpy.random.Generator, the only source of randomness
    Returns a NumPy array of shape (size,).
    """
    ### BEGIN SOLUTION
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
    ### END SOLUTION


# %% nbgrader={"grade_id": "sample_learning_rates", "grade": true}
check("sample_learning_rates")

# %% [markdown]
# Which rate is good? Lecture 6: one that makes the loss drop significantly within 100 iterations, on all training data.
# So give every rate the same 100 steps from a fresh start and compare the validation losses.
#
# With a rate that is far too large the loss may end as NaN. Report infinity for it: NaN is neither smaller nor larger
# than anything, and `min` of a list that contains it returns nonsense.


# %% nbgrader={"grade_id": "learning_rate_search_code", "solution": true}
def learning_rate_search(build, rates, train, validation, *, iterations=100, step, measure):
    """Try every learning rate for a few iterations.

    build: function, build(rate) -> (model, optimizer), both new at every call
    rates: list of floats;  train, validation: pairs (x, y);  iterations: int
    step: function, step(model, optimizer, x, y) -> loss;  measure: function, measure(model, x, y) -> (loss, accuracy)
    Each iteration is one training step on the whole training set.
    Returns a list with the validation loss of each rate after its last iteration, infinity where that is not finite.
    """
    ### BEGIN SOLUTION
    losses = []
    for rate in rates:
        model, optimizer = build(rate)
        for _ in range(iterations):
            step(model, optimizer, *train)
        loss, _ = measure(model, *validation)
        losses.append(loss if math.isfinite(loss) else math.inf)
    return losses
    ### END SOLUTION


# %% nbgrader={"grade_id": "learning_rate_search", "grade": true}
check("learning_rate_search")


# %%
def build(rate, decay=0.0):
    """Return the network with its optimizer, always from the same start."""
    torch.manual_seed(0)
    model = MLP([64, 32, 10])
    return model, torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)


tools = {"step": train_step, "measure": evaluate}
lecture_rates = [1e-1, 1e-2, 1e-3, 1e-4]
drawn_rates = sample_learning_rates(1e-4, 1.0, 10, np.random.default_rng(10))
lecture_losses = learning_rate_search(build, lecture_rates, train, validation, **tools)
drawn_losses = learning_rate_search(build, drawn_rates, train, validation, **tools)

figure, ax = plt.subplots(figsize=(6, 3))
ax.semilogx(drawn_rates, drawn_losses, "o", alpha=0.6, label="drawn")
ax.semilogx(lecture_rates, lecture_losses, "D", markersize=8, label="to try first (lecture 6)")
ax.axhline(math.log(10), color="black", linestyle=":", label="untrained")
ax.set(xlabel="learning rate of Adam", ylabel="validation loss", title="After 100 iterations")
_ = ax.legend()

# %% [markdown]
# ### A grid
#
# With more than one hyperparameter, a *point* is one setting of all: a dictionary such as
# `{"rate": 0.1, "decay": 1e-4}`. A **grid** has all combinations of a few values of each.
#
# Example: `{"rate": [0.1, 0.01], "decay": [0.0, 1e-4]}` gives four points. Any order is right.


# %% nbgrader={"grade_id": "grid_points_code", "solution": true}
def grid_points(values):
    """Return all combinations of the values.

    values: dictionary, a list of numbers for the name of each hyperparameter, of which there may be any number
    Returns a list of dictionaries, each with one number for every name.
    """
    ### BEGIN SOLUTION
    points = [{}]
    for name, choices in values.items():
        points = [{**point, name: value} for point in points for value in choices]
    return points
    ### END SOLUTION


# %% nbgrader={"grade_id": "grid_points", "grade": true}
check("grid_points")

# %% [markdown]
# ### Points at random
#
# A grid of 4 rates and 4 decays costs 16 trainings, and tries 4 different rates. If the decay hardly matters, 12 of the
# 16 were wasted. 16 **random** points try 16 different rates *and* 16 different decays, at the same cost.
#
# `draw(low, high, size, rng)` gives you numbers that are uniform in their logarithm, as your `sample_learning_rates`
# does. Draw each hyperparameter for itself.


# %% nbgrader={"grade_id": "random_points_code", "solution": true}
def random_points(ranges, trials, rng, *, draw):
    """Draw points at random.

    ranges: dictionary, a pair (low, high) for the name of each hyperparameter, 0 < low < high
    trials: int, the number of points;  rng: numpy.random.Generator
    draw: function, draw(low, high, size, rng) -> NumPy array (size,)
    Returns a list of dictionaries, each with one number for every name.
    """
    ### BEGIN SOLUTION
    columns = {name: draw(low, high, trials, rng) for name, (low, high) in ranges.items()}
    return [{name: float(column[i]) for name, column in columns.items()} for i in range(trials)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "random_points", "grade": true}
check("random_points")

# %% [markdown]
# ### Try them
#
# `loss_of(point)` trains a network with these settings and returns its validation loss. Call it **once** for each
# point: it is what costs the time. Then sort; points of equal loss stay in the order in which they came. (Python
# cannot sort dictionaries, so say by what to sort.) A loss of NaN becomes infinity and comes last.
#
# Example: losses 0.7, NaN and 0.2 of points a, b and c give `[(0.2, c), (0.7, a), (inf, b)]`.


# %% nbgrader={"grade_id": "search_code", "solution": true}
def search(loss_of, points):
    """Find the loss of every point.

    loss_of: function, loss_of(point) -> float, possibly NaN;  points: list of dictionaries
    Returns a list of pairs (loss, point), the lowest loss first.
    """
    ### BEGIN SOLUTION
    results = []
    for point in points:
        loss = loss_of(point)
        results.append((math.inf if math.isnan(loss) else loss, point))
    return sorted(results, key=lambda result: result[0])
    ### END SOLUTION


# %% nbgrader={"grade_id": "search", "grade": true}
check("search")

# %% [markdown]
# ### From coarse to fine
#
# A first, coarse search with short trainings finds the region; a second one looks closer there. The new range of each
# hyperparameter goes from its smallest to its largest value among the `keep` best points, and a `factor` beyond on both
# sides:
#
# $$ \text{low} = \frac{\min_\text{best}}{\text{factor}}, \qquad \text{high} = \text{factor} \cdot \max_\text{best} . $$
#
# It may leave the range that was searched before. That is meant: if the best point lies at an edge, the optimum may lie
# beyond it.
#
# Example: rates 0.04 (loss 0.3), 0.9 (loss 2.0) and 0.01 (loss 0.2) with `keep=2, factor=2` give (0.005, 0.08).


# %% nbgrader={"grade_id": "refine_code", "solution": true}
def refine(results, *, keep, factor):
    """Return the ranges around the best points.

    results: list of pairs (loss, point) in any order, point a dictionary with a number for every name
    keep: int, how many of the best points count (all, if there are fewer);  factor: float, at least 1
    Returns a dictionary with a pair (low, high) for every name.
    """
    ### BEGIN SOLUTION
    best = [point for _, point in sorted(results, key=lambda result: result[0])[:keep]]
    ranges = {}
    for name in best[0]:
        column = [point[name] for point in best]
        ranges[name] = min(column) / factor, max(column) * factor
    return ranges
    ### END SOLUTION


# %% nbgrader={"grade_id": "refine", "grade": true}
check("refine")

# %% [markdown]
# Now put it together. The first stage searches the given ranges, every later one those that `refine` makes of **all**
# results so far. The three helpers are handed in, and called as
# `random_points(ranges, trials, rng)`, `search(loss_of, points)` and `refine(results, keep=keep, factor=factor)`.


# %% nbgrader={"grade_id": "coarse_to_fine_code", "solution": true}
def coarse_to_fine(loss_of, ranges, *, stages, trials, rng, random_points, search, refine, keep=3, factor=1.5):
    """Search at random, then again around what was best, and so on.

    loss_of: function, loss_of(point) -> float;  ranges: dictionary of pairs (low, high), for the first stage
    stages, trials: int, how many searches, and of how many points each;  rng: numpy.random.Generator
    random_points, search, refine: functions, see above;  keep, factor: what refine is given
    Returns a list with the results of each stage, as `search` returns them.
    """
    ### BEGIN SOLUTION
    found = []
    for stage in range(stages):
        if stage > 0:
            so_far = [result for results in found for result in results]
            ranges = refine(so_far, keep=keep, factor=factor)
        found.append(search(loss_of, random_points(ranges, trials, rng)))
    return found
    ### END SOLUTION


# %% nbgrader={"grade_id": "coarse_to_fine", "grade": true}
check("coarse_to_fine")

# %% [markdown]
# Twelve trainings each: on the lecture's grid, at random, and at random in three stages of four. They are short, 30
# iterations on 300 images. Each dot is a training, the darker the better, the ring the best.

# %%
part = train[0][:300], train[1][:300]


def loss_of(point):
    """Return the validation loss after a short training with this rate and this weight decay."""
    model, optimizer = build(point["rate"], point["decay"])
    for _ in range(30):
        train_step(model, optimizer, *part)
    return evaluate(model, *validation)[0]


def points_of(ranges, trials, rng):
    """Draw points with your own drawing."""
    return random_points(ranges, trials, rng, draw=sample_learning_rates)


ranges = {"rate": (1e-4, 1.0), "decay": (1e-5, 1e-1)}
grid = {"rate": [1e-1, 1e-2, 1e-3, 1e-4], "decay": [1e-5, 1e-4, 1e-3]}
rng = np.random.default_rng(0)
searches = {
    "grid": [search(loss_of, grid_points(grid))],
    "random": [search(loss_of, points_of(ranges, 12, rng))],
    "coarse to fine": coarse_to_fine(
        loss_of, ranges, stages=3, trials=4, rng=rng, keep=2, random_points=points_of, search=search, refine=refine
    ),
}
figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharex=True, sharey=True, layout="constrained")
for ax, (name, stages) in zip(axes, searches.items(), strict=True):
    for results, mark in zip(stages, "osD", strict=False):
        x, y = ([math.log10(point[key]) for _, point in results] for key in ("rate", "decay"))
        losses = [loss for loss, _ in results]
        ax.scatter(x, y, c=losses, marker=mark, cmap="Blues_r", vmin=0.2, vmax=2.3, edgecolors=plots.GREY, s=50)
    best_loss, best = min((stage[0] for stage in stages), key=lambda result: result[0])
    ring = math.log10(best["rate"]), math.log10(best["decay"])
    ax.plot(*ring, "o", markersize=15, fillstyle="none", color=plots.ORANGE)
    ax.set(xlabel="learning rate", title=f"{name}: best loss {best_loss:.3f}")
axes[0].set(xticks=range(-4, 1), xticklabels=[f"1e{k}" for k in range(-4, 1)], ylabel="weight decay")
_ = axes[0].set(yticks=range(-5, 0), yticklabels=[f"1e{k}" for k in range(-5, 0)])

# %% [markdown]
# What matters here? The rate does, the decay hardly does. The grid tried four rates, the others twelve. Chance has a
# hand in it: with another seed the order may be another one, but from coarse to fine is most often the best.
#
# Afterwards train the best few for longer (10 to 20 epochs), and study their curves. Change **one** thing at a time, or
# you will not know what helped.
#
# ## 12 · An honest number
#
# Whoever tries many settings is lucky with one of them. The validation error *by which it was chosen* is therefore too
# low: it is the luckiest of many. The test error is not, provided that nothing was chosen by it. So
#
# - fit a model for every setting, on `train`;
# - choose the setting whose model has the lowest error on `validation`;
# - measure **this** model on `test`, once, and report that, whatever it says.
#
# Example: settings a, b and c have validation errors 0.3, 0.1 and 0.2 and test errors 0.2, 0.15 and 0.1. The answer
# is b, with 0.15.


# %% nbgrader={"grade_id": "choose_code", "solution": true}
def choose(settings, train, validation, test, *, fit, error):
    """Choose a setting, and say how good it is.

    settings: list;  train, validation, test: the three sets, in the form that fit and error take
    fit: function, fit(setting, data) -> model;  error: function, error(model, data) -> float
    Returns (setting, test_error): the chosen one, and the error (float) of its model on the test set.
    """
    ### BEGIN SOLUTION
    models = [fit(setting, train) for setting in settings]
    errors = [error(model, validation) for model in models]
    best = errors.index(min(errors))
    return settings[best], error(models[best], test)
    ### END SOLUTION


# %% nbgrader={"grade_id": "choose", "grade": true}
check("choose")

# %% [markdown]
# How lucky can one be? Below, 300 "settings" only guess: each gives every image a random digit. Nine of ten guesses
# are wrong, and there is nothing to choose between them.


# %%
def guesses_wrong(seed, labels):
    """Return the error of a classifier that guesses; the seed is its only setting."""
    return float(np.mean(np.random.default_rng([seed, len(labels)]).integers(10, size=len(labels)) != labels))


def keep_seed(seed, data):
    """Train nothing: what is guessed depends on the seed alone."""
    return seed


sets = [labels.numpy()[:180] for labels in (train[1], validation[1])]
seeds = list(range(300))
luckiest, its_test_error = choose(seeds, *sets, test[1].numpy(), fit=keep_seed, error=guesses_wrong)
figure, ax = plt.subplots(figsize=(7, 2.8))
bins = (np.arange(144, 178, 2) - 0.5) / 180
ax.hist([guesses_wrong(s, sets[1]) for s in seeds], bins=bins, color=plots.BLUE, alpha=0.6, label="all, on validation")
ax.axvline(guesses_wrong(luckiest, sets[1]), color=plots.ORANGE, linestyle="--", label="the chosen one, on validation")
ax.axvline(its_test_error, color="black", label="the chosen one, on test")
ax.set(xlabel="error", ylabel="settings", title="The luckiest of 300 guessers", xlim=(0.79, 1.06))
_ = ax.legend(loc="upper right", fontsize="small")

# %% [markdown]
# ### Train it
#
# Everything is in place: train the best network you can, in a few seconds. Sizes, optimizer, learning rate, batch size
# and patience are yours; the search above tells you where to start. Choose by the validation set.
#
# For all points at least **95 %** of the digits that were held back for grading must be read correctly.
#
# First a function that reads: the digit with the largest score, in evaluation mode and without gradients.


# %% nbgrader={"grade_id": "predict_code", "solution": true}
def predict(model, images):
    """Return the digit, 0 to 9, that the model reads on each of the images (N, 1, 8, 8): a tensor of shape (N,)."""
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        return model(images).argmax(dim=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "digits_accuracy_code", "solution": true}
# final_model: your trained network, which maps images (N, 1, 8, 8) to scores (N, 10)
### BEGIN SOLUTION
torch.manual_seed(0)
final_model = MLP([64, 64, 10])
optimizer = torch.optim.Adam(final_model.parameters(), lr=1e-2, weight_decay=1e-4)
history = fit(
    final_model,
    optimizer,
    train,
    validation,
    epochs=20,
    batch_size=64,
    rng=np.random.default_rng(0),
    step=train_step,
    measure=evaluate,
    early_stopping=EarlyStopping(patience=5),
)
### END SOLUTION

# %% nbgrader={"grade_id": "digits_accuracy", "grade": true}
check("digits_accuracy")

# %% [markdown]
# Now, once, the test set; and a look at the images that it got wrong. Some would puzzle you too.

# %%
guesses = predict(final_model, test[0])
wrong = torch.nonzero(guesses != test[1]).flatten()
print(f"test accuracy {1 - len(wrong) / len(guesses):.1%}")
shown = torch.cat([wrong, torch.nonzero(guesses == test[1]).flatten()])[:10]  # first those that are wrong
figure = plots.show_digits(test[0][shown], test[1][shown], guesses[shown], columns=10)
figure.axes[0].set_title("label → what your network read")
figure

# %% [markdown]
# ## 13 · Your own layers
#
# In exercise 03 you wrote the affine layer and the ReLU with NumPy, and derived their gradients by hand. PyTorch can
# use them as they are. `autograd_function(forward, backward, arrays="numpy")` of the course's bridge turns such a pair
# into a function on tensors: in the forward pass it calls your `forward` and keeps your cache, in the backward pass it
# hands the upstream gradient to your `backward` and takes the gradients you return.
#
# Paste your four functions here. They must leave their arguments unchanged: the tensors are still needed.


# %% nbgrader={"grade_id": "own_functions_code", "solution": true}
def affine_forward(x, w, b):
    """x (N, D), w (D, M), b (M,) -> out (N, M), cache"""
    ### BEGIN SOLUTION
    return x @ w + b, (x, w)
    ### END SOLUTION


def affine_backward(dout, cache):
    """dout (N, M), cache -> dx (N, D), dw (D, M), db (M,)"""
    ### BEGIN SOLUTION
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
    ### END SOLUTION


def relu_forward(x):
    """x of any shape -> out of that shape, cache"""
    ### BEGIN SOLUTION
    return np.maximum(x, 0), x
    ### END SOLUTION


def relu_backward(dout, cache):
    """dout, cache -> dx, both of x's shape"""
    ### BEGIN SOLUTION
    return dout * (cache > 0)
    ### END SOLUTION


# %% [markdown]
# Two things are left to build. A layer that owns a weight and a bias: assign them as `nn.Parameter`, so that the
# optimizer finds them. And the MLP of section 2 made of such layers.
#
# Keep the weight as PyTorch does, (outputs, inputs), and transpose it on the way into `affine`. Then your network and
# the one of section 2 have the same parameters in the same order, and the weights of one fit the other.
#
# The weights must not start equal, or all neurons would stay equal for ever. Draw weights and biases from
# $U(-1/\sqrt D,\, 1/\sqrt D)$ with $D$ inputs (`nn.init.uniform_` fills a tensor so).

# %% nbgrader={"grade_id": "own_network_code", "solution": true}
affine = autograd_function(affine_forward, affine_backward, arrays="numpy")  # affine(x, w, b) -> out, all tensors
relu = autograd_function(relu_forward, relu_backward, arrays="numpy")  # relu(x) -> out


class OwnLinear(nn.Module):
    """An affine layer with weight (outputs, inputs) and bias (outputs,) as parameters, in this order."""

    def __init__(self, inputs, outputs):
        super().__init__()
        ### BEGIN SOLUTION
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(nn.init.uniform_(torch.empty(outputs, inputs), -bound, bound))
        self.bias = nn.Parameter(nn.init.uniform_(torch.empty(outputs), -bound, bound))
        ### END SOLUTION

    def forward(self, x):
        """Map x (N, inputs) to (N, outputs), through `affine`."""
        ### BEGIN SOLUTION
        return affine(x, self.weight.T, self.bias)
        ### END SOLUTION


class OwnMLP(nn.Module):
    """Your MLP of section 2, with `OwnLinear` for the layers and `relu` between each two."""

    def __init__(self, sizes):
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.ModuleList(OwnLinear(d, m) for d, m in pairwise(sizes))
        ### END SOLUTION

    def forward(self, x):
        """Return the scores (N, sizes[-1]) of the images x (N, ...)."""
        ### BEGIN SOLUTION
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        return self.layers[-1](x)
        ### END SOLUTION


# %% nbgrader={"grade_id": "own_network", "grade": true}
check("own_network")

# %% [markdown]
# Train it with everything you built above; nothing else has to change. It must again read at least 95 % of the digits.

# %% nbgrader={"grade_id": "own_accuracy_code", "solution": true}
# own_model: an OwnMLP, trained
# own_history: its learning curves, from `fit`
### BEGIN SOLUTION
torch.manual_seed(0)
own_model = OwnMLP([64, 64, 10])
optimizer = torch.optim.Adam(own_model.parameters(), lr=1e-2, weight_decay=1e-4)
own_history = fit(
    own_model,
    optimizer,
    train,
    validation,
    epochs=15,
    batch_size=64,
    rng=np.random.default_rng(0),
    step=train_step,
    measure=evaluate,
    early_stopping=EarlyStopping(patience=5),
)
### END SOLUTION

# %% nbgrader={"grade_id": "own_accuracy", "grade": true}
check("own_accuracy")

# %%
print(f"test accuracy with PyTorch's layers  {evaluate(final_model, *test)[1]:.1%}")
print(f"test accuracy with your layers       {evaluate(own_model, *test)[1]:.1%}")
plots.learning_curves(own_history)

# %% [markdown]
# Every number in this network now goes through lines that you wrote: the layers and their gradients, the step, the
# loop, the moment to stop. What PyTorch still does is to remember which function was called after which, and to call
# your backward passes in the opposite order.
#
# ## What to remember
#
# - **Split first.** `train` fits, `validation` chooses, `test` tells, once. What is computed from validation images
#   (a mean, a choice) is learnt from them.
# - **Before training**: the loss must be $\log C$. Then memorize one image, then four. Only then train on all.
# - **A step**: training mode, clear the gradients, raw scores into the cross-entropy, `backward()`, `step()`.
#   **A measurement**: evaluation mode, no gradients, both sets with the same weights.
# - **The two curves**: both still falling is underfitting, the gap is overfitting, better on validation is suspicious.
#   Bias first, then variance. Early stopping compares with the best so far, and goes back to it.
# - **500 ms an iteration**, or look for the bottleneck. Write every run down. Change one thing at a time.
# - **Search** on a logarithmic scale, coarse first, at random rather than on a grid.
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from.** I2DL lecture 6 (the recipe: how to start, learning rates, search, timings, curves, bias and
# variance, common mistakes), lecture 8 and the student summary VIII.2 (early stopping), lecture 2 (the three sets).
# The lecture takes the training error from the mini-batches of an epoch, while the weights change; here both sets are
# measured with the same weights after it, so that the two curves can be compared.
#
# **Further reading.** A. Karpathy, *A recipe for training neural networks*, 2019. J. Bergstra, Y. Bengio, *Random
# search for hyper-parameter optimization*, 2012. L. Prechelt, *Early stopping: but when?*, 1998. A. Ng, *Machine
# learning yearning*, 2018. S. Kapoor, A. Narayanan, *Leakage and the reproducibility crisis in machine-learning-based
# science*, 2023.
