"""Checkpoint averaging: the mean of the last few states of a network.

With a rate that is not yet tiny, gradient descent on mini-batches does not come to rest: the parameters stagger about
the bottom of a valley. Every checkpoint is off in a direction of its own, and the mean of several is off by less, as a
mean of noisy measurements is. It costs no training and, unlike an ensemble of the networks, nothing at test time.

It works because the checkpoints lie in one valley. The mean of networks that were trained apart from each other is no
good network: their hidden neurons stand in different orders.

The paper's base models average the last 5 checkpoints, written every ten minutes, the large ones the last 20.

**One at a time.** The mean of k is that of k − 1, moved by a k-th of the way to the newcomer,

    mean ← mean + (x − mean) / k,

so only one checkpoint needs to be in memory beside it. (It is gradient descent on ½(x − mean)² with the rate 1/k of
Robbins and Monro.)

Source: Vaswani and others, *Attention is all you need*, 2017, section 6.1; I2DL lecture 11, training tricks; Izmailov
and others, *Averaging weights leads to wider optima and better generalization*, 2018.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import overload

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_shape

__all__ = ["average_checkpoints"]


@overload
def average_checkpoints(checkpoints: Iterable[Mapping[str, Array]]) -> dict[str, Array]: ...
@overload
def average_checkpoints(checkpoints: Iterable[Sequence[Array]]) -> list[Array]: ...
def average_checkpoints(
    checkpoints: Iterable[Mapping[str, Array] | Sequence[Array]],
) -> dict[str, Array] | list[Array]:
    """Return the mean of each array over all checkpoints; of whole numbers, such as counts, that of the last.

    A state dict of PyTorch holds the parameters themselves, not copies: take ``copy.deepcopy(model.state_dict())``, or
    save it, before training goes on. The running statistics of a batch norm belong to the parameters that they were
    taken with; after averaging, let the network see some training batches again.

    Parameters
    ----------
    checkpoints : iterable of mappings or of lists
        State dicts, name to array, or lists of arrays; each like the first. A generator that loads one after the other
        keeps memory low.

    Returns
    -------
    mean : dict or list
        New arrays in the same form, of the same shapes and dtypes.

    Raises
    ------
    TypeError
        If a checkpoint is neither a mapping nor a list or tuple, or holds something else than arrays, or dtypes differ.
    ValueError
        If there is no checkpoint, or names, numbers or shapes of the arrays differ.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 6.1; I2DL lecture 11, training tricks ("checkpoint
    averaging").
    """
    mean: dict[str, Array] = {}
    named = False
    for k, checkpoint in enumerate(checkpoints, start=1):
        arrays = _by_name(checkpoint)
        if k == 1:
            named = isinstance(checkpoint, Mapping)
            mean = {name: array_namespace(x).asarray(x, copy=True) for name, x in arrays.items()}
        else:
            _check_names(k, arrays, mean)
            mean = {name: _moved(name, mean[name], arrays[name], k) for name in mean}
    if not mean:
        msg = "checkpoints must hold at least one checkpoint of at least one array, but there is none"
        raise ValueError(msg)
    return mean if named else list(mean.values())


def _by_name(checkpoint: Mapping[str, Array] | Sequence[Array]) -> dict[str, Array]:
    """Return the arrays by name, or by number where they have no name."""
    if isinstance(checkpoint, Mapping):
        return dict(checkpoint)
    if isinstance(checkpoint, list | tuple):
        return {f"array {i}": x for i, x in enumerate(checkpoint)}
    msg = f"a checkpoint must map names to arrays or be a list of arrays, but its type is {type(checkpoint).__name__}"
    raise TypeError(msg)


def _moved(name: str, mean: Array, x: Array, k: int) -> Array:
    """Return the mean of k arrays, given that of k − 1 and the k-th; of whole numbers the k-th itself."""
    xp = array_namespace(mean, x)
    check_shape(name, x, tuple(mean.shape))
    if x.dtype != mean.dtype:
        msg = f"{name} must have the same dtype in all checkpoints, but it is {mean.dtype} and {x.dtype}"
        raise TypeError(msg)
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        return xp.asarray(x, copy=True)
    return mean + (x - mean) / k


def _check_names(k: int, arrays: Mapping[str, Array], mean: Mapping[str, Array]) -> None:
    missing, extra = sorted(mean.keys() - arrays.keys()), sorted(arrays.keys() - mean.keys())
    if missing or extra:
        msg = f"checkpoint {k} must have the arrays of the first, but it lacks {missing} and has {extra} besides"
        raise ValueError(msg)
