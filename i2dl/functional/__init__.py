"""Pure functions in pairs, with gradients derived by hand.

``X_forward(x, ...)`` returns the output and a cache, ``X_backward(dout, cache)`` turns the gradient of the output into
the gradients of the inputs; a loss returns its value and its gradient at once. Every function is written once, against
the Python array API standard, and runs on NumPy arrays, on torch tensors on either device, and on whatever else
implements the standard. Nothing that is passed in is ever changed.
"""

from i2dl.functional.activations import (
    identity_backward,
    identity_forward,
    sigmoid_backward,
    sigmoid_forward,
    softplus_backward,
    softplus_forward,
    step_backward,
    step_forward,
    swish_backward,
    swish_forward,
    tanh_backward,
    tanh_forward,
)
from i2dl.functional.affine import affine_backward, affine_forward, flatten_backward, flatten_forward
from i2dl.functional.binary_losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    binary_softmax_loss,
    hinge_loss,
    zero_one_loss,
)
from i2dl.functional.losses import l1_loss, mse_loss, softmax_loss, svm_loss
from i2dl.functional.maxout import maxout_backward, maxout_forward
from i2dl.functional.rectifiers import (
    elu_backward,
    elu_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    prelu_backward,
    prelu_forward,
    relu_backward,
    relu_forward,
)
from i2dl.functional.registry import ACTIVATIONS, LOSSES, Activation, Loss
from i2dl.functional.regularizers import (
    elastic_net_penalty,
    l1_penalty,
    l2_penalty,
    max_norm,
    penalties,
    weight_decay_coupled,
    weight_decay_decoupled,
)
from i2dl.functional.softmax import softmax_backward, softmax_forward
from i2dl.functional.two_layer import two_layer_backward, two_layer_forward, two_layer_loss

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Activation",
    "Loss",
    "affine_backward",
    "affine_forward",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_softmax_loss",
    "elastic_net_penalty",
    "elu_backward",
    "elu_forward",
    "flatten_backward",
    "flatten_forward",
    "hinge_loss",
    "identity_backward",
    "identity_forward",
    "l1_loss",
    "l1_penalty",
    "l2_penalty",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "max_norm",
    "maxout_backward",
    "maxout_forward",
    "mse_loss",
    "penalties",
    "prelu_backward",
    "prelu_forward",
    "relu_backward",
    "relu_forward",
    "sigmoid_backward",
    "sigmoid_forward",
    "softmax_backward",
    "softmax_forward",
    "softmax_loss",
    "softplus_backward",
    "softplus_forward",
    "step_backward",
    "step_forward",
    "svm_loss",
    "swish_backward",
    "swish_forward",
    "tanh_backward",
    "tanh_forward",
    "two_layer_backward",
    "two_layer_forward",
    "two_layer_loss",
    "weight_decay_coupled",
    "weight_decay_decoupled",
    "zero_one_loss",
]
