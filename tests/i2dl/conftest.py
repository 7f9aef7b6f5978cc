"""Fixtures for tests of array code: the same test on every backend, against PyTorch or finite differences.

``backend`` is a parameter: a test that asks for it runs once on NumPy, torch, array-api-strict and, where there is a
GPU, torch on CUDA. The tests speak NumPy; the backend carries arrays over and back, and checks on the way that nothing
it handed out was changed and that everything it gets back is its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import array_api_strict
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

# The same examples on every machine and on every run; neither a slow machine nor a busy one fails a test.
settings.register_profile(
    "i2dl", derandomize=True, deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("i2dl")


@dataclass(frozen=True)
class Backend:
    """One implementation of the array API on one device."""

    name: str
    namespace: Any
    device: Any

    def array(self, values: Any) -> Any:
        """A copy of NumPy values on this backend, in their own dtype."""
        return self.namespace.asarray(np.array(values), device=self.device, copy=True)

    def numpy(self, array: Any) -> np.ndarray:
        """A result as a NumPy array, after checking that it is an array of this backend on its device."""
        if self.name.startswith("torch"):
            assert isinstance(array, torch.Tensor), type(array)
            assert array.device.type == self.device
            return array.detach().cpu().numpy()
        if self.name == "numpy":
            assert isinstance(array, np.ndarray | np.generic), type(array)
            return np.asarray(array)
        assert isinstance(array, type(array_api_strict.asarray(0))), type(array)
        assert array.device == self.device
        return np.asarray(array.to_device(array_api_strict.Device("CPU_DEVICE")))

    def _over(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self.array(value)
        return [self._over(item) for item in value] if isinstance(value, list) else value

    def _back(self, value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(self._back(item) for item in value)
        return self.numpy(value)

    def _check_untouched(self, theirs: Sequence[Any], ours: Sequence[Any]) -> None:
        for mine, original in zip(theirs, ours, strict=True):
            if isinstance(original, list):
                self._check_untouched(mine, original)
            elif isinstance(original, np.ndarray):
                np.testing.assert_array_equal(self.numpy(mine), original, err_msg="an argument was changed")

    def call(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """``function`` of the arguments, where NumPy arrays (also in lists) go over and every array comes back."""
        theirs = [self._over(argument) for argument in arguments]
        result = function(*theirs, **options)
        self._check_untouched(theirs, arguments)
        return self._back(result)

    def pair(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        inputs: Sequence[np.ndarray],
        dout: np.ndarray,
        **options: Any,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """The output of a forward pass, and the gradients that the backward pass makes of ``dout``."""
        theirs, upstream = [self.array(x) for x in inputs], self.array(dout)
        out, cache = forward(*theirs, **options)
        before = self.numpy(out).copy()
        gradients = backward(upstream, cache)
        self._check_untouched([*theirs, upstream, out], [*inputs, dout, before])
        return before, self._back(gradients if isinstance(gradients, tuple) else (gradients,))


BACKENDS = {
    "numpy": Backend("numpy", np, "cpu"),
    "torch": Backend("torch", torch, "cpu"),
    # The strict namespace refuses whatever the standard leaves open; on its second device it also refuses every
    # array that was made without saying where.
    "array_api_strict": Backend("array_api_strict", array_api_strict, array_api_strict.Device("device1")),
}
if torch.cuda.is_available():
    BACKENDS["torch_cuda"] = Backend("torch_cuda", torch, "cuda")


# Of session scope, because hypothesis runs many examples in one call of a test.
@pytest.fixture(params=BACKENDS, scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]


def _close(actual: Any, expected: Any, *, rtol: float = 1e-10, atol: float = 1e-12) -> None:
    assert np.shape(actual) == np.shape(expected), f"shape {np.shape(actual)} instead of {np.shape(expected)}"
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


@pytest.fixture(scope="session")
def close() -> Callable[..., None]:
    """Assert equal shapes, and values equal within 1e-10 unless said otherwise."""
    return _close


def _torch_gradients(
    function: Callable[..., Any], inputs: Sequence[Any], dout: Any = None, **options: Any
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    tensors = [torch.tensor(np.asarray(x)) for x in inputs]
    wanted = [t.requires_grad_() for t in tensors if t.is_floating_point()]
    out = function(*tensors, **options)
    upstream = None if dout is None else torch.tensor(np.asarray(dout))
    gradients = torch.autograd.grad(out, wanted, upstream, materialize_grads=True)
    return out.detach().numpy(), tuple(g.numpy() for g in gradients)


@pytest.fixture(scope="session")
def torch_gradients() -> Callable[..., tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """PyTorch's own output, and its gradients for every floating input."""
    return _torch_gradients


def _numeric_gradient(
    function: Callable[[np.ndarray], Any], x: np.ndarray, dout: Any, step: float = 1e-5
) -> np.ndarray:
    gradient = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += step
        behind[index] -= step
        gradient[index] = np.sum((function(ahead) - function(behind)) * dout) / (2 * step)
    return gradient


@pytest.fixture(scope="session")
def numeric_gradient() -> Callable[..., np.ndarray]:
    """Central differences of Σ dout · function(x), one entry at a time."""
    return _numeric_gradient
