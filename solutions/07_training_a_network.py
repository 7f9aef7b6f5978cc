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
# You will build, in this order, the recipe of lecture 6: a multi-layer perceptron, one training step, an honest
# measurement, the test that it can memorize, the training loop with its curves, early stopping and the search for a
# learning rate. At the end your network reads handwritten digits, and then it does so once more with the affine layer
# and the ReLU that **you** wrote in exercise 03.
#
# Fill in each cell that says `YOUR CODE HERE`, run it, then run the `check(...)` below it. `check()` without a name
# lists the points of all tasks. Grading asks the same questions with other numbers.

# %% nbgrader={"grade_id": "setup", "locked": true}
import copy
import math
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

# %% nbgrader={"grade_id": "look_at_the_data", "locked": true}
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

# %% [markdown]
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

# %% [markdown]
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

# %% nbgrader={"grade_id": "look_at_the_model", "locked": true}
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


# %% nbgrader={"grade_id": "initial_loss_code", "solution": true}
def initial_loss(classes):
    """Return the cross-entropy of a classifier that gives each of `classes` (int) classes the same probability."""
    ### BEGIN SOLUTION
    return math.log(classes)
    ### END SOLUTION


# %% nbgrader={"grade_id": "initial_loss", "grade": true}
check("initial_loss")

# %% nbgrader={"grade_id": "look_at_the_start", "locked": true}
print(f"expected             {initial_loss(10):6.3f}")
with torch.no_grad():
    print(f"your MLP, untrained  {F.cross_entropy(model(train[0]), train[1]).item():6.3f}")
    print(f"scores 100 × larger  {F.cross_entropy(100 * model(train[0]), train[1]).item():6.3f}   something is wrong!")

# %% [markdown]
# ### A few numbers
#
# Which set (`"train"`, `"validation"` or `"test"`) do you use to …
# - compute the gradients? → `fit_weights`
# - decide between two learning rates? → `choose_rate`
# - tell others how good the finished network is? → `report`
#
# And how large is
# - the number of parameters (weights and biases) of `MLP([64, 32, 10])`? → `parameters`
# - the first loss of a sound network for 1000 classes (ImageNet)? → `start_loss`, three digits are enough
# - the number of iterations in 20 epochs, for 1077 training images in mini-batches of 32, when the last, smaller
#   mini-batch of each epoch is used too? → `iterations`

# %% nbgrader={"grade_id": "numbers_code", "solution": true}
# fit_weights, choose_rate, report: one of the three words each
# parameters, start_loss, iterations: a number each
### BEGIN SOLUTION
fit_weights, choose_rate, report = "train", "validation", "test"
parameters = 64 * 32 + 32 + 32 * 10 + 10
start_loss = math.log(1000)
iterations = 20 * math.ceil(1077 / 32)
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
# learning rate and the number of steps (a few hundred suffice).


# %% nbgrader={"grade_id": "overfit_code", "solution": true}
def overfit(images, labels):
    """Train a new MLP([64, 32, 10]) on these few images only, until it knows them by heart.

    images: (N, 1, 8, 8), labels: (N,), with N from 1 to 4
    Returns the trained model and the list of its losses, one per step. The last loss must be below 0.05.
    """
    ### BEGIN SOLUTION
    model = MLP([64, 32, 10])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = [train_step(model, optimizer, images, labels) for _ in range(100)]
    return model, losses
    ### END SOLUTION


# %% nbgrader={"grade_id": "overfit", "grade": true}
check("overfit")

# %% nbgrader={"grade_id": "look_at_overfitting", "locked": true}
figure, ax = plt.subplots(figsize=(6, 3))
few = {
    "one image": (train[0][:1], train[1][:1]),
    "four images": (train[0][:4], train[1][:4]),
    "four images, wrong labels": (train[0][:4], (train[1][:4] + 3) % 10),
}
for (name, (x, y)), line in zip(few.items(), ["-", "-", "--"], strict=True):
    ax.semilogy(overfit(x, y)[1], line, label=name)
ax.set(xlabel="step", ylabel="training loss", title="What a sound network can learn by heart")
_ = ax.legend()

# %% [markdown]
# ## 7 · The training loop
#
# An *epoch* goes through the training set once, in mini-batches and in a new random order. After each epoch you measure
# both sets **with the same weights** and keep the four numbers: these are the learning curves.
#
# `batches(x, y, batch_size, rng)` yields the mini-batches of one epoch, shuffled by the random generator `rng`. Call it
# anew for every epoch.
#
# The last argument, `early_stopping`, is for section 8. It is an object with two methods. After each epoch, ask
# `early_stopping.step(validation_loss, model)`: where it answers `True`, that epoch was the last. After the last
# epoch, whatever ended the training, `early_stopping.restore(model)` puts the best weights back.


# %% nbgrader={"grade_id": "fit_code", "solution": true}
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, early_stopping=None):
    """Train the model and return its learning curves.

    train, validation: pairs (x, y);  epochs, batch_size: int;  rng: numpy.random.Generator for `batches`
    early_stopping: None, or an object with `step(validation_loss, model) -> bool` and `restore(model)`
    Returns a dictionary of four lists of floats, one entry per epoch, measured by `evaluate` at the end of the epoch
    on the whole set: "train_loss", "train_accuracy", "validation_loss", "validation_accuracy".
    """
    ### BEGIN SOLUTION
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    for _ in range(epochs):
        for x, y in batches(*train, batch_size, rng):
            train_step(model, optimizer, x, y)
        for name, data in {"train": train, "validation": validation}.items():
            loss, accuracy = evaluate(model, *data)
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


# %% nbgrader={"grade_id": "look_at_three_rates", "locked": true}
def show_curves(ax, history, title):
    """Draw the training and the validation loss of one history."""
    epochs = range(1, len(history["train_loss"]) + 1)
    ax.plot(epochs, history["train_loss"], color=plots.BLUE, label="train")
    ax.plot(epochs, history["validation_loss"], "--", color=plots.ORANGE, label="validation")
    ax.set(title=title, xlabel="epoch")


figure, axes = plt.subplots(1, 3, figsize=(11, 3), sharey=True, layout="constrained")
for ax, (name, rate) in zip(axes, {"too small": 0.01, "good": 0.2, "too large": 2.0}.items(), strict=True):
    torch.manual_seed(1)
    model = MLP([64, 32, 10])
    sgd = torch.optim.SGD(model.parameters(), lr=rate)
    history = fit(model, sgd, train, validation, epochs=15, batch_size=32, rng=np.random.default_rng(0))
    show_curves(ax, history, rf"{name}: $\alpha$ = {rate:g}, accuracy {history['validation_accuracy'][-1]:.0%}")
axes[0].set(ylabel="loss", ylim=(0, 2.6))
_ = axes[0].legend()

# %% [markdown]
# *Overfitting* needs a large network and little data. Here it is provoked: only 100 training images, and one label in
# five is wrong. The training loss keeps falling, because the network learns even the wrong labels by heart. The
# validation loss falls only at first.

# %% nbgrader={"grade_id": "look_at_overfitting_curves", "locked": true}
few_labels = train[1][:100].clone()
few_labels[::5] = (few_labels[::5] + 1) % 10
few_and_noisy = train[0][:100], few_labels

torch.manual_seed(1)
model = MLP([64, 256, 10])
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
overfitted = fit(model, adam, few_and_noisy, validation, epochs=40, batch_size=16, rng=np.random.default_rng(0))

figure, ax = plt.subplots(figsize=(6, 3))
show_curves(ax, overfitted, "Overfitting")
ax.set(ylabel="loss")
_ = ax.legend()

# %% [markdown]
# ### Read some curves
#
# The picture below shows the losses of three other networks. For each of **A**, **B** and **C** say in a sentence or
# two: what do you see, and what is the first thing you would change or look into?

# %% nbgrader={"grade_id": "look_at_three_patients", "locked": true}
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
# ## 8 · Early stopping
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

# %% nbgrader={"grade_id": "look_at_early_stopping", "locked": true}
torch.manual_seed(1)
model = MLP([64, 256, 10])
adam = torch.optim.Adam(model.parameters(), lr=3e-3)
stopper = EarlyStopping(patience=5)
stopped = fit(
    model,
    adam,
    few_and_noisy,
    validation,
    epochs=40,
    batch_size=16,
    rng=np.random.default_rng(0),
    early_stopping=stopper,
)

figure, ax = plt.subplots(figsize=(6, 3))
show_curves(ax, overfitted, "Where early stopping would have ended it")
ax.axvline(stopper.best_epoch + 1, color="black", linestyle=":", label="best epoch")
ax.axvline(len(stopped["train_loss"]), color="black", linestyle="--", label="stopped")
ax.set(ylabel="loss", ylim=(0, 3))
ax.legend(loc="upper right", ncols=2)
print(f"validation loss {evaluate(model, *validation)[0]:.3f} instead of {overfitted['validation_loss'][-1]:.3f}")

# %% [markdown]
# ## 9 · Find a learning rate
#
# The learning rate is the first hyperparameter to tune, because a bad one hides everything else. It matters by its
# *factor*: from 0.001 to 0.002 is as far as from 0.1 to 0.2. If you draw rates uniformly between $10^{-4}$ and
# $10^{-1}$, nine out of ten lie in the last decade. So draw the **logarithm** uniformly:
#
# $$ \log \alpha \sim U(\log \alpha_\text{low},\, \log \alpha_\text{high}) . $$


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
def learning_rate_search(build, rates, train, validation, *, iterations=100):
    """Try every learning rate for a few iterations.

    build: function, build(rate) -> (model, optimizer), both new at every call
    rates: list of floats;  train, validation: pairs (x, y);  iterations: int
    Each iteration is one training step on the whole training set.
    Returns a list with the validation loss of each rate after its last iteration, infinity where that is not finite.
    """
    ### BEGIN SOLUTION
    losses = []
    for rate in rates:
        model, optimizer = build(rate)
        for _ in range(iterations):
            train_step(model, optimizer, *train)
        loss, _ = evaluate(model, *validation)
        losses.append(loss if math.isfinite(loss) else math.inf)
    return losses
    ### END SOLUTION


# %% nbgrader={"grade_id": "learning_rate_search", "grade": true}
check("learning_rate_search")


# %% nbgrader={"grade_id": "look_at_learning_rates", "locked": true}
def build(rate):
    """Return the network with its optimizer, always from the same start."""
    torch.manual_seed(0)
    model = MLP([64, 32, 10])
    return model, torch.optim.Adam(model.parameters(), lr=rate)


lecture_rates = [1e-1, 1e-2, 1e-3, 1e-4]
drawn_rates = sample_learning_rates(1e-4, 1.0, 12, np.random.default_rng(10))
lecture_losses = learning_rate_search(build, lecture_rates, train, validation)
drawn_losses = learning_rate_search(build, drawn_rates, train, validation)

figure, ax = plt.subplots(figsize=(6, 3))
ax.semilogx(drawn_rates, drawn_losses, "o", alpha=0.6, label="drawn")
ax.semilogx(lecture_rates, lecture_losses, "D", markersize=8, label="to try first (lecture 6)")
ax.axhline(initial_loss(10), color="black", linestyle=":", label="untrained")
ax.set(xlabel="learning rate of Adam", ylabel="validation loss", title="After 100 iterations")
_ = ax.legend()

# %% [markdown]
# ## 10 · Train it
#
# Everything is in place: train the best network you can, in a few seconds. Sizes, optimizer, learning rate, batch size
# and patience are yours; the search above tells you where to start. Choose by the validation set.
#
# For all points at least **95 %** of the digits that were held back for grading must be read correctly.


# %% nbgrader={"grade_id": "digits_accuracy_code", "solution": true}
def predict(model, images):
    """Return the digit, 0 to 9, that the model reads on each of the images (N, 1, 8, 8): a tensor of shape (N,)."""
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        return model(images).argmax(dim=1)
    ### END SOLUTION


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
    epochs=30,
    batch_size=64,
    rng=np.random.default_rng(0),
    early_stopping=EarlyStopping(patience=6),
)
### END SOLUTION

# %% nbgrader={"grade_id": "digits_accuracy", "grade": true}
check("digits_accuracy")

# %% [markdown]
# Now, once, the test set; and a look at the images that it got wrong. Some would puzzle you too.

# %% nbgrader={"grade_id": "look_at_the_result", "locked": true}
guesses = predict(final_model, test[0])
wrong = torch.nonzero(guesses != test[1]).flatten()
print(f"test accuracy {1 - len(wrong) / len(guesses):.1%}")
shown = torch.cat([wrong, torch.nonzero(guesses == test[1]).flatten()])[:10]  # first those that are wrong
figure = plots.show_digits(test[0][shown], test[1][shown], guesses[shown], columns=10)
figure.axes[0].set_title("label → what your network read")
figure

# %% [markdown]
# ## 11 · Your own layers
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
    epochs=30,
    batch_size=64,
    rng=np.random.default_rng(0),
    early_stopping=EarlyStopping(patience=6),
)
### END SOLUTION

# %% nbgrader={"grade_id": "own_accuracy", "grade": true}
check("own_accuracy")

# %% nbgrader={"grade_id": "look_at_the_own_network", "locked": true}
print(f"test accuracy with PyTorch's layers  {evaluate(final_model, *test)[1]:.1%}")
print(f"test accuracy with your layers       {evaluate(own_model, *test)[1]:.1%}")
plots.learning_curves(own_history)

# %% [markdown]
# Every number in this network now goes through lines that you wrote: the layers and their gradients, the step, the
# loop, the moment to stop. What PyTorch still does is to remember which function was called after which, and to call
# your backward passes in the opposite order.
