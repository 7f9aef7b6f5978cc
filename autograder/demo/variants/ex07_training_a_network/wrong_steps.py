"""Wrong in sections 4 to 7."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

TRAIN_STEP = spoiled(
    "train_step",
    """
def train_step(model, optimizer, x, y):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
    ("gradients_not_cleared", "old gradients are not cleared", "    optimizer.zero_grad()\n", ""),
    ("softmax_twice", "softmax before the cross-entropy", "model(x), y", "model(x).softmax(1), y"),
    ("no_step", "the parameters never move", "    optimizer.step()\n", ""),
    ("no_backward", "the parameters never move", "    loss.backward()\n", ""),
    (
        "cleared_before_the_step",
        "the parameters never move",
        "    optimizer.step()",
        "    optimizer.zero_grad()\n    optimizer.step()",
    ),
    ("left_in_evaluation_mode", "stayed in evaluation mode", "    model.train()\n", ""),
    ("summed_loss", "summed over the mini-batch", "model(x), y", 'model(x), y, reduction="sum"'),
    (
        "loss_after_the_step",
        "the loss after the step",
        "return loss.item()",
        "return F.cross_entropy(model(x), y).item()",
    ),
    ("nothing_returned", "still none", "return loss.item()", "print(loss.item())"),
)

EVALUATE = spoiled(
    "evaluate",
    """
def evaluate(model, x, y):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        scores = model(x)
    model.train(was_training)
    accuracy = (scores.argmax(dim=1) == y).float().mean()
    return F.cross_entropy(scores, y).item(), accuracy.item()
""",
    ("measured_in_training_mode", "measured in training mode", "    model.eval()\n", ""),
    ("graph_for_nothing", "built a graph", "torch.no_grad()", "torch.enable_grad()"),
    ("mode_not_restored", "must leave in training mode", "    model.train(was_training)\n", ""),
    ("counted_not_averaged", "times too large", ".float().mean()", ".sum()"),
    ("accuracy_in_percent", "extra factor 100", "accuracy.item()", "100 * accuracy.item()"),
    ("error_instead_of_accuracy", "share of wrong answers", "== y", "!= y"),
    (
        "accuracy_before_loss",
        "holds another output",
        "return F.cross_entropy(scores, y).item(), accuracy.item()",
        "return accuracy.item(), F.cross_entropy(scores, y).item()",
    ),
)

OVERFIT = spoiled(
    "overfit",
    """
def overfit(model, images, labels, *, step):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        losses.append(step(model, optimizer, images, labels))
    return losses
""",
    ("rate_too_small_to_memorize", "needed ≤ 0.05", "lr=1e-2", "lr=1e-6"),
    ("too_few_steps", "needed ≤ 0.05", "range(100)", "range(3)"),
    ("only_the_first_image", "each step must see all", "images, labels))", "images[:1], labels[:1]))"),
    (
        "another_model_trained",
        "is it this model that you train",
        "    optimizer =",
        "    model = MLP([64, 32, 10])\n    optimizer =",
    ),
    (
        "a_new_optimizer_without_parameters",
        "have not moved",
        "model.parameters()",
        "[torch.zeros(3, requires_grad=True)]",
    ),
    ("rate_that_diverges", "is the learning rate too large", "Adam(", "SGD(", "lr=1e-2", "lr=1e30"),
    ("losses_not_returned", "list of its losses", "return losses", "return model"),
)

MEND_EPOCH = spoiled(
    "mend_epoch",
    """
def train_epoch(model, optimizer, minibatches):
    model.train()
    losses, counts = [], []
    for x, y in minibatches:
        optimizer.zero_grad()
        scores = model(x)
        loss = F.cross_entropy(scores, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        counts.append(len(y))
    return sum(l * n for l, n in zip(losses, counts)) / sum(counts)
""",
    ("mended_but_the_mode", "stays in evaluation mode", "    model.train()\n", ""),
    ("mended_but_zero_grad", "old gradients are not cleared", "        optimizer.zero_grad()\n", ""),
    ("mended_but_the_softmax", "go through a softmax", "scores = model(x)", "scores = model(x).softmax(dim=1)"),
    (
        "mended_but_the_mean",
        "counts as much as a full one",
        "sum(l * n for l, n in zip(losses, counts)) / sum(counts)",
        "sum(losses) / len(losses)",
    ),
    ("mended_but_the_graph", "still hangs on its graph", "loss.item()", "loss"),
    (
        "mended_but_mode_and_softmax",
        "stays in evaluation mode: put it into training mode first; and the scores go through",
        "    model.train()\n",
        "",
        "scores = model(x)",
        "scores = model(x).softmax(dim=1)",
    ),
    (
        "cleared_once_an_epoch",
        "old gradients are not cleared",
        "        optimizer.zero_grad()\n",
        "",
        "    losses, counts",
        "    optimizer.zero_grad()\n    losses, counts",
    ),
    (
        "cleared_too_late",
        "cleared between",
        "        optimizer.zero_grad()\n",
        "",
        "        optimizer.step()",
        "        optimizer.zero_grad()\n        optimizer.step()",
    ),
    (
        "not_mended_at_all",
        "stays in evaluation mode",
        "    model.train()\n",
        "",
        "        optimizer.zero_grad()\n",
        "",
        "model(x)",
        "torch.softmax(model(x), dim=1)",
        "counts.append(len(y))",
        "counts.append(1)",
        "loss.item()",
        "loss",
    ),
)

MEND_DATA = spoiled(
    "mend_data",
    """
def prepare(images, labels, rng):
    order = rng.permutation(len(images))
    images, labels = images[order], labels[order]
    n = len(images) // 5
    mean, std = images[n:].mean(), images[n:].std()
    images = (images - mean) / std
    return (images[n:], labels[n:]), (images[:n], labels[:n])
""",
    (
        "labels_shuffled_apart",
        "shuffled apart",
        "labels[order]\n",
        "labels[rng.permutation(len(labels))]\n",
    ),
    ("statistics_of_all", "those of all images", "images[n:].mean(), images[n:].std()", "images.mean(), images.std()"),
    ("validation_in_training", "in the training set as well", "(images[n:], labels[n:])", "(images, labels)"),
    (
        "each_by_its_own",
        "each set is standardized by its own",
        "    images = (images - mean) / std\n    return (images[n:], labels[n:]), (images[:n], labels[:n])",
        "    x, held = images[n:], images[:n]\n"
        "    return ((x - mean) / std, labels[n:]), ((held - held.mean()) / held.std(), labels[:n])",
    ),
    (
        "pixel_by_pixel",
        "taken pixel by pixel",
        "images[n:].mean(), images[n:].std()",
        "images[n:].mean(axis=0), images[n:].std(axis=0)",
    ),
    ("over_the_variance", "over its own spread", ".std()", ".var()"),
    (
        "last_fifth_held_back",
        "the last fifth is held back",
        "n = len(images) // 5",
        "n = len(images) // 5\n    images, labels = np.roll(images, n, axis=0), np.roll(labels, n)",
    ),
    ("sets_swapped", "left a fifth to learn from", "n = len(images) // 5", "n = len(images) - len(images) // 5"),
)

WRONG_STEPS = [*TRAIN_STEP, *EVALUATE, *OVERFIT, *MEND_EPOCH, *MEND_DATA]
