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
from i2dl.functional.attention import (
    attention_weights_backward,
    attention_weights_forward,
    scaled_dot_product_attention_backward,
    scaled_dot_product_attention_forward,
)
from i2dl.functional.batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
)
from i2dl.functional.binary_losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    binary_softmax_loss,
    hinge_loss,
    zero_one_loss,
)
from i2dl.functional.conv import conv1d_backward, conv1d_forward, conv2d_backward, conv2d_forward
from i2dl.functional.conv_lstm import conv_lstm_step_backward, conv_lstm_step_forward
from i2dl.functional.conv_transpose import conv_transpose2d_backward, conv_transpose2d_forward
from i2dl.functional.dropout import (
    dropout_backward,
    dropout_forward,
    monte_carlo_dropout,
    spatial_dropout_backward,
    spatial_dropout_forward,
)
from i2dl.functional.embedding import word_embedding_backward, word_embedding_forward
from i2dl.functional.feed_forward import position_wise_backward, position_wise_forward
from i2dl.functional.filters import (
    box_kernel,
    edge_kernel,
    filter_image,
    filter_signal,
    gaussian_kernel,
    scharr_kernel,
    sharpen_kernel,
    sobel_kernel,
)
from i2dl.functional.local_attention import local_attention_backward, local_attention_forward
from i2dl.functional.losses import l1_loss, mse_loss, softmax_loss, svm_loss
from i2dl.functional.lstm import (
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    lstm_step_backward,
    lstm_step_forward,
)
from i2dl.functional.masks import causal_mask, local_mask, padding_mask
from i2dl.functional.maxout import maxout_backward, maxout_forward
from i2dl.functional.multi_head import multi_head_attention_backward, multi_head_attention_forward
from i2dl.functional.normalization import (
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
)
from i2dl.functional.pooling import (
    average_pool2d_backward,
    average_pool2d_forward,
    global_average_pool_backward,
    global_average_pool_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from i2dl.functional.positions import sinusoidal_positions
from i2dl.functional.preprocessing import denormalize, fit_normalization, normalize, zero_centre
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
from i2dl.functional.recurrence import gradient_norm_over_time
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
from i2dl.functional.residual import residual_dropout_backward, residual_dropout_forward
from i2dl.functional.rnn import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward
from i2dl.functional.sequence_costs import SequenceCost, sequence_costs
from i2dl.functional.softmax import softmax_backward, softmax_forward
from i2dl.functional.two_layer import two_layer_backward, two_layer_forward, two_layer_loss
from i2dl.functional.unpooling import max_pool2d_indices, max_unpool2d_backward, max_unpool2d_forward
from i2dl.functional.upsample import upsample_backward, upsample_forward

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "Activation",
    "Loss",
    "SequenceCost",
    "affine_backward",
    "affine_forward",
    "attention_weights_backward",
    "attention_weights_forward",
    "average_pool2d_backward",
    "average_pool2d_forward",
    "batch_norm_backward",
    "batch_norm_forward",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "binary_softmax_loss",
    "box_kernel",
    "causal_mask",
    "conv1d_backward",
    "conv1d_forward",
    "conv2d_backward",
    "conv2d_forward",
    "conv_lstm_step_backward",
    "conv_lstm_step_forward",
    "conv_transpose2d_backward",
    "conv_transpose2d_forward",
    "denormalize",
    "dropout_backward",
    "dropout_forward",
    "edge_kernel",
    "elastic_net_penalty",
    "elu_backward",
    "elu_forward",
    "filter_image",
    "filter_signal",
    "fit_normalization",
    "flatten_backward",
    "flatten_forward",
    "gaussian_kernel",
    "global_average_pool_backward",
    "global_average_pool_forward",
    "gradient_norm_over_time",
    "group_norm_backward",
    "group_norm_forward",
    "hinge_loss",
    "identity_backward",
    "identity_forward",
    "instance_norm_backward",
    "instance_norm_forward",
    "l1_loss",
    "l1_penalty",
    "l2_penalty",
    "layer_norm_backward",
    "layer_norm_forward",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "local_attention_backward",
    "local_attention_forward",
    "local_mask",
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
    "max_norm",
    "max_pool2d_backward",
    "max_pool2d_forward",
    "max_pool2d_indices",
    "max_unpool2d_backward",
    "max_unpool2d_forward",
    "maxout_backward",
    "maxout_forward",
    "monte_carlo_dropout",
    "mse_loss",
    "multi_head_attention_backward",
    "multi_head_attention_forward",
    "normalize",
    "padding_mask",
    "penalties",
    "position_wise_backward",
    "position_wise_forward",
    "prelu_backward",
    "prelu_forward",
    "relu_backward",
    "relu_forward",
    "residual_dropout_backward",
    "residual_dropout_forward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step_backward",
    "rnn_step_forward",
    "scaled_dot_product_attention_backward",
    "scaled_dot_product_attention_forward",
    "scharr_kernel",
    "sequence_costs",
    "sharpen_kernel",
    "sigmoid_backward",
    "sigmoid_forward",
    "sinusoidal_positions",
    "sobel_kernel",
    "softmax_backward",
    "softmax_forward",
    "softmax_loss",
    "softplus_backward",
    "softplus_forward",
    "spatial_batch_norm_backward",
    "spatial_batch_norm_forward",
    "spatial_dropout_backward",
    "spatial_dropout_forward",
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
    "upsample_backward",
    "upsample_forward",
    "weight_decay_coupled",
    "weight_decay_decoupled",
    "word_embedding_backward",
    "word_embedding_forward",
    "zero_centre",
    "zero_one_loss",
]
