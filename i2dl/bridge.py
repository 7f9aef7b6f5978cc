"""The bridge from a pair of plain functions to PyTorch's autograd.

A layer in this course is two functions: a forward pass that returns its result and a cache, and a backward pass that
turns the upstream gradient and that cache into gradients of the inputs. PyTorch asks for the same two passes in a
`torch.autograd.Function`. The bridge builds one from the other, so that a pair written by hand, ours or yours, in
PyTorch or in NumPy, can be a layer of a real network:

>>> def cube_forward(x):
...     return x**3, x
>>> def cube_backward(dout, x):
...     return 3 * x**2 * dout
>>> cube = autograd_function(cube_forward, cube_backward)
>>> x = torch.tensor([1.0, 2.0], requires_grad=True)
>>> cube(x).sum().backward()
>>> x.grad
tensor([ 3., 12.])
"""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch

Arrays = Literal["torch", "numpy"]


def autograd_function(
    forward: Callable[..., tuple[Any, ...]], backward: Callable[..., Any], *, arrays: Arrays = "torch"
) -> Callable[..., Any]:
    """Make one differentiable PyTorch function of a forward and a backward pass.

    If f computes out = f(x₁, …, xₙ) and L is any scalar of out, then `backward` must return ∂L/∂xᵢ for every i,
    given dout = ∂L/∂out: reverse-mode differentiation (lecture 4), of which each pair is one node.

    Parameters
    ----------
    forward : callable
        ``forward(*tensors, **options) -> (out, cache)``, tensors and `out` of any shape. The cache may be anything:
        it is handed to `backward` and never looked at. A function with several results returns
        ``(out_1, out_2, ..., cache)``.
    backward : callable
        ``backward(dout, cache) -> gradient``, or a tuple with one gradient for every tensor, each of its tensor's
        shape; None is allowed where no gradient is needed. With several results: ``backward(dout_1, dout_2, ...,
        cache)``.
    arrays : {"torch", "numpy"}
        What the two functions compute with. With "torch" they see the tensors without their graph. With "numpy" every
        tensor, options too, becomes a read-only NumPy array on the way in, and every result a tensor of the input's
        dtype and device on the way out.

    Returns
    -------
    callable
        ``f(*tensors, **options) -> out``. Tensors by position take part in differentiation, options by keyword are
        constants.

    Raises
    ------
    ValueError
        If `arrays` is neither word; in the backward pass, if the number or the shape of the gradients is wrong.
    TypeError
        When called: if a positional argument is no tensor, if an option is a tensor that needs a gradient, or if a
        result has the wrong type.
    RuntimeError
        If the gradient itself is to be differentiated (``create_graph=True``).

    References
    ----------
    Lecture 4, computational graphs and backpropagation.
    """
    if arrays not in ("torch", "numpy"):
        msg = f'arrays must be "torch" or "numpy", got {arrays!r}'
        raise ValueError(msg)
    name = _name(forward)
    receive = _to_numpy if arrays == "numpy" else torch.Tensor.detach

    def run_forward(ctx: Any, options: dict[str, Any], *tensors: torch.Tensor) -> Any:
        constants = {k: receive(v) if isinstance(v, torch.Tensor) else v for k, v in options.items()}
        result = forward(*map(receive, tensors), **constants)
        if not isinstance(result, tuple | list) or len(result) < 2:
            msg = f"{name} must return (out, cache), got {_describe(result)}"
            raise TypeError(msg)
        *outs, ctx.cache = result
        # Saved beside the cache for one reason: autograd then refuses to run backward if an input, which the cache
        # may hold, was changed in place since.
        ctx.save_for_backward(*tensors)
        like = next((t for t in tensors if t.is_floating_point()), None)
        results = tuple(_to_tensor(out, arrays, like, name) for out in outs)
        return results if len(results) > 1 else results[0]

    def run_backward(ctx: Any, *douts: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        if torch.is_grad_enabled():  # autograd is recording the backward pass: create_graph=True
            msg = f"the gradient of {name} is computed by hand and cannot be differentiated again (create_graph=True)"
            raise RuntimeError(msg)
        tensors = ctx.saved_tensors
        result = backward(*map(receive, douts), ctx.cache)
        gradients = tuple(result) if isinstance(result, tuple | list) else (result,)
        if len(gradients) != len(tensors):
            shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
            msg = (
                f"the backward pass of {name} must return {len(tensors)} gradient(s), for inputs of shape {shapes}; "
                f"it returned {len(gradients)}"
            )
            raise ValueError(msg)
        needed = ctx.needs_input_grad[1:]
        return None, *(
            _to_gradient(gradients[i], tensors[i], arrays, f"gradient {i} of {name}") if needed[i] else None
            for i in range(len(tensors))
        )

    # Built with type() so that grad_fn and drawings of the graph show the name of the pair.
    node: Any = type(
        name.removesuffix("_forward"),
        (torch.autograd.Function,),
        {"forward": staticmethod(run_forward), "backward": staticmethod(run_backward)},
    )

    def function(*tensors: torch.Tensor, **options: Any) -> Any:
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, torch.Tensor):
                msg = f"argument {i} of {name} must be a tensor, got {_describe(tensor)}; give options by keyword"
                raise TypeError(msg)
        for key, option in options.items():
            if isinstance(option, torch.Tensor) and option.requires_grad:
                msg = f"{name} gives option {key!r} no gradient, but it needs one; pass it by position"
                raise TypeError(msg)
        return node.apply(options, *tensors)

    return _called_like(forward, function)


def loss_function(loss: Callable[..., tuple[Any, Any]], *, arrays: Arrays = "torch") -> Callable[..., torch.Tensor]:
    """Make a differentiable PyTorch loss of a function that returns the loss together with its gradient.

    The gradient is known when the loss is, so backward only multiplies: ∂L/∂x = dout · gradient, where dout is 1 when
    the loss itself is what ``backward()`` is called on (chain rule, lecture 4).

    Parameters
    ----------
    loss : callable
        ``loss(x, y, **options) -> (value, gradient)`` with a scalar value and a gradient of x's shape; y holds
        labels or targets, of any shape, and gets no gradient.
    arrays : {"torch", "numpy"}
        What `loss` computes with, as in `autograd_function`.

    Returns
    -------
    callable
        ``f(x, y, **options) -> value``, a tensor of shape ().

    Raises
    ------
    ValueError, TypeError
        As `autograd_function`; also ValueError if the value is no scalar or if y needs a gradient.

    References
    ----------
    Lecture 4, chain rule.
    """
    name = _name(loss)

    def value_and_gradient(x: Any, y: Any, **options: Any) -> tuple[Any, Any]:
        result = loss(x, y, **options)
        if not isinstance(result, tuple | list) or len(result) != 2:
            msg = f"{name} must return (loss, gradient), got {_describe(result)}"
            raise TypeError(msg)
        if np.shape(result[0]) != ():
            msg = f"{name} must return a scalar loss, got {_describe(result[0])}"
            raise ValueError(msg)
        return result[0], result[1]

    def scale_gradient(dout: Any, gradient: Any) -> tuple[Any, None]:
        return dout * gradient, None

    value_and_gradient.__name__ = name
    differentiable = autograd_function(value_and_gradient, scale_gradient, arrays=arrays)

    def function(x: torch.Tensor, y: torch.Tensor, **options: Any) -> torch.Tensor:
        if isinstance(y, torch.Tensor) and y.requires_grad:
            msg = f"{name} gives its target y of shape {tuple(y.shape)} no gradient, but it needs one; detach it"
            raise ValueError(msg)
        return differentiable(x, y, **options)

    return _called_like(loss, function)


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _called_like(source: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """Give `function` the name and the documentation of `source`."""
    function.__name__ = function.__qualname__ = _name(source).removesuffix("_forward")
    function.__doc__ = source.__doc__
    return function


def _to_numpy(tensor: torch.Tensor) -> np.ndarray:
    array = tensor.detach().cpu().numpy()
    # The array shares the tensor's memory: an in-place slip fails at its own line instead of changing the network.
    array.flags.writeable = False
    return array


def _to_tensor(value: Any, arrays: Arrays, like: torch.Tensor | None, what: str) -> torch.Tensor:
    """Return a new contiguous tensor of `value`; NumPy's take the floating type and the device of `like`.

    Always a copy: the cache may hold `value` itself, or `value` may be a view of an input, and what later layers do to
    the result must reach neither.
    """
    if isinstance(value, torch.Tensor) and arrays == "torch":
        return value.clone(memory_format=torch.contiguous_format)
    if isinstance(value, bool | int | float | np.number) or (isinstance(value, np.ndarray) and arrays == "numpy"):
        tensor = torch.from_numpy(np.array(value, order="C"))
        return tensor if like is None else tensor.to(like)
    kind = "torch tensor" if arrays == "torch" else "NumPy array"
    msg = f"{what} must be a {kind}, got {_describe(value)}"
    if isinstance(value, np.ndarray):
        msg += '; for functions that compute with NumPy give arrays="numpy"'
    raise TypeError(msg)


def _to_gradient(value: Any, tensor: torch.Tensor, arrays: Arrays, what: str) -> torch.Tensor:
    gradient = _to_tensor(value, arrays, tensor, what)
    # Autograd by itself would sum a gradient of a larger shape down to the right one, and so hide a forgotten sum.
    if gradient.shape != tensor.shape:
        msg = f"{what} must have its input's shape {tuple(tensor.shape)}, got {tuple(gradient.shape)}"
        raise ValueError(msg)
    return gradient.to(tensor)


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray | torch.Tensor):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of length {len(value)}"
    return "None" if value is None else type(value).__name__
