import doctest
import gc
import weakref

import numpy as np
import pytest
import torch

import i2dl.bridge
from i2dl.bridge import autograd_function, loss_function
from i2dl.functional import activations, affine, rectifiers, softmax


def student_affine_forward(x, w, b):
    return x.reshape(len(x), -1).dot(w) + b, {"inputs": x, "weights": w}


def student_affine_backward(dout, cache):
    x, w = cache["inputs"], cache["weights"]
    return dout.dot(w.T).reshape(x.shape), x.reshape(len(x), -1).T.dot(dout), dout.sum(axis=0)


def student_softmax_loss(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return loss, p / len(y)


def leaf(*shape, seed=0, dtype=torch.float64, device="cpu"):
    values = np.random.default_rng(seed).normal(size=shape)
    return torch.tensor(values, dtype=dtype, device=device, requires_grad=True)


PAIRS = {
    "affine": (affine.affine_forward, affine.affine_backward, [(3, 2, 2), (4, 5), (5,)], {}),
    "identity": (activations.identity_forward, activations.identity_backward, [(3, 4)], {}),
    "sigmoid": (activations.sigmoid_forward, activations.sigmoid_backward, [(3, 4)], {}),
    "tanh": (activations.tanh_forward, activations.tanh_backward, [(3, 4)], {}),
    "softplus": (activations.softplus_forward, activations.softplus_backward, [(3, 4)], {"beta": 2.0}),
    "swish": (activations.swish_forward, activations.swish_backward, [(3, 4)], {"beta": 1.5}),
    "relu": (rectifiers.relu_forward, rectifiers.relu_backward, [(3, 4)], {}),
    "leaky_relu": (rectifiers.leaky_relu_forward, rectifiers.leaky_relu_backward, [(3, 4)], {"alpha": 0.1}),
    "prelu": (rectifiers.prelu_forward, rectifiers.prelu_backward, [(3, 4, 2), (4,)], {}),
    "elu": (rectifiers.elu_forward, rectifiers.elu_backward, [(3, 4)], {"alpha": 0.7}),
    "softmax": (softmax.softmax_forward, softmax.softmax_backward, [(3, 4)], {"axis": 0}),
}


@pytest.mark.parametrize("arrays", ["torch", "numpy"])
@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_passes_gradcheck(name, arrays):
    forward, backward, shapes, options = PAIRS[name]
    f = autograd_function(forward, backward, arrays=arrays)
    inputs = tuple(leaf(*shape, seed=i) for i, shape in enumerate(shapes))
    assert torch.autograd.gradcheck(lambda *tensors: f(*tensors, **options), inputs)


def test_gradcheck_sees_a_wrong_gradient():
    f = autograd_function(lambda x: (x**2, x), lambda dout, x: 3 * x * dout)
    assert not torch.autograd.gradcheck(f, (leaf(3),), raise_exception=False)


def test_numpy_functions_are_used_unchanged():
    f = autograd_function(student_affine_forward, student_affine_backward, arrays="numpy")
    tensors = [leaf(3, 4), leaf(4, 2, seed=1), leaf(2, seed=2)]
    assert torch.autograd.gradcheck(f, tensors)
    torch.testing.assert_close(f(*tensors), torch.addmm(tensors[2], tensors[0], tensors[1]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numpy_results_come_back_in_the_input_dtype(dtype):
    f = autograd_function(
        lambda x: (np.float64(2) * x.astype(np.float64), None),
        lambda dout, _: 2.0 * dout.astype(np.float64),
        arrays="numpy",
    )
    x = leaf(3, dtype=dtype)
    out = f(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == dtype
    torch.testing.assert_close(x.grad, torch.full((3,), 2.0, dtype=dtype))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("arrays", ["torch", "numpy"])
def test_on_the_gpu(arrays):
    f = autograd_function(affine.affine_forward, affine.affine_backward, arrays=arrays)
    tensors = [leaf(3, 4, device="cuda"), leaf(4, 2, device="cuda"), leaf(2, device="cuda")]
    assert f(*tensors).device == tensors[0].device
    assert torch.autograd.gradcheck(f, tensors)


def test_the_example_in_the_documentation():
    assert doctest.testmod(i2dl.bridge) == (0, 6)


@pytest.mark.parametrize("arrays", ["torch", "numpy"])
def test_options_reach_the_function_as_its_arrays(arrays):
    seen = []

    def forward(x, *, mask, word):
        seen.extend([type(x), type(mask), word])
        return x * mask, mask

    f = autograd_function(forward, lambda dout, mask: dout * mask, arrays=arrays)
    x = leaf(3)
    f(x, mask=torch.tensor([1.0, 0.0, 2.0]), word="text").sum().backward()
    kind = np.ndarray if arrays == "numpy" else torch.Tensor
    assert seen == [kind, kind, "text"]
    assert x.grad.tolist() == [1, 0, 2]


@pytest.mark.parametrize("arrays", ["torch", "numpy"])
def test_results_can_be_viewed_whatever_their_memory_layout(arrays):
    f = autograd_function(lambda x: (x.T, None), lambda dout, _: dout.T, arrays=arrays)
    assert f(leaf(2, 3)).view(-1).shape == (6,)
    reverse = autograd_function(lambda x: (x[::-1], None), lambda dout, _: dout[::-1], arrays="numpy")
    assert torch.autograd.gradcheck(reverse, (leaf(3),))


def test_the_cache_may_be_anything():
    marker = object()
    seen = []

    def backward(dout, cache):
        seen.append(cache)
        return dout

    for cache in (marker, None, {"a": [1]}, "text"):
        autograd_function(lambda x, c=cache: (x * 1, c), backward)(leaf(2)).sum().backward()
    assert seen == [marker, None, {"a": [1]}, "text"]


def test_no_gradient_is_asked_for_what_needs_none():
    f = autograd_function(affine.affine_forward, affine.affine_backward)
    x, w, b = leaf(3, 4).detach(), leaf(4, 2), leaf(2).detach()
    f(x, w, b).sum().backward()
    assert x.grad is None
    assert b.grad is None
    torch.testing.assert_close(w.grad, x.sum(0)[:, None].expand(4, 2))
    nothing = autograd_function(lambda x, w: (x * w, x), lambda dout, x: (None, dout * x))
    nothing(x, leaf(3, 4, seed=1)).sum().backward()


def test_under_no_grad():
    f = autograd_function(rectifiers.relu_forward, rectifiers.relu_backward)
    with torch.no_grad():
        out = f(leaf(3))
    assert not out.requires_grad
    with torch.inference_mode():
        torch.testing.assert_close(f(torch.tensor([-1.0, 2.0])), torch.tensor([0.0, 2.0]))


def test_functions_with_several_results():
    def forward(x):
        return x**2, x**3, x

    def backward(dsquare, dcube, x):
        return 2 * x * dsquare + 3 * x**2 * dcube

    f = autograd_function(forward, backward)
    assert torch.autograd.gradcheck(f, (leaf(3),))
    x = leaf(3)
    square, _ = f(x)
    square.sum().backward()
    torch.testing.assert_close(x.grad, 2 * x.detach())


def test_the_graph_names_the_pair():
    f = autograd_function(rectifiers.relu_forward, rectifiers.relu_backward)
    assert f.__name__ == "relu"
    assert type(f(leaf(2)).grad_fn).__name__ == "reluBackward"


def test_changing_the_result_in_place_leaves_the_cache_alone():
    f = autograd_function(activations.sigmoid_forward, activations.sigmoid_backward)
    x, y = leaf(4), leaf(4)
    out = f(x)
    out *= 2
    out.sum().backward()
    (2 * torch.sigmoid(y)).sum().backward()
    torch.testing.assert_close(x.grad, y.grad)


@pytest.mark.parametrize("arrays", ["torch", "numpy"])
def test_changing_an_input_in_place_is_refused_by_autograd(arrays):
    f = autograd_function(lambda x: (x**2, x), lambda dout, x: 2 * x * dout, arrays=arrays)
    x = leaf(3) * 1
    out = f(x)
    x += 1
    with pytest.raises(RuntimeError, match="inplace"):
        out.sum().backward()


def test_numpy_functions_cannot_change_their_arguments():
    def forward(x):
        x[x < 0] = 0
        return x, None

    with pytest.raises(ValueError, match="read-only"):
        autograd_function(forward, lambda dout, _: dout, arrays="numpy")(leaf(3))


def test_a_result_that_is_its_input_is_a_new_tensor():
    f = autograd_function(lambda x: (x.reshape(-1), x.shape), lambda dout, shape: dout.reshape(shape))
    x = leaf(2, 2)
    out = f(x * 1)
    out += 1
    out.sum().backward()
    torch.testing.assert_close(x.grad, torch.ones_like(x))


def test_the_graph_is_freed_without_the_garbage_collector():
    class Cache:
        def __init__(self, out):
            self.out = out

    alive = []

    def forward(x):
        out = x * 2
        cache = Cache(out)
        alive.append(weakref.ref(cache))
        return out, cache

    gc.disable()
    try:
        out = autograd_function(forward, lambda dout, _: 2 * dout)(leaf(3))
        assert alive[0]() is not None
        del out
        assert alive[0]() is None
    finally:
        gc.enable()


def test_second_derivatives_are_refused():
    f = autograd_function(lambda x: (x**2, x), lambda dout, x: 2 * x * dout)
    x = leaf(3)
    with pytest.raises(RuntimeError, match="cannot be differentiated again"):
        torch.autograd.grad(f(x).sum(), x, create_graph=True)


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda dout, _: dout, r"must return 2 gradient\(s\), for inputs of shape \(3, 4\), \(4,\); it returned 1"),
        (lambda dout, _: (dout, dout), r"gradient 1 of scale must have its input's shape \(4,\), got \(3, 4\)"),
        (lambda dout, _: (dout.T, dout.sum(0)), r"gradient 0 of .* shape \(3, 4\), got \(4, 3\)"),
    ],
)
@pytest.mark.parametrize("arrays", ["torch", "numpy"])
def test_wrong_gradients_are_named(arrays, backward, message):
    def scale(x, w):
        return x * w, None

    out = autograd_function(scale, backward, arrays=arrays)(leaf(3, 4), leaf(4))
    with pytest.raises(ValueError, match=message):
        out.sum().backward()


def test_a_missing_gradient_is_named():
    out = autograd_function(lambda x: (x * 2, None), lambda dout, _: None)(leaf(3))
    with pytest.raises(TypeError, match="gradient 0 of <lambda> must be a torch tensor, got None"):
        out.sum().backward()


@pytest.mark.parametrize(
    ("forward", "arrays", "message"),
    [
        (lambda x: x, "torch", r"must return \(out, cache\), got Tensor of shape \(3,\)"),
        (lambda x: None, "torch", r"must return \(out, cache\), got None"),
        (lambda x: (np.ones(3), x), "torch", 'must be a torch tensor, got ndarray .* arrays="numpy"'),
        (lambda x: (torch.ones(3), x), "numpy", "must be a NumPy array, got Tensor"),
        (lambda x: (None, x), "numpy", "must be a NumPy array, got None"),
    ],
)
def test_wrong_results_are_named(forward, arrays, message):
    with pytest.raises(TypeError, match=message):
        autograd_function(forward, lambda dout, _: dout, arrays=arrays)(leaf(3))


def test_wrong_arguments_are_named():
    f = autograd_function(lambda x, w=None: (x, None), lambda dout, _: dout)
    with pytest.raises(TypeError, match="argument 1 of <lambda> must be a tensor, got float; give options by"):
        f(leaf(3), 0.5)
    with pytest.raises(TypeError, match="option 'w' no gradient"):
        f(leaf(3), w=leaf(3))
    with pytest.raises(ValueError, match='"torch" or "numpy", got \'jax\''):
        autograd_function(f, f, arrays="jax")


def test_loss_function_agrees_with_torch():
    scores, y = leaf(5, 3), torch.tensor([0, 2, 1, 1, 0])
    ours = loss_function(student_softmax_loss, arrays="numpy")
    assert torch.autograd.gradcheck(lambda s: ours(s, y), (scores,))
    value = ours(scores, y)
    torch.testing.assert_close(value, torch.nn.functional.cross_entropy(scores, y))
    assert value.shape == ()
    assert value.dtype == torch.float64
    (3 * value).backward()
    expected = torch.autograd.grad(3 * torch.nn.functional.cross_entropy(scores, y), scores)[0]
    torch.testing.assert_close(scores.grad, expected)


def test_loss_function_takes_a_python_float():
    f = loss_function(lambda x, y: (((x - y) ** 2).sum().item(), 2 * (x - y)))
    x = leaf(3)
    f(x, torch.zeros(3)).backward()
    torch.testing.assert_close(x.grad, 2 * x.detach())


def test_loss_function_names_what_is_wrong():
    with pytest.raises(TypeError, match=r"must return \(loss, gradient\), got Tensor"):
        loss_function(lambda x, y: x)(leaf(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"must return a scalar loss, got Tensor of shape \(3,\)"):
        loss_function(lambda x, y: (x, x))(leaf(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"target y of shape \(3,\) no gradient.* detach it"):
        loss_function(lambda x, y: (x.sum(), x))(leaf(3), leaf(3))
    value = loss_function(lambda x, y: (x.sum(), x[1:]))(leaf(3), torch.zeros(3))
    with pytest.raises(ValueError, match=r"gradient 0 of <lambda> .* \(3,\), got \(2,\)"):
        value.backward()


def test_numpy_functions_train_a_torch_model():
    affine_layer = autograd_function(student_affine_forward, student_affine_backward, arrays="numpy")
    relu = autograd_function(lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * (x > 0), arrays="numpy")
    loss = loss_function(student_softmax_loss, arrays="numpy")

    class Student(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w1 = torch.nn.Parameter(0.5 * leaf(2, 16, seed=3).detach())
            self.b1 = torch.nn.Parameter(torch.zeros(16, dtype=torch.float64))
            self.w2 = torch.nn.Parameter(0.5 * leaf(16, 2, seed=4).detach())
            self.b2 = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))

        def forward(self, x):
            return affine_layer(relu(affine_layer(x, self.w1, self.b1)), self.w2, self.b2)

    x = leaf(200, 2, seed=5).detach()
    y = (x[:, 0] * x[:, 1] > 0).long()  # XOR of the quadrants: no linear model separates it
    model = Student()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    assert (model(x).argmax(1) == y).double().mean() > 0.95
