"""Training as lecture 6 teaches it: the loop, its sanity checks, early stopping, the search, and what to look at.

The recipe, from the lecture: the loss of an untrained classifier should be log C (`initial_loss`); a network should be
able to memorize one sample, then four, then more (`overfit`); an iteration should take less than 500 ms
(`time_iterations`); some learning rate should make the loss drop clearly within 100 iterations
(`learning_rate_search`, over rates from `log_uniform`; more hyperparameters at once: `i2dl.search`); then train, watch
both curves (`fit`, `log_run`), stop where the validation loss is lowest (`EarlyStopping`), and let the two errors say
what to change next (`bias_variance`).

What trains works on any `torch.nn.Module` and any `torch.optim.Optimizer`. Data may be tensors or NumPy arrays; each
mini-batch goes to the model's device, in the model's floating type. Randomness comes in by argument.
"""

from i2dl.search import log_uniform
from i2dl.training.diagnosis import bias_variance, leaked, log_run, time_iterations, training_estimate
from i2dl.training.loop import EarlyStopping, History, fit
from i2dl.training.rates import learning_rate_search
from i2dl.training.steps import Loss, Pair, evaluate, initial_loss, overfit, train_step

__all__ = [
    "EarlyStopping",
    "History",
    "Loss",
    "Pair",
    "bias_variance",
    "evaluate",
    "fit",
    "initial_loss",
    "leaked",
    "learning_rate_search",
    "log_run",
    "log_uniform",
    "overfit",
    "time_iterations",
    "train_step",
    "training_estimate",
]
