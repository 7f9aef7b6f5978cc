import numpy as np
import pytest
import torch

from i2dl.optim import sgd_update


def test_sgd_follows_torchs():
    w = np.random.default_rng(0).normal(size=(3, 4))
    theirs = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([theirs], lr=0.1)
    for step in range(5):
        dw = np.random.default_rng(step).normal(size=(3, 4))
        theirs.grad = torch.tensor(dw)
        optimizer.step()
        w = sgd_update(w, dw, learning_rate=0.1)
        np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sgd_on_tensors_keeps_dtype_and_argument(dtype):
    w, dw = torch.ones(3, dtype=dtype), torch.arange(3, dtype=dtype)
    new = sgd_update(w, dw, learning_rate=0.5)
    assert new.dtype == dtype
    assert new.tolist() == [1.0, 0.5, 0.0]
    assert w.tolist() == [1.0, 1.0, 1.0]


def test_golden_step_of_the_exam():
    # exam Aug 2022, 6.3: dL/dw11 = 1.5 at a learning rate of 0.1 takes w11 from -0.5 to -0.65
    new = sgd_update(np.array([-0.5]), np.array([1.5]), learning_rate=0.1)
    np.testing.assert_allclose(new, [-0.65], rtol=0, atol=1e-15)


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r"w's shape \(3, 4\), got \(4,\)"):
        sgd_update(np.ones((3, 4)), np.ones(4), learning_rate=0.1)
