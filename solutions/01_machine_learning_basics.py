# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 01 · Machine-learning basics
#
# Before there are networks there are neighbours, clusters and lines. You build the classics here in plain NumPy, and
# with them the habits that the whole course rests on: write a loss, find its gradient, choose what training cannot
# choose on data that took no part in it.
#
# | part | you build |
# | --- | --- |
# | 1–3 | k nearest neighbours, its distances computed in three ways |
# | 4 | folds, cross-validation, the choice of k |
# | 5–6 | k-means and principal components: structure without labels |
# | 7–8 | linear regression in closed form, and what likelihood has to do with squares |
# | 9–10 | logistic regression by gradient descent, and three cases that no line can separate |
#
# **Follows** lecture 2 of *Introduction to Deep Learning*. **Takes** about five hours; parts 1–4, 5–6 and 7–10 can be
# done on different days. **Needs** NumPy indexing and broadcasting, and the rules of derivation.
#
# Fill in the cells that say `YOUR CODE HERE`. After each one stands a cell such as `check("majority_vote")`: it runs
# your function on drawn inputs and shows what is right, where it differs, and often why. Check as often as you like.
# Grading asks the same questions with other inputs. No step needs an earlier one to be right: what a function takes
# from another part is handed to it as an argument. So if you are stuck, go on, and come back. A picture may need a step
# that you have left out, and end in `NotImplementedError`; that does no harm to what follows.
#
# NumPy is all you need. Ready-made answers, from scikit-learn or SciPy for instance, earn nothing; where a step forbids
# more than these, its text says so.

# %% nbgrader={"grade_id": "setup", "locked": true}
import time

import numpy as np
import torch

from autograder import Check
from i2dl.data import clouds, linear_data, load_digits, ring, three_modes, two_sides, xor_quadrants
from i2dl.data.toy import MODES
from i2dl.plots import BLUE, GREEN, GREY, ORANGE, Picture, show_digits
from i2dl.plots.points import COLOURS, MARKERS, show_points, show_regions

check = Check("01_machine_learning_basics")

train_images, train_labels = load_digits("train").xy
validation_images, validation_labels = load_digits("validation").xy
test_images, test_labels = load_digits("test").xy
train_rows = train_images.reshape(len(train_images), 64)
validation_rows = validation_images.reshape(len(validation_images), 64)
test_rows = test_images.reshape(len(test_images), 64)

# %% [markdown]
# ## 1 A task, some experience, a measure
#
# A machine learns if its **performance** at a **task** gets better with **experience**. Our task: say which digit an
# image shows. The experience: images with their labels. The measure: accuracy, the share of right answers.
#
# With labels, as here, learning is called *supervised*. Without them it is *unsupervised*: all one can do is look for
# structure (parts 5 and 6).

# %%
print("training images:", train_images.shape, " labels:", train_labels.shape)
show_digits(train_images[:16], labels=train_labels[:16])

# %% [markdown]
# Nobody can write down rules for what makes a 3. But there is a classifier that needs none: **find the most similar
# training image, and answer with its label.** Slightly better: ask the $k$ most similar ones and let them vote. That is
# $k$ nearest neighbours, *k-NN*. Nothing is trained, the training data is the model.
#
# (The course's summary lists k-NN under unsupervised learning, and its own footnote objects. The footnote is right: the
# labels take the vote, so it is supervised.)

# %% [markdown]
# ## 2 Distances, three times
#
# "Similar" means close. Between two vectors $x$ and $c$ of $D$ numbers there are two distances in use:
#
# $$\text{L1:}\quad \sum_{j=1}^{D} |x_j - c_j| \qquad\qquad
# \text{L2:}\quad \lVert x - c \rVert_2 = \sqrt{\sum_{j=1}^{D} (x_j - c_j)^2}$$
#
# For $x = (0, 0)$ and $c = (3, -4)$ they are $3 + 4 = 7$ and $\sqrt{9 + 16} = 5$.
#
# Which samples count as near depends on it. These are all points at distance 1 from the origin:

# %%
angle = np.linspace(0, 2 * np.pi, 400)
picture = Picture(figsize=(4.2, 3.1), layout="constrained")
ax = picture.subplots()
ax.plot([1, 0, -1, 0, 1], [0, 1, 0, -1, 0], color=BLUE, label="L1")
ax.plot(np.cos(angle), np.sin(angle), "--", color=ORANGE, label="L2")
ax.plot(0, 0, "k+")
ax.set(aspect="equal", xlabel="x₁", ylabel="x₂", title="distance 1")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
picture

# %% [markdown]
# ### Two loops
#
# $N$ samples and $M$ training samples make an $N \times M$ table of distances; entry $(i, j)$ belongs to sample $i$ and
# training sample $j$. Two loops, one pair at a time, are the easiest way to write it.
#
# > `x = [[0, 0]]` and `x_train = [[3, -4], [1, 0], [0, 2]]` give `[[7, 1, 2]]` for L1 and `[[5, 1, 2]]` for L2.


# %% nbgrader={"grade_id": "distances_two_loops_code", "solution": true}
def distances_two_loops(x, x_train, *, metric):
    """Compute the distance of every sample to every training sample, one pair at a time.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    x_train : array (M, D)
        Training samples.
    metric : str
        "l1" or "l2".

    Returns
    -------
    array (N, M)
        Entry (i, j): how far sample i is from training sample j.
    """
    ### BEGIN SOLUTION
    distances = np.zeros((len(x), len(x_train)))
    for i in range(len(x)):
        for j in range(len(x_train)):
            difference = x[i] - x_train[j]
            if metric == "l1":
                distances[i, j] = np.sum(np.abs(difference))
            else:
                distances[i, j] = np.sqrt(np.sum(difference**2))
    return distances
    ### END SOLUTION


# %% nbgrader={"grade_id": "distances_two_loops", "grade": true}
check("distances_two_loops")

# %% [markdown]
# ### One loop
#
# Python is slow where it has to think about every number. NumPy can subtract one sample from *all* training samples at
# once: `x[i]` has shape $(D,)$, `x_train` has $(M, D)$, and broadcasting makes $(M, D)$ differences. Sum over the right
# axis, and a whole row of the table is done.


# %% nbgrader={"grade_id": "distances_one_loop_code", "solution": true}
def distances_one_loop(x, x_train, *, metric):
    """Compute the same table a row at a time: one sample against all training samples.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    x_train : array (M, D)
        Training samples.
    metric : str
        "l1" or "l2".

    Returns
    -------
    array (N, M)
        Entry (i, j): how far sample i is from training sample j.
    """
    ### BEGIN SOLUTION
    distances = np.zeros((len(x), len(x_train)))
    for i, sample in enumerate(x):
        differences = sample - x_train
        if metric == "l1":
            distances[i] = np.abs(differences).sum(axis=1)
        else:
            distances[i] = np.sqrt((differences**2).sum(axis=1))
    return distances
    ### END SOLUTION


# %% nbgrader={"grade_id": "distances_one_loop", "grade": true}
check("distances_one_loop")

# %% [markdown]
# ### No loop
#
# For **L1** broadcast once more: `x` as $(N, 1, D)$ and `x_train` as $(1, M, D)$ make $(N, M, D)$ differences. That is
# fast while it fits into memory.
#
# For **L2** there is a better way. Multiply the square out:
#
# $$\lVert x - c \rVert^2 = \lVert x \rVert^2 - 2\, x \cdot c + \lVert c \rVert^2$$
#
# All $N \cdot M$ products $x \cdot c$ are **one matrix product** $X C^\top$ of shape $(N, M)$. The squared lengths of
# the samples belong to its rows, those of the training samples to its columns:
#
# $$\underbrace{\begin{bmatrix} \lVert x_1 \rVert^2 \\ \vdots \end{bmatrix}}_{N \times 1}
# - \; 2 \underbrace{X C^\top}_{N \times M} \; +
# \underbrace{\begin{bmatrix} \lVert c_1 \rVert^2 & \cdots \end{bmatrix}}_{1 \times M}$$
#
# **Mind the rounding.** For two equal vectors the three terms should cancel. They do so only up to rounding, and the
# result may be $-10^{-16}$. The root of that is NaN. Cut off at 0 before you take it.
#
# The check also measures how much memory your L2 takes: the $N \cdot M \cdot D$ differences must not be made. Loops and
# comprehensions are not allowed here, nor is `torch.cdist`.


# %% nbgrader={"grade_id": "distances_no_loops_code", "solution": true}
def distances_no_loops(x, x_train, *, metric):
    """Compute the same table at once, without any loop.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    x_train : array (M, D)
        Training samples; some may equal samples of x.
    metric : str
        "l1" (all N·M·D differences may be made) or "l2" (they may not).

    Returns
    -------
    array (N, M)
        Entry (i, j): how far sample i is from training sample j.
    """
    ### BEGIN SOLUTION
    if metric == "l1":
        return np.abs(x[:, None, :] - x_train[None, :, :]).sum(axis=2)
    squared = (x**2).sum(axis=1)[:, None] - 2 * x @ x_train.T + (x_train**2).sum(axis=1)
    return np.sqrt(np.maximum(squared, 0))
    ### END SOLUTION


# %% nbgrader={"grade_id": "distances_no_loops", "grade": true}
check("distances_no_loops")

# %% [markdown]
# What the loops cost, on 200 test digits and 600 training digits (on your machine; mind the logarithmic axis). Going
# from two loops to one pays most. For L1 one loop may even be the better choice: without it, 7.7 million differences
# have to be written to memory and read again. The matrix product of L2 needs no such detour.

# %%
ways = {"two loops": distances_two_loops, "one loop": distances_one_loop, "no loop": distances_no_loops}
picture = Picture(figsize=(6.5, 2.6), layout="constrained")
ax = picture.subplots()
for row, metric in enumerate(["l1", "l2"]):
    for place, way in enumerate(ways.values()):
        runs = []
        for _ in range(1 if way is distances_two_loops else 5):
            started = time.perf_counter()
            way(test_rows[:200], train_rows[:600], metric=metric)
            runs.append(1000 * (time.perf_counter() - started))
        took = min(runs)
        ax.barh(place + 0.36 * row, took, 0.32, color=(BLUE, ORANGE)[row], label=metric.upper() if place == 0 else None)
        ax.text(took, place + 0.36 * row, f" {took:.1f} ms", va="center", fontsize=8)
ax.set(xscale="log", xlabel="milliseconds", xlim=(0.1, 5000), title="120 000 distances")
ax.set_yticks([0.18, 1.18, 2.18], list(ways))
ax.invert_yaxis()
ax.legend(frameon=False, loc="lower right")
picture

# %% [markdown]
# ## 3 The vote
#
# Each row of the table now elects a label:
#
# 1. find the $k$ smallest distances of the row (`np.argsort` gives their places);
# 2. look up the labels at these places;
# 3. the most frequent one wins.
#
# > Distances `[0.3, 2.0, 0.1, 0.4]`, labels `[5, 5, 2, 5]`. With $k = 1$ the winner is 2, with $k = 3$ it is 5: the
# > three nearest carry the labels 2, 5, 5.
#
# **Ties.** If several labels have the most votes, any of them counts as right here. (Libraries decide differently: by
# the nearer neighbours, by the lower label, by order.)


# %% nbgrader={"grade_id": "majority_vote_code", "solution": true}
def majority_vote(distances, y_train, *, k):
    """Give each sample the label that most of its k nearest training samples have.

    Parameters
    ----------
    distances : array (N, M)
        From every sample to every training sample.
    y_train : integer array (M,)
        Labels of the training samples, 0 or more; not every number needs to occur.
    k : int
        How many neighbours vote, 1 to M.

    Returns
    -------
    integer array (N,)
        A label per sample.
    """
    ### BEGIN SOLUTION
    nearest = np.argsort(distances, axis=1)[:, :k]
    return np.array([np.bincount(votes).argmax() for votes in y_train[nearest]])
    ### END SOLUTION


# %% nbgrader={"grade_id": "majority_vote", "grade": true}
check("majority_vote")


# %% [markdown]
# Put together, that is the classifier. Should one of the two parts still resist you: `given_knn` below does the same
# with PyTorch's own building blocks, and stands in wherever a later cell needs neighbours.


# %% nbgrader={"grade_id": "given_knn", "locked": true}
def knn_predict(x, x_train, y_train, *, k, metric="l2"):
    """Classify samples (N, D) by their k nearest training samples, with your own functions."""
    return majority_vote(distances_no_loops(x, x_train, metric=metric), y_train, k=k)


def given_knn(x, x_train, y_train, *, k, metric="l2"):
    """Classify samples (N, D) by their k nearest training samples, with PyTorch."""
    p = {"l1": 1.0, "l2": 2.0}[metric]
    table = torch.cdist(torch.from_numpy(x), torch.from_numpy(x_train), p=p)
    near = table.topk(k, largest=False).indices.numpy()
    return torch.from_numpy(y_train[near]).mode().values.numpy()


# %% [markdown]
# ### What k does
#
# Three classes of points, as on the lecture's slide. The background shows how each place in the plane would be
# classified, the titles how many of the training points themselves come out right. With $k = 1$ every stray point has
# an island of its own. A larger $k$ smooths the borders; with $k = 60$, half of all points, little is left of them.

# %%
points, classes = clouds(120, spread=1.1, rng=np.random.default_rng(3))
picture = Picture(figsize=(10, 3.4), layout="constrained")
for ax, k in zip(picture.subplots(1, 3), [1, 5, 60], strict=True):
    right = np.mean(knn_predict(points, points, classes, k=k) == classes)
    show_regions(
        lambda places, k=k: knn_predict(places, points, classes, k=k),
        points,
        classes,
        title=f"k = {k}: {right:.0%} right",
        ax=ax,
    )
picture

# %% [markdown]
# On its own training data 1-NN is always perfect: every point is its own nearest neighbour. This says nothing about new
# points, and is your first example of **overfitting**.

# %% [markdown]
# ## 4 Choosing k
#
# The number $k$ and the choice between L1 and L2 are **hyperparameters**: training does not find them. Neither does the
# accuracy on the training data, which always prefers $k = 1$. So the data is split in three, say 60/20/20 or 80/10/10:
#
# | part | what it is for |
# | --- | --- |
# | training | to fit the model; for k-NN, to be the model |
# | validation | to compare hyperparameters |
# | test | to measure the final choice, **once**, at the very end |
#
# A small validation set is a noisy judge. **Cross-validation** gets more out of the same data: cut the *training* data
# into $k$ folds, and validate on each in turn while training on the rest. The test set takes no part in this. (Another
# $k$ than that of k-NN, by bad luck.)
#
# | run | fold 1 | fold 2 | fold 3 |
# | --- | --- | --- | --- |
# | 1 | **validate** | train | train |
# | 2 | train | **validate** | train |
# | 3 | train | train | **validate** |
#
# ### Folds
#
# **Shuffle first.** Data often lies sorted by class. A fold without shuffling may then hold all the zeros, which no
# other fold has ever shown to the classifier.
#
# > Six samples in three folds: with the shuffled order 4, 0, 3, 5, 1, 2 the first pair is `([3, 5, 1, 2], [4, 0])`.


# %% nbgrader={"grade_id": "k_fold_indices_code", "solution": true}
def k_fold_indices(n, *, k, rng):
    """Shuffle the numbers 0 … n − 1, cut them into k folds, and leave each fold out in turn.

    Parameters
    ----------
    n : int
        Number of samples.
    k : int
        Number of folds, 2 to n.
    rng : numpy.random.Generator
        Where the order comes from; equal generators must give equal folds. `rng.permutation(n)` is a shuffled order.

    Returns
    -------
    list of k pairs (train, validation) of integer arrays
        The numbers of the samples to train with, and those of the fold that is left out. The folds' sizes differ by
        one at most (`np.array_split` cuts like this).
    """
    ### BEGIN SOLUTION
    folds = np.array_split(rng.permutation(n), k)
    return [(np.concatenate(folds[:i] + folds[i + 1 :]), folds[i]) for i in range(k)]
    ### END SOLUTION


# %% nbgrader={"grade_id": "k_fold_indices", "grade": true}
check("k_fold_indices")

# %% [markdown]
# ### One score per fold
#
# Which model is trained, and what "good" means, is not the business of cross-validation. A function that knows both is
# handed in: `score(x_train, y_train, x_validation, y_validation)` trains on the first two and returns how well it does
# on the last two.


# %% nbgrader={"grade_id": "cross_validate_code", "solution": true}
def cross_validate(score, x, y, folds):
    """Train and validate once per fold.

    Parameters
    ----------
    score : callable
        score(x_train, y_train, x_validation, y_validation) → float.
    x : array (N, D)
        Samples.
    y : array (N,)
        Their labels or targets.
    folds : list of k pairs (train, validation) of integer arrays
        As `k_fold_indices` returns them.

    Returns
    -------
    array (k,)
        The score on each fold, in the order of the folds.
    """
    ### BEGIN SOLUTION
    return np.array([score(x[train], y[train], x[left_out], y[left_out]) for train, left_out in folds])
    ### END SOLUTION


# %% nbgrader={"grade_id": "cross_validate", "grade": true}
check("cross_validate")

# %% [markdown]
# ### The winner
#
# Compare the **means** over the folds. Where several $k$ are equally good, take the largest, which has the smoothest
# borders.
#
# > `{1: [0.8, 0.9], 5: [0.9, 1.0], 3: [1.0, 0.9], 7: [0.5, 0.6]}` has the means 0.85, 0.95, 0.95 and 0.55. The winner
# > is 5.


# %% nbgrader={"grade_id": "choose_k_code", "solution": true}
def choose_k(accuracies):
    """Return the number of neighbours that cross-validation recommends.

    Parameters
    ----------
    accuracies : dict of int to array (folds,)
        For each candidate k its accuracy on each fold; the candidates come in any order.

    Returns
    -------
    int
        The k with the highest mean accuracy; of several with the same mean, the largest.
    """
    ### BEGIN SOLUTION
    return max(accuracies, key=lambda k: (np.mean(accuracies[k]), k))
    ### END SOLUTION


# %% nbgrader={"grade_id": "choose_k", "grade": true}
check("choose_k")

# %% [markdown]
# Now for the digits: five folds of the training data, both distances, ten candidates. Each dot is one fold, the line
# joins the means. Look at how far the five dots of one $k$ lie apart: differences between neighbouring $k$ mean little.
# What the folds agree on is that small $k$ do best here: few of these digits are strays, so smoothing mostly blurs.

# %%
folds = k_fold_indices(len(train_rows), k=5, rng=np.random.default_rng(0))
picture = Picture(figsize=(8, 3.2), layout="constrained")
axes = picture.subplots(1, 2, sharey=True)
for ax, metric, colour in zip(axes, ["l1", "l2"], [BLUE, ORANGE], strict=True):
    accuracies = {}
    for k in [1, 3, 5, 7, 9, 13, 21, 31, 45, 61]:

        def accuracy(x, y, x_left_out, y_left_out, k=k, metric=metric):
            return np.mean(given_knn(x_left_out, x, y, k=k, metric=metric) == y_left_out)

        accuracies[k] = cross_validate(accuracy, train_rows, train_labels, folds)
        ax.plot([k] * 5, accuracies[k], ".", color=GREY)
    ax.plot(list(accuracies), [np.mean(a) for a in accuracies.values()], "o-", color=colour)
    best = choose_k(accuracies)
    ax.axvline(best, color="black", linestyle=":")
    ax.set(title=f"{metric.upper()}: k = {best}, mean {np.mean(accuracies[best]):.3f}", xlabel="k")
axes[0].set_ylabel("accuracy on the left-out fold")
picture

# %% [markdown]
# ### Reading digits
#
# Make your choice of $k$ and distance, and let all the training images be the model. You need an accuracy of at least
# 0.96 for all points. The check asks about other digits than those here. Use your own functions or `given_knn`.


# %% nbgrader={"grade_id": "read_digits_code", "solution": true}
def read_digits(images):
    """Classify digits by their nearest neighbours among the training images.

    Parameters
    ----------
    images : array (N, 1, 8, 8)
        Digits.

    Returns
    -------
    integer array (N,)
        The class of each image, 0 to 9.
    """
    ### BEGIN SOLUTION
    rows = images.reshape(len(images), -1)
    return knn_predict(rows, train_rows, train_labels, k=3)
    ### END SOLUTION


# %% nbgrader={"grade_id": "digits_accuracy", "grade": true}
check("digits_accuracy")

# %% [markdown]
# All is chosen; now the test set may be used, once. On the left of each row below a test digit that was misread, and
# beside it its five nearest neighbours in the training data. The mistakes are understandable, aren't they?

# %%
answers = read_digits(test_images)
print(f"test accuracy: {np.mean(answers == test_labels):.3f}")
wrong = np.flatnonzero(answers != test_labels)[:4]
table = torch.cdist(torch.from_numpy(test_rows[wrong]), torch.from_numpy(train_rows))
pairs = list(zip(wrong, table.topk(5, largest=False).indices.numpy(), strict=True))
shown = np.concatenate([np.concatenate([test_images[i : i + 1], train_images[n]]) for i, n in pairs])
names = np.concatenate([np.concatenate([test_labels[i : i + 1], train_labels[n]]) for i, n in pairs])
show_digits(shown, labels=names, columns=6)

# %% [markdown]
# **Question** (graded by hand, a few sentences each). What is wrong with each of these, and what should be done?
#
# 1. Ann picks the $k$ with the best accuracy on the training data.
# 2. Ben tries twenty values of $k$ on the test data, picks the best, and reports its accuracy there.
# 3. All of Cleo's training photos were taken by day, all of her validation photos by night.

# %% [markdown] nbgrader={"grade_id": "why_three_parts", "grade": true, "solution": true}
# 1. On training data $k = 1$ always wins, with 100 %: each sample is its own nearest neighbour. The choice says nothing
#    about new data. She should compare on validation data that is no part of the model, or by cross-validation within
#    the training data.
# 2. The best of twenty is the best partly by luck on just these images, so its test accuracy is too optimistic, and no
#    unseen data is left to find out by how much. He should choose on validation data, and use the test data once, for
#    the final choice.
# 3. The two sets follow different distributions. The validation error is high because of the night, not because of the
#    hyperparameters, and tells her nothing about them. She should put the photos together, shuffle, and split again, so
#    that every part has both. Cross-validation without shuffling first does not help.

# %% [markdown]
# ## 5 k-means: clusters without labels
#
# Take the labels away. Is there structure left? **k-means** looks for $k$ centres such that every sample is close to
# one. What it makes small is the *inertia*, the sum of the squared distances to the nearest centre:
#
# $$\sum_{i=1}^{N} \lVert x_i - c_{l_i} \rVert^2 \qquad \text{where } l_i \text{ is the nearest centre's number}$$
#
# The best centres are hard to find at once, but each half of the problem is easy: given the centres, *assign*; given
# the assignment, *update* the centres. Do both in turn.
#
# ### Assign
#
# > Samples `[[0, 0], [5, 0]]`, centres `[[4, 0], [1, 0]]`: the labels are `[1, 0]`, the squared distances `[1, 1]`.


# %% nbgrader={"grade_id": "kmeans_assign_code", "solution": true}
def kmeans_assign(x, centres):
    """Give each sample to the nearest centre.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    centres : array (k, D)
        Centres.

    Returns
    -------
    labels : integer array (N,)
        For each sample the number of its centre, 0 to k − 1.
    squared : array (N,)
        Its squared distance to that centre.
    """
    ### BEGIN SOLUTION
    squared = ((x[:, None, :] - centres) ** 2).sum(axis=2)
    return squared.argmin(axis=1), squared.min(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "kmeans_assign", "grade": true}
check("kmeans_assign")

# %% [markdown]
# ### Update
#
# Among all points, the mean of some samples has the smallest sum of squared distances to them. So that is where their
# centre goes. A centre to which no sample belongs has no mean: 0/0 is NaN. Let it stay where it is.
#
# > Samples `[[0, 0], [2, 4], [9, 9]]` with labels `[0, 0, 2]` and centres `[[7, 7], [5, 1], [8, 8]]` give
# > `[[1, 2], [5, 1], [9, 9]]`.


# %% nbgrader={"grade_id": "kmeans_update_code", "solution": true}
def kmeans_update(x, labels, centres):
    """Move each centre to the mean of its samples.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    labels : integer array (N,)
        The number of each sample's centre.
    centres : array (k, D)
        The centres so far.

    Returns
    -------
    array (k, D)
        The new centres; one without samples stays where it is.
    """
    ### BEGIN SOLUTION
    moved = centres.copy()
    for j in range(len(centres)):
        if np.any(labels == j):
            moved[j] = x[labels == j].mean(axis=0)
    return moved
    ### END SOLUTION


# %% nbgrader={"grade_id": "kmeans_update", "grade": true}
check("kmeans_update")

# %% [markdown]
# ### In turn
#
# Neither half can raise the inertia, and there are only finitely many ways to assign $N$ samples. So it comes to rest:
# once an assignment changes no label, nothing will ever change again.
#
# `assign` and `update` come as arguments, your own or anybody's.


# %% nbgrader={"grade_id": "kmeans_code", "solution": true}
def kmeans(x, centres, assign, update, *, rounds):
    """Assign, then update and assign in turn until no label changes.

    Parameters
    ----------
    x : array (N, D)
        Samples.
    centres : array (k, D)
        The first centres.
    assign, update : callables
        assign(x, centres) → labels, squared; update(x, labels, centres) → centres. As above.
    rounds : int
        At most so many updates.

    Returns
    -------
    centres : array (k, D)
        The centres in the end.
    labels : integer array (N,)
        The last assignment, to these centres.
    history : list of float
        The inertia after each assignment, the first one included.
    """
    ### BEGIN SOLUTION
    labels, squared = assign(x, centres)
    history = [squared.sum()]
    for _ in range(rounds):
        centres = update(x, labels, centres)
        before = labels
        labels, squared = assign(x, centres)
        history.append(squared.sum())
        if np.array_equal(labels, before):
            break
    return centres, labels, history
    ### END SOLUTION


# %% nbgrader={"grade_id": "kmeans", "grade": true}
check("kmeans")

# %% [markdown]
# Below, a start with three centres in one corner. Crosses are centres, colours the assignment. Watch them part.

# %%
blobs, _ = clouds(150, spread=0.6, rng=np.random.default_rng(2))
start = np.array([[-3.0, -2.0], [-2.5, -2.2], [-3.2, -1.2]])
picture = Picture(figsize=(11, 3), layout="constrained")
for ax, rounds in zip(picture.subplots(1, 4), [0, 1, 2, 100], strict=True):
    centres, labels, history = kmeans(blobs, start, kmeans_assign, kmeans_update, rounds=rounds)
    title = f"{len(history) - 1} updates, inertia {history[-1]:.0f}"
    show_points(blobs, labels, centres=centres, title=title, ax=ax)
picture

# %% [markdown]
# ### Where it comes to rest depends on the start
#
# The inertia has many local minima. So run k-means several times and keep the best. On the digits, ten centres from
# five random starts; at the end the centres of the best run, shown as images. Nobody has told it what a digit is.

# %%
rng = np.random.default_rng(1)
picture = Picture(figsize=(5.5, 2.8), layout="constrained")
ax = picture.subplots()
runs = []
for _ in range(5):
    start = train_rows[rng.permutation(len(train_rows))[:10]]
    runs.append(kmeans(train_rows, start, kmeans_assign, kmeans_update, rounds=100))
    history = runs[-1][2]
    ax.plot(history, marker=".")
best_run = min(runs, key=lambda run: run[2][-1])
ax.set(xlabel="updates", ylabel="inertia", title="five starts", ylim=(None, 1.1 * history[1]))
picture

# %%
centres, labels, _ = best_run
commonest = np.array([np.bincount(train_labels[labels == j]).argmax() for j in range(10)])
print(f"share of the images whose cluster is named after their digit: {np.mean(commonest[labels] == train_labels):.2f}")
show_digits(centres.reshape(10, 1, 8, 8), labels=commonest, columns=10)

# %% [markdown]
# The captions are the commonest digit in each cluster. One digit may occur twice and another never: two ways of writing
# a 1 are two shapes, and k-means knows of shapes only.
#
# More centres always fit better. With as many centres as samples the inertia is 0, and nothing has been learnt:
# unsupervised methods overfit, too.

# %% [markdown]
# ## 6 PCA: the directions that matter
#
# The lecture names principal component analysis in one breath with k-means, under clustering. It does not look for
# clusters, though. It looks for the few **directions** along which data varies most.
#
# Centre the data: $\tilde X = X - \text{mean}$. Its variance along a unit vector $v$ is
#
# $$\frac{1}{N-1} \lVert \tilde X v \rVert^2 = v^\top S v
# \qquad\text{with the covariance}\qquad S = \frac{1}{N-1} \tilde X^\top \tilde X$$
#
# It is largest for the eigenvector of $S$ with the largest eigenvalue, and the eigenvalue is that variance. Next comes
# the best direction orthogonal to the first, and so on. The singular value decomposition
# $\tilde X = U \Sigma V^\top$ gives all of it at once: $\tilde X^\top \tilde X = V \Sigma^2 V^\top$, so
#
# - the **rows of $V^\top$** are the directions, sorted;
# - the variances along them are $\sigma_j^2 / (N - 1)$.
#
# > The samples $(0, 0)$, $(2, 2)$, $(4, 4)$ have the mean $(2, 2)$ and the first direction
# > $(1, 1)/\sqrt 2$, with the variance $(8 + 0 + 8)/2 = 8$. Along the second it is 0.
#
# `np.linalg.svd(…, full_matrices=False)` or `np.linalg.eigh` will do; `eigh` sorts upwards. A direction $v$ is as good
# as $-v$: the check does not mind.


# %% nbgrader={"grade_id": "pca_code", "solution": true}
def pca(x, *, components):
    """Find the directions along which the data varies most.

    Parameters
    ----------
    x : array (N, D)
        Samples, one in each row.
    components : int
        How many directions to keep, K, at most the smaller of N and D.

    Returns
    -------
    mean : array (D,)
        The mean of the samples.
    directions : array (K, D)
        In its rows unit vectors, that of the largest variance first.
    variances : array (K,)
        The variance along each, with N − 1 in the denominator.
    """
    ### BEGIN SOLUTION
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    return mean, vt[:components], s[:components] ** 2 / (len(x) - 1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "pca", "grade": true}
check("pca")

# %% [markdown]
# ### There and back
#
# With the directions $v_1, \dots, v_K$ in the rows of a matrix $V_K^\top$ of shape $(K, D)$:
#
# $$\text{project:}\quad Z = (X - \text{mean})\, V_K \qquad\qquad
# \text{reconstruct:}\quad \hat X = Z\, V_K^\top + \text{mean}$$
#
# $K$ numbers instead of $D$ for each sample. No other linear way through $K$ numbers has a smaller squared error.
#
# > Mean $(2, 2)$, one direction $(0.6, 0.8)$: the sample $(3, 2)$ becomes $z = 0.6$, and comes back as $(2.36, 2.48)$.


# %% nbgrader={"grade_id": "pca_reconstruct_code", "solution": true}
def pca_project(x, mean, directions):
    """Return the coordinates (N, K) of the samples x (N, D) along the directions (K, D), seen from the mean (D,)."""
    ### BEGIN SOLUTION
    return (x - mean) @ directions.T
    ### END SOLUTION


def pca_reconstruct(z, mean, directions):
    """Return the samples (N, D) that have the coordinates z (N, K) along the directions (K, D), from the mean (D,)."""
    ### BEGIN SOLUTION
    return mean + z @ directions
    ### END SOLUTION


# %% nbgrader={"grade_id": "pca_reconstruct", "grade": true}
check("pca_reconstruct")

# %% [markdown]
# All training digits, seen from the two directions that show most of them. The labels are used for the colours only;
# yet many digits have come to lie apart.

# %%
mean, directions, variances = pca(train_rows, components=64)
z = pca_project(train_rows, mean, directions[:2])
picture = Picture(figsize=(7.2, 4.6), layout="constrained")
ax = picture.subplots()
for digit in range(10):
    mine = z[train_labels == digit]
    ax.scatter(*mine.T, s=20, color=COLOURS[digit], marker=MARKERS[digit], label=str(digit), linewidth=0)
share = variances[:2].sum() / variances.sum()
ax.set(title=f"two of 64 directions, {share:.0%} of the variance", xlabel="first", ylabel="second", aspect="equal")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
picture

# %% [markdown]
# And the same digits, squeezed through 2, 8 and 24 numbers and back. The top row is the original.

# %%
rows = [train_rows[:10]]
for kept in [2, 8, 24]:
    z = pca_project(train_rows[:10], mean, directions[:kept])
    rows.append(pca_reconstruct(z, mean, directions[:kept]))
    error = 1 - variances[:kept].sum() / variances.sum()
    print(f"{kept:2} numbers: {error:.0%} of the variance is lost")
show_digits(np.concatenate(rows).reshape(-1, 1, 8, 8).clip(0, 1), columns=10)

# %% [markdown]
# ## 7 Linear regression
#
# Back to labels, but now they are numbers: *regression*. A linear model predicts a weighted sum of the $d$ features,
# plus a **bias** $\theta_0$:
#
# $$\hat y_i = \theta_0 + x_{i1} \theta_1 + x_{i2} \theta_2 + \dots + x_{id} \theta_d$$
#
# A column of ones in front of the data makes the bias a weight like any other, and all predictions one product:
#
# $$\hat y = X\theta, \qquad X = \begin{bmatrix} 1 & x_{11} & \cdots & x_{1d} \\ \vdots & \vdots & & \vdots \\
# 1 & x_{n1} & \cdots & x_{nd} \end{bmatrix} \in \mathbb R^{n \times (d+1)}$$
#
# > The lecture's building: outside temperature, humidity, people and sun predict the temperature inside, with
# > $\theta = (0.2,\; 0.64,\; 0,\; 1,\; 0.14)$. A day $(25, 50, 2, 50)$ gives $0.2 + 16 + 0 + 2 + 7 = 25.2$, and
# > $(-10, 50, 0, 10)$ gives $0.2 - 6.4 + 0 + 0 + 1.4 = -4.8$.


# %% nbgrader={"grade_id": "linear_prediction_code", "solution": true}
def add_bias_column(x):
    """Return the data x (n, d) with a column of ones in front, shape (n, d + 1)."""
    ### BEGIN SOLUTION
    return np.column_stack([np.ones(len(x), x.dtype), x])
    ### END SOLUTION


def linear_prediction(X, theta):
    """Return the predictions (n,) for data X (n, d + 1), whose first column holds ones, and weights theta (d + 1,)."""
    ### BEGIN SOLUTION
    return X @ theta
    ### END SOLUTION


# %% nbgrader={"grade_id": "linear_prediction", "grade": true}
check("linear_prediction")

# %% [markdown]
# ### The loss and its gradient
#
# How good is a $\theta$? The mean squared error says it, and its gradient says where to go:
#
# $$J(\theta) = \frac1n \sum_{i=1}^n (\hat y_i - y_i)^2 = \frac1n (X\theta - y)^\top (X\theta - y)
# \qquad\qquad \nabla J(\theta) = \frac2n X^\top (X\theta - y)$$
#
# Derive the gradient once yourself, entry by entry: $\hat y_i$ depends on $\theta_j$ with the factor $x_{ij}$, and the
# square brings the 2. (Here and in part 9 the gradient is to be derived: no autograd.)
#
# The slide drops the $\frac1n$ on its way to matrix notation, and the summary loses the 2 in its part III. Both leave
# the minimum where it is; neither leaves $J$ and its gradient what they are.
#
# > $X = \begin{bmatrix} 1 & 0 \\ 1 & 2 \end{bmatrix}$, $y = (1, 3)$, $\theta = (0, 1)$: the predictions are $(0, 2)$,
# > the errors $(-1, -1)$, so $J = 1$ and $\nabla J = \frac22 \,(-2, -2) = (-2, -2)$.


# %% nbgrader={"grade_id": "least_squares_loss_code", "solution": true}
def least_squares_loss(theta, X, y):
    """Compute the mean squared error of a linear model, and its gradient.

    Parameters
    ----------
    theta : array (d + 1,)
        The bias, then the weights.
    X : array (n, d + 1)
        Data with ones in the first column.
    y : array (n,)
        Targets.

    Returns
    -------
    loss : float
        J(θ).
    gradient : array (d + 1,)
        ∂J/∂θ.
    """
    ### BEGIN SOLUTION
    error = X @ theta - y
    return np.mean(error**2), 2 / len(y) * X.T @ error
    ### END SOLUTION


# %% nbgrader={"grade_id": "least_squares_loss", "grade": true}
check("least_squares_loss")

# %% [markdown]
# ### The minimum in one line
#
# $J$ is convex, so wherever its gradient vanishes there is a minimum:
#
# $$X^\top X \theta = X^\top y \qquad\Longleftrightarrow\qquad \theta = (X^\top X)^{-1} X^\top y$$
#
# These are the *normal equations*. Solve them rather than inverting: `np.linalg.solve(A, b)` is faster and more exact
# than `np.linalg.inv(A) @ b`.
#
# The lecture calls the solution unique. It is, if no column of $X$ is a combination of the others. With a feature given
# twice there are many equally good $\theta$, and $X^\top X$ has no inverse; the pseudoinverse, $\theta = X^\dagger y$,
# then picks the smallest of them. The library's ready-made solver (`np.linalg.lstsq`) does that too, but is not allowed
# here.


# %% nbgrader={"grade_id": "least_squares_code", "solution": true}
def least_squares(X, y):
    """Return the θ that makes the mean squared error least.

    Parameters
    ----------
    X : array (n, d + 1)
        Data with ones in the first column; n > d, and no column is a combination of the others.
    y : array (n,)
        Targets.

    Returns
    -------
    array (d + 1,)
        The bias, then the weights.
    """
    ### BEGIN SOLUTION
    return np.linalg.solve(X.T @ X, X.T @ y)
    ### END SOLUTION


# %% nbgrader={"grade_id": "least_squares", "grade": true}
check("least_squares")

# %% [markdown]
# Forty points from $y = 1 + 2x$ plus noise, your line, and the errors whose squares it keeps small. On the right, the
# bowl $J(\theta_0, \theta_1)$, and the path of gradient descent with your gradient, which ends where the closed form
# lands at once.

# %%
x_line, y_line = linear_data(40, theta=(1.0, 2.0), noise=0.5, rng=np.random.default_rng(4))
X_line = add_bias_column(x_line)
theta_line = least_squares(X_line, y_line)
picture = Picture(figsize=(9.5, 3.6), layout="constrained")
left, right = picture.subplots(1, 2)
order = np.argsort(x_line[:, 0])
left.vlines(x_line[:, 0], X_line @ theta_line, y_line, color=GREY, linewidth=1)
left.plot(x_line[:, 0], y_line, "o", color=BLUE, markersize=4)
left.plot(x_line[order, 0], (X_line @ theta_line)[order], color=ORANGE)
left.set(title=f"ŷ = {theta_line[0]:.2f} + {theta_line[1]:.2f} x", xlabel="x", ylabel="y")

grid = np.stack(np.meshgrid(np.linspace(-1, 3, 60), np.linspace(-1, 4.5, 60)), axis=-1)
bowl = np.mean((grid @ X_line.T - y_line) ** 2, axis=-1)
right.contour(grid[..., 0], grid[..., 1], bowl, levels=np.geomspace(bowl.min() * 1.05, bowl.max(), 14), cmap="cividis")
path = [np.array([-0.5, -0.5])]
for _ in range(60):
    path.append(path[-1] - 0.2 * least_squares_loss(path[-1], X_line, y_line)[1])
right.plot(*np.transpose(path), ".-", color=ORANGE, label="gradient descent")
right.plot(*theta_line, "k*", markersize=12, label="closed form")
right.set(title="J(θ)", xlabel="θ₀", ylabel="θ₁")
right.legend(frameon=True, loc="upper right")
picture

# %% [markdown]
# ## 8 Why squares? The likelihood
#
# Is the least-squares $\theta$ the best one? That depends on what the errors are. **Suppose** every target is the
# linear prediction plus Gaussian noise of standard deviation $\sigma$, independent for each sample:
#
# $$p(y_i \mid x_i, \theta) = \frac{1}{\sqrt{2\pi\sigma^2}} \; e^{-\frac{(y_i - \hat y_i)^2}{2\sigma^2}}$$
#
# The *likelihood* of $\theta$ is the probability density of all that was observed, the product over the samples. The
# maximum-likelihood estimate is the $\theta$ that makes it largest. A logarithm turns the product into a sum, and moves
# no maximum:
#
# $$\log p(y \mid X, \theta) = -\frac n2 \log(2\pi\sigma^2) - \frac{1}{2\sigma^2} \sum_{i=1}^n (y_i - \hat y_i)^2$$
#
# Only the last term knows $\theta$, and it is $-J$ up to a positive factor. **The most likely $\theta$ is the one with
# the least squares**, whatever $\sigma$ may be. (The summary writes "$\theta_{ML} =$" in front of this line. It is the
# log-likelihood; $\theta_{ML}$ is where it is largest.)
#
# And $\sigma$ itself? Set the derivative with respect to $\sigma$ to zero:
#
# $$-\frac n\sigma + \frac{1}{\sigma^3} \sum_i (y_i - \hat y_i)^2 = 0 \qquad\Longrightarrow\qquad
# \sigma_{ML} = \sqrt{\frac1n \sum_i (y_i - \hat y_i)^2}$$
#
# > Errors $(1, -1)$ and $\sigma = 1$: the log-likelihood is $-\log(2\pi) - \frac12 \cdot 2 = -2.838$, and
# > $\sigma_{ML} = 1$.
#
# **Mind the underflow.** The product of a thousand densities is 0 in floating point, and its logarithm $-\infty$. Add
# logarithms instead.


# %% nbgrader={"grade_id": "gaussian_likelihood_code", "solution": true}
def gaussian_log_likelihood(prediction, y, *, sigma):
    """Compute log p(y), where each y is its prediction plus Gaussian noise.

    Parameters
    ----------
    prediction : array (n,)
        ŷ.
    y : array (n,)
        What was observed.
    sigma : float
        Standard deviation σ of the noise.

    Returns
    -------
    float
        The logarithm of the probability density of all n observations together.
    """
    ### BEGIN SOLUTION
    squares = np.sum((y - prediction) ** 2)
    return -len(y) / 2 * np.log(2 * np.pi * sigma**2) - squares / (2 * sigma**2)
    ### END SOLUTION


def noise_estimate(prediction, y):
    """Return the σ (a float) that makes the observations y (n,) most likely, given their predictions (n,)."""
    ### BEGIN SOLUTION
    return np.sqrt(np.mean((y - prediction) ** 2))
    ### END SOLUTION


# %% nbgrader={"grade_id": "gaussian_likelihood", "grade": true}
check("gaussian_likelihood")

# %% [markdown]
# Below, the slope $\theta_1$ is varied and all else kept. The loss on the left has its minimum just where the
# log-likelihoods on the right have their maxima. Another $\sigma$ gives another curve, but the same best slope.

# %%
slopes = np.linspace(0.5, 3.5, 121)
fits = [X_line @ np.array([theta_line[0], slope]) for slope in slopes]
picture = Picture(figsize=(9, 3.2), layout="constrained")
left, right = picture.subplots(1, 2)
left.plot(slopes, [np.mean((y_line - fit) ** 2) for fit in fits], color=BLUE)
left.set(title="mean squared error J", xlabel="slope θ₁")
for sigma, style, colour in zip([0.4, 0.6, 1.0], ["-", "--", ":"], [ORANGE, GREEN, BLUE], strict=True):
    curve = [gaussian_log_likelihood(fit, y_line, sigma=sigma) for fit in fits]
    right.plot(slopes, curve, style, color=colour, label=f"σ = {sigma}")
right.set(title="log-likelihood", xlabel="slope θ₁")
right.legend(frameon=False)
for ax in (left, right):
    ax.axvline(theta_line[1], color=GREY, linewidth=1)
print(f"estimated noise: {noise_estimate(X_line @ theta_line, y_line):.3f} (0.5 was put in)")
picture

# %% [markdown]
# What the assumption is worth shows when it fails. One measurement below was written down wrongly. Gaussian noise would
# never produce it, so the model bends the whole line to make it less unlikely:

# %%
few = order[::4]
X_few, y_few = X_line[few], y_line[few]
y_typo = y_few.copy()
y_typo[-1] += 8
picture = Picture(figsize=(5.2, 3.2), layout="constrained")
ax = picture.subplots()
ax.plot(X_few[:, 1], y_typo, "o", color=BLUE, markersize=4)
ax.plot(X_few[:, 1], X_few @ least_squares(X_few, y_few), "--", color=GREEN, label="without the typo")
ax.plot(X_few[:, 1], X_few @ least_squares(X_few, y_typo), color=ORANGE, label="with it")
ax.set(xlabel="x", ylabel="y")
ax.legend(frameon=False)
picture

# %% [markdown]
# **Question** (graded by hand, a few sentences). Suppose the noise is not Gaussian, but has the Laplace density
# $p(e) = \frac{1}{2b} e^{-|e|/b}$. Which loss does maximum likelihood make small now? Derive it. And which of the two
# losses follows the mistyped point less, and why?

# %% [markdown] nbgrader={"grade_id": "why_squares", "grade": true, "solution": true}
# The samples are independent, so the log-likelihood is the sum
# $\sum_i \log p(y_i - \hat y_i) = -n \log(2b) - \frac1b \sum_i |y_i - \hat y_i|$. Only the last term depends on
# $\theta$, so the most likely $\theta$ makes the sum of the **absolute** errors least: the L1 loss.
#
# The absolute error follows the outlier less. Its price grows in proportion to the distance, and its slope is ±1 for
# every point, however far away. The square of a far-off point dominates the sum, and so does its gradient, which grows
# with the distance. Put as likelihood: the Laplace density has heavy tails, a far-off point is unusual but possible;
# under the Gaussian it is next to impossible, and the line moves to avoid it.

# %% [markdown]
# ## 9 Logistic regression
#
# Now the label is 0 or 1: no cat or cat. A straight line through such labels makes poor probabilities, since it leaves
# the range from 0 to 1. The **sigmoid** bends any score back into it:
#
# $$\hat y_i = \sigma(x_i \theta), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Read $\hat y_i$ as the probability of a 1. Each label is then a coin toss (a Bernoulli trial) with its own coin:
# $p(y_i) = \hat y_i^{\,y_i} (1 - \hat y_i)^{1 - y_i}$, which is $\hat y_i$ if $y_i = 1$, and $1 - \hat y_i$ if
# $y_i = 0$. As before, take the logarithm of the product:
#
# $$\log p(y \mid X, \theta) = \sum_{i=1}^n y_i \log \hat y_i + (1 - y_i) \log(1 - \hat y_i)$$
#
# To make this large is to make $C(\theta) = -\frac1n \log p(y \mid X, \theta)$ small, the **binary cross-entropy**. The
# minus sign belongs to it: the summary loses it among its steps and at one point maximizes $-\sum \log \hat y_i$, which
# would push $\hat y_i$ to 0. Its reason, that a log-likelihood may not be negative, is none: it may.

# %% [markdown]
# **The gradient.** For one sample with score $z$: $\frac{\partial C}{\partial \hat y}
# = -\frac{y}{\hat y} + \frac{1 - y}{1 - \hat y}$, and the sigmoid's slope is $\hat y (1 - \hat y)$. In the product
# everything cancels but the difference $\hat y - y$. With $z = x\theta$ and the mean over the samples:
#
# $$\nabla C(\theta) = \frac1n X^\top (\hat y - y)$$
#
# **Mind the edge.** At a score of 1000 on the wrong side $\hat y$ is rounded to 1, and $\log(1 - \hat y) = -\infty$;
# the true loss is 1000. So compute the loss from the score, before anything is rounded:
#
# $$-\log \sigma(z) = \log(1 + e^{-z}), \qquad -\log(1 - \sigma(z)) = \log(1 + e^{z})$$
#
# Both are $\log(1 + e^z) - y z$, the first with $y = 1$, the second with $y = 0$.
#
# `np.logaddexp(a, b)` computes $\log(e^a + e^b)$ without overflow. Write the sigmoid yourself, too (`torch.sigmoid` and
# the losses of `torch.nn` are not allowed).
#
# > $X = \begin{bmatrix} 1 & 2 \\ 1 & -1 \end{bmatrix}$, $y = (1, 0)$, $\theta = (0, 0)$: both probabilities are 0.5,
# > $C = \log 2 = 0.693$ and $\nabla C = \frac12 \,(-0.5 + 0.5,\; -1 - 0.5) = (0, -0.75)$.


# %% nbgrader={"grade_id": "logistic_loss_code", "solution": true}
def sigmoid(z):
    """Return σ(z) for scores z of any shape; scores of ±1000 must do no harm."""
    ### BEGIN SOLUTION
    return np.exp(-np.logaddexp(0, -z))
    ### END SOLUTION


def logistic_loss(theta, X, y):
    """Compute the binary cross-entropy of logistic regression, and its gradient.

    Parameters
    ----------
    theta : array (d + 1,)
        The bias, then the weights.
    X : array (n, d + 1)
        Data with ones in the first column.
    y : integer array (n,)
        Labels, 0 or 1.

    Returns
    -------
    loss : float
        C(θ), the mean over the samples.
    gradient : array (d + 1,)
        ∂C/∂θ.
    """
    ### BEGIN SOLUTION
    z = X @ theta
    loss = np.mean(np.logaddexp(0, z) - y * z)
    return loss, X.T @ (sigmoid(z) - y) / len(y)
    ### END SOLUTION


# %% nbgrader={"grade_id": "logistic_loss", "grade": true}
check("logistic_loss")

# %% [markdown]
# ### Down the slope
#
# Because of the sigmoid there is no closed form. But $C$ is convex, so walk downhill: from $\theta = 0$, where every
# probability is ½,
#
# $$\theta \;\leftarrow\; \theta - \alpha \, \nabla C(\theta)$$
#
# for a number of steps, with the learning rate $\alpha$. This is **gradient descent**, and the rest of the course is
# full of it. The loss comes as an argument: the loop does not care what it is minimizing.


# %% nbgrader={"grade_id": "logistic_regression_code", "solution": true}
def logistic_regression(X, y, loss, *, learning_rate, steps):
    """Fit θ by gradient descent from θ = 0.

    Parameters
    ----------
    X : array (n, d + 1)
        Data with ones in the first column.
    y : integer array (n,)
        Labels, 0 or 1.
    loss : callable
        loss(theta, X, y) → the loss and its gradient.
    learning_rate : float
        The step size α.
    steps : int
        How many steps to take.

    Returns
    -------
    theta : array (d + 1,)
        The weights after the last step.
    losses : list of float
        The loss before each step, and at the very end: steps + 1 numbers.
    """
    ### BEGIN SOLUTION
    theta = np.zeros(X.shape[1])
    losses = []
    for _ in range(steps):
        value, gradient = loss(theta, X, y)
        losses.append(value)
        theta = theta - learning_rate * gradient
    losses.append(loss(theta, X, y)[0])
    return theta, losses
    ### END SOLUTION


# %% nbgrader={"grade_id": "logistic_regression", "grade": true}
check("logistic_regression")

# %% [markdown]
# On the left, one feature and the labels 0 and 1: the line of least squares leaves the range of a probability, the
# logistic curve stays inside. On the right the loss on its way down, with three learning rates.

# %%
rng = np.random.default_rng(5)
x_cat = np.sort(np.concatenate([rng.normal(-1, 0.9, 40), rng.normal(1.5, 0.9, 40)]))
y_cat = (x_cat + rng.normal(0, 0.8, 80) > 0.2).astype(int)
X_cat = add_bias_column(x_cat[:, None])
picture = Picture(figsize=(9, 3.3), layout="constrained")
left, right = picture.subplots(1, 2)
for rate, style, colour in zip([0.02, 0.2, 2.0], [":", "--", "-"], [BLUE, GREEN, ORANGE], strict=True):
    theta_cat, losses = logistic_regression(X_cat, y_cat, logistic_loss, learning_rate=rate, steps=200)
    right.plot(losses, style, color=colour, label=f"learning rate {rate}")
right.axhline(np.log(2), color=GREY, linewidth=1)
right.text(200, np.log(2), "log 2", ha="right", va="bottom", color=GREY)
right.set(xlabel="step", ylabel="binary cross-entropy", ylim=(0.15, 0.76))
right.legend(frameon=False)
left.plot(x_cat, y_cat, "o", color=BLUE, markersize=4, alpha=0.6)
left.plot(x_cat, X_cat @ least_squares(X_cat, y_cat), "--", color=GREY, label="linear regression")
left.plot(x_cat, sigmoid(X_cat @ theta_cat), color=ORANGE, label="logistic regression")
left.axhspan(0, 1, color=GREY, alpha=0.1)
left.set(xlabel="feature", ylabel="probability of a cat")
left.legend(frameon=False, loc="upper left")
picture

# %% [markdown]
# ### Convex, and yet no minimum
#
# "Convex, which means it has a minimum", says the summary. $e^x$ is convex and has none. It happens here, too: if a
# line separates the classes, doubling $\theta$ makes every probability more certain and the loss smaller, for ever. The
# line is soon right; only the certainty goes on growing.

# %%
x_sides, y_sides = two_sides(80, rng=np.random.default_rng(6))
X_sides = add_bias_column(x_sides)
for steps in [10, 100, 1000, 5000]:
    theta, losses = logistic_regression(X_sides, y_sides, logistic_loss, learning_rate=2.0, steps=steps)
    accuracy = np.mean((X_sides @ theta > 0) == y_sides)
    print(f"{steps:5} steps: length of θ {np.linalg.norm(theta):5.1f}, loss {losses[-1]:.4f}, accuracy {accuracy:.2f}")

# %% [markdown]
# ## 10 What a line cannot do
#
# Logistic regression bends its output, not its border: $\hat y = \frac12$ where $x\theta = 0$, and that is a straight
# line. Three data sets on which every line must fail (the second class is "everything else"):
#
# | | class 1 |
# | --- | --- |
# | XOR | the first and third quadrant |
# | ring | $1 \le \lVert x \rVert_2 \le 2$ |
# | three modes | three discs |
#
# For points spread evenly over the square, the best line gets XOR two thirds right, and the others hardly more than
# "always class 0".

# %%
rng = np.random.default_rng(7)
hard = {"XOR": xor_quadrants(300, rng=rng), "ring": ring(300, rng=rng), "three modes": three_modes(300, rng=rng)}
picture = Picture(figsize=(10, 3.5), layout="constrained")
for ax, (name, (x, y)) in zip(picture.subplots(1, 3), hard.items(), strict=True):
    X = add_bias_column(x)
    theta, _ = logistic_regression(X, y, logistic_loss, learning_rate=0.5, steps=500)

    def side(places, theta=theta):
        return (add_bias_column(places) @ theta > 0).astype(int)

    show_regions(side, x, y, title=f"{name}: {np.mean(side(x) == y):.0%} right", size=12, ax=ax)
picture

# %% [markdown]
# Two ways out. The first you know: k-NN draws no line at all.

# %%
picture = Picture(figsize=(10, 3.5), layout="constrained")
for ax, (name, (x, y)) in zip(picture.subplots(1, 3), hard.items(), strict=True):

    def neighbours(places, x=x, y=y):
        return given_knn(places, x, y, k=5)

    show_regions(neighbours, x, y, title=f"{name}, 5-NN", size=12, ax=ax)
picture

# %% [markdown]
# The second is the one that leads to networks: keep the line, but **change what it is drawn in**. Give each point a new
# feature, such that in this feature one threshold is enough.
#
# *Example.* Class 1 is inside a circle around the origin. No line separates it from the outside. But in the feature
# $f(x) = x_1^2 + x_2^2$ it is everything below a threshold.
#
# Find **one number per point** for each of the three data sets. You need not find the threshold: the check takes
# the best one for half of its points, and counts how many of the other half it gets right.
#
# Hints: which quadrants have what sign of which product? A band becomes an interval around its middle: how far is a
# point from the middle of the ring? And a disc is what lies near its centre; the three centres are given.


# %% nbgrader={"grade_id": "bent_features_code", "solution": true}
def xor_feature(x):
    """Return one number per point of x (N, 2), shape (N,), in which one threshold separates XOR's classes."""
    ### BEGIN SOLUTION
    return x[:, 0] * x[:, 1]
    ### END SOLUTION


def ring_feature(x):
    """Return one number per point of x (N, 2), shape (N,), in which one threshold separates the ring from the rest."""
    ### BEGIN SOLUTION
    return np.abs(np.linalg.norm(x, axis=1) - 1.5)
    ### END SOLUTION


def modes_feature(x, centres):
    """Return one number per point of x (N, 2), shape (N,), in which one threshold separates three discs from the rest.

    centres : array (3, 2), the middles of the discs.
    """
    ### BEGIN SOLUTION
    return np.linalg.norm(x[:, None, :] - centres, axis=2).min(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "bent_features", "grade": true}
check("bent_features")

# %% [markdown]
# The same logistic regression as before, on your features. Its border is a single threshold in the feature; in the
# plane it has become what it had to be. A neural network's hidden layers do just this, except that they **learn** the
# features.

# %%
features = {"XOR": xor_feature, "ring": ring_feature, "three modes": lambda x: modes_feature(x, MODES)}
picture = Picture(figsize=(10, 3.5), layout="constrained")
for ax, (name, (x, y)) in zip(picture.subplots(1, 3), hard.items(), strict=True):
    f = features[name](x)
    middle, spread = f.mean(), f.std()
    X = add_bias_column(((f - middle) / spread)[:, None])
    theta, _ = logistic_regression(X, y, logistic_loss, learning_rate=5.0, steps=2000)

    def side(places, theta=theta, name=name, middle=middle, spread=spread):
        f = (features[name](places) - middle) / spread
        return (theta[0] + theta[1] * f > 0).astype(int)

    show_regions(side, x, y, title=f"{name}: {np.mean(side(x) == y):.0%} right", size=12, ax=ax)
picture

# %% [markdown]
# ## 11 A few numbers
#
# The same questions come back with every method of this course: how much memory, how many trainings, how many weights?
# Answer them as formulas, in code. The check puts its own numbers in.


# %% nbgrader={"grade_id": "counts_code", "solution": true}
def count_distances(n, m):
    """How many distances does k-NN compute to classify n samples with m training samples?"""
    ### BEGIN SOLUTION
    return n * m
    ### END SOLUTION


def difference_bytes(n, m, d):
    """How many bytes do all differences of the L1 distance without loops take: n and m samples, d features, float64?"""
    ### BEGIN SOLUTION
    return n * m * d * 8
    ### END SOLUTION


def count_trainings(folds, candidates):
    """How many models does cross-validation train to compare so many candidates on so many folds?"""
    ### BEGIN SOLUTION
    return folds * candidates
    ### END SOLUTION


def training_size(m, folds):
    """How many of m samples does each of these models train on? (m is a multiple of the number of folds.)"""
    ### BEGIN SOLUTION
    return m - m // folds
    ### END SOLUTION


def count_weights(d):
    """How many numbers does logistic regression learn from data with d features?"""
    ### BEGIN SOLUTION
    return d + 1
    ### END SOLUTION


# %% nbgrader={"grade_id": "counts", "grade": true}
check("counts")

# %% [markdown]
# ## What to remember
#
# - **k-NN** stores everything and works when asked. A small $k$ overfits, a large one blurs.
# - **Three parts**: train on one, choose on another, measure once on the third. Cross-validation replaces the second,
#   never the third. Shuffle first.
# - **k-means** and **PCA** need no labels: one finds centres, the other directions. k-means depends on its start.
# - **Least squares** has a closed form, and is maximum likelihood under Gaussian noise. Other noise, other loss.
# - **Logistic regression** is maximum likelihood for coin tosses. Its gradient is $\frac1n X^\top(\hat y - y)$;
#   there is no closed form, so you trained it by gradient descent. It is also a network of one neuron.
# - A line separates what is linearly separable and nothing else. New features bend it; networks learn them.
# - Compute probabilities as logarithms, and logarithms from scores.
#
# Everything at a glance:

# %%
check()

# %% [markdown]
# **Where this comes from, and further reading.** I2DL lecture 2 and part II of the course's student summary; the three
# hard cases are from Georgia Tech CS 4803/7643. The digits: E. Alpaydin and C. Kaynak, *Optical Recognition of
# Handwritten Digits*, UCI Machine Learning Repository, 1998. To read on: C. Bishop, *Pattern Recognition and Machine
# Learning*, 2006 (3.1 for least squares and likelihood, 4.3 for logistic regression, 9.1 for k-means, 12.1 for PCA);
# D. Arthur and S. Vassilvitskii, *k-means++: the advantages of careful seeding*, 2007, for better starts.
