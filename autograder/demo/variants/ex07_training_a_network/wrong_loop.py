"""Wrong in sections 8 to 10."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

FIT = spoiled(
    "fit",
    """
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, step, measure, early_stopping=None):
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    for epoch in range(epochs):
        losses = [step(model, optimizer, x, y) for x, y in batches(*train, batch_size, rng)]
        loss, accuracy = measure(model, *train)
        history["train_loss"].append(loss)
        history["train_accuracy"].append(accuracy)
        loss, accuracy = measure(model, *validation)
        history["validation_loss"].append(loss)
        history["validation_accuracy"].append(accuracy)
        if early_stopping is not None and early_stopping.step(loss, model):
            break
    if early_stopping is not None:
        early_stopping.restore(model)
    return history
""",
    (
        "running_average",
        "an average over the epoch's mini-batches",
        'history["train_loss"].append(loss)',
        'history["train_loss"].append(np.mean(losses))',
    ),
    (
        "one_order_for_all_epochs",
        "every epoch has the same order",
        "    for epoch in",
        "    order = list(batches(*train, batch_size, rng))\n    for epoch in",
        "in batches(*train, batch_size, rng)]",
        "in order]",
    ),
    ("learns_from_validation", "learns from the validation set", "in batches(*train", "in batches(*validation"),
    (
        "goes_on_after_the_stop",
        "although early_stopping.step answered true",
        "            break\n",
        "            pass\n",
    ),
    ("never_restored", "restore is not called", "early_stopping.restore(model)", "pass"),
    (
        "told_the_training_loss",
        "told the training loss",
        "early_stopping.step(loss, model)",
        'early_stopping.step(history["train_loss"][-1], model)',
    ),
    ("told_the_accuracy", "told the validation accuracy", "step(loss, model)", "step(accuracy, model)"),
    ("stopped_without_the_model", "was not given the model", "step(loss, model)", "step(loss, None)"),
    ("other_keys", "still none", '"validation_loss"', '"val_loss"'),
)

BIAS_VARIANCE = spoiled(
    "bias_variance",
    """
def bias_variance(best_error, train_error, validation_error, *, tolerance):
    bias, variance = train_error - best_error, validation_error - train_error
    verdict = "good"
    if variance > tolerance:
        verdict = "overfitting"
    if bias > tolerance:
        verdict = "underfitting"
    if variance < -tolerance:
        verdict = "suspicious"
    return bias, variance, verdict
""",
    (
        "variance_from_the_best",
        "starts at the training error",
        "validation_error - train_error",
        "validation_error - best_error",
    ),
    ("best_error_forgotten", "training error itself", "train_error - best_error", "train_error"),
    (
        "variance_first",
        "overfitting is looked for before",
        "if bias > tolerance",
        'if bias > tolerance and verdict != "overfitting"',
    ),
    (
        "the_larger_gap_decides",
        "the larger of the two gaps",
        "if bias > tolerance",
        "if bias > tolerance and bias > variance",
    ),
    ("never_suspicious", "passes for sound", "variance < -tolerance", "variance < -1"),
    (
        "sign_of_the_variance_lost",
        "sign of the variance is lost",
        "validation_error - train_error",
        "abs(validation_error - train_error)",
    ),
    ("tolerance_unused", "tolerance is not used", "> tolerance", "> 0", "< -tolerance", "< 0"),
    (
        "words_swapped",
        "two words are swapped",
        '"underfitting"',
        '"over"',
        '"overfitting"',
        '"underfitting"',
        '"over"',
        '"overfitting"',
    ),
)

STOPPING = spoiled(
    "early_stopping",
    """
class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss, self.best_epoch = math.inf, None
        self.epoch = self.waited = 0

    def step(self, validation_loss, model):
        if validation_loss < self.best_loss:
            self.best_loss = validation_loss
            self.best_epoch = self.epoch
            self.best_weights = copy.deepcopy(model.state_dict())
            self.waited = 0
        else:
            self.waited += 1
        self.epoch += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.best_weights)
""",
    ("one_epoch_too_late", "one epoch too late", "self.waited >= self.patience", "self.waited > self.patience"),
    ("count_never_reset", "never set back", "            self.waited = 0\n", ""),
    (
        "compared_with_the_last",
        "compared with the one before",
        "validation_loss < self.best_loss",
        "validation_loss < self.last",
        "self.epoch += 1",
        "self.epoch, self.last = self.epoch + 1, validation_loss",
        "math.inf, None",
        "math.inf, None\n        self.last = math.inf",
    ),
    ("weights_not_copied", "without a copy", "copy.deepcopy(model.state_dict())", "model.state_dict()"),
    ("counted_from_1", "counted from 1", "self.best_epoch = self.epoch", "self.best_epoch = self.epoch + 1"),
    (
        "equal_is_better",
        "an equal loss counts",
        "validation_loss < self.best_loss",
        "validation_loss <= self.best_loss",
    ),
    (
        "nan_taken_for_better",
        "edge: nan",
        "if validation_loss < self.best_loss",
        "if not validation_loss >= self.best_loss",
    ),
    (
        "step_returns_nothing",
        "it never stops",
        "return self.waited >= self.patience",
        "self.stop = self.waited >= self.patience",
    ),
)

TIME_ITERATIONS = spoiled(
    "time_iterations",
    """
def time_iterations(load, step, *, iterations, warmup, clock):
    for _ in range(warmup):
        step(load())
    loads, steps = [], []
    for _ in range(iterations):
        before = clock()
        batch = load()
        between = clock()
        step(batch)
        after = clock()
        loads.append(between - before)
        steps.append(after - between)
    return sum(loads) / iterations, sum(steps) / iterations
""",
    (
        "warm_up_timed",
        "the warm-up counts",
        "    for _ in range(warmup):\n        step(load())\n",
        "",
        "range(iterations)",
        "range(warmup + iterations)",
        "/ iterations",
        "/ (warmup + iterations)",
    ),
    ("no_warm_up", "warm-up is left out", "    for _ in range(warmup):\n        step(load())\n", ""),
    ("times_not_averaged", "all iterations together", " / iterations", ""),
    ("divided_by_all", "shared out among", "/ iterations", "/ (warmup + iterations)"),
    ("loading_in_the_step", "includes the loading", "after - between", "after - before"),
    (
        "times_swapped",
        "swapped",
        "return sum(loads) / iterations, sum(steps)",
        "return sum(steps) / iterations, sum(loads)",
    ),
    (
        "one_batch_for_all",
        "one mini-batch is used",
        "        batch = load()\n",
        "",
        "    loads, steps",
        "    batch = load()\n    loads, steps",
    ),
    ("own_clock", "not deterministic", "clock()", "time.perf_counter()"),
    (
        "only_the_last",
        "last iteration alone",
        "sum(loads) / iterations, sum(steps) / iterations",
        "loads[-1], steps[-1]",
    ),
)

TRAINING_ESTIMATE = spoiled(
    "training_estimate",
    """
def training_estimate(load_seconds, step_seconds, *, samples, batch_size, epochs):
    each = load_seconds + step_seconds
    iterations = -(-samples // batch_size)
    seconds = each * iterations * epochs
    slow = each > 0.5
    bottleneck = "loading" if load_seconds > step_seconds else "step"
    return seconds, slow, bottleneck
""",
    ("estimate_rounded_down", "small last mini-batch", "-(-samples // batch_size)", "samples // batch_size"),
    ("estimate_of_one_epoch", "one epoch", " * epochs", ""),
    ("estimate_per_sample", "not the samples", "-(-samples // batch_size)", "samples"),
    ("estimate_without_loading", "loading is left out", "load_seconds + step_seconds", "step_seconds"),
    ("estimate_in_parallel", "add their times", "load_seconds + step_seconds", "max(load_seconds, step_seconds)"),
    ("slow_in_milliseconds", "times are in seconds", "> 0.5", "> 500"),
    ("slow_at_half_a_second", "not slow yet", "> 0.5", ">= 0.5"),
    ("the_faster_part", "this is the other one", "load_seconds > step_seconds", "load_seconds < step_seconds"),
)

LOG_RUN = spoiled(
    "log_run",
    """
def log_run(writer, history, settings):
    for key, values in history.items():
        part, quantity = key.split("_")
        for epoch in range(len(values)):
            writer.add_scalar(quantity + "/" + part, values[epoch], epoch + 1)
    losses = history["validation_loss"]
    writer.add_hparams(settings, {"hparam/validation_loss": min(losses)})
""",
    ("logged_from_0", "counted from 0", "epoch + 1)", "epoch)"),
    ("logged_without_epoch", "the epoch is missing", "values[epoch], epoch + 1)", "values[epoch])"),
    ("logged_under_the_key", "these are the keys", 'quantity + "/" + part', "key"),
    ("logged_the_set_first", "the tags have the set first", 'quantity + "/" + part', 'part + "/" + quantity'),
    ("logged_the_last_epoch", "only the last epoch", "range(len(values))", "range(len(values) - 1, len(values))"),
    ("logged_the_last_loss", "last validation loss", "min(losses)", "losses[-1]"),
    ("logged_the_training_loss", "lowest training loss", "min(losses)", 'min(history["train_loss"])'),
    ("logged_no_settings", "takes the settings", "add_hparams(settings,", "add_hparams({},"),
)

WRONG_LOOP = [*FIT, *BIAS_VARIANCE, *STOPPING, *TIME_ITERATIONS, *TRAINING_ESTIMATE, *LOG_RUN]
