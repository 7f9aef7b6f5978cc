"""Wrong: sizes, counts, receptive fields, numbers for networks."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

OUTPUT_SIZE = spoiled(
    "output_size",
    """
def output_size(n, f, *, padding=0, stride=1):
    return (n + 2 * padding - f) // stride + 1


def fits(n, f, *, padding=0, stride=1):
    return (n + 2 * padding - f) % stride == 0
""",
    ("size_padded_once", "padding counts once", "2 * padding", "padding"),
    ("size_not_padded", "padding is not counted", "(n + 2 * padding - f) //", "(n - f) //"),
    ("size_no_one", "+ 1 is missing", " + 1", ""),
    ("size_one_inside", "before the division", "f) // stride + 1", "f + 1) // stride"),
    (
        "size_rounded_up",
        "rounded up",
        "return (n + 2 * padding - f) // stride + 1",
        "return -((f - n - 2 * padding) // stride) + 1",
    ),
    ("size_fraction", "a fraction of a window", "//", "/"),
    ("fits_inverted", "where it does not fit", "== 0", "!= 0"),
    ("fits_whole_image", "image alone is divided", "(n + 2 * padding - f) %", "(n + 2 * padding) %"),
    ("fits_if_smaller", "smaller than the image", "(n + 2 * padding - f) % stride == 0", "f <= n + 2 * padding"),
)

LAYER_COSTS = spoiled(
    "layer_costs",
    """
def conv_parameters(channels, filters, size):
    return filters * (channels * size * size + 1)


def affine_parameters(inputs, outputs):
    return inputs * outputs + outputs


def batch_norm_parameters(channels):
    return 2 * channels


def conv_multiplications(channels, filters, size, output):
    return output[0] * output[1] * filters * channels * size * size
""",
    ("costs_no_bias", "biases of the filters are missing", "size * size + 1)", "size * size)"),
    ("costs_flat_filters", "channels are not counted", "(channels * size * size + 1)", "(size * size + 1)"),
    (
        "costs_bias_per_channel",
        "bias is counted for every channel",
        "(channels * size * size + 1)",
        "channels * (size * size + 1)",
    ),
    (
        "costs_one_bias",
        "one bias is counted for the whole layer",
        "filters * (channels * size * size + 1)",
        "filters * channels * size * size + 1",
    ),
    ("costs_size_once", "the size counts once", "size * size + 1", "size + 1"),
    ("costs_affine_no_bias", "biases of the affine layer", " + outputs", ""),
    ("costs_affine_bias_per_input", "counted per input", " + outputs", " + inputs"),
    ("costs_norm_one", "γ and β are two", "2 * channels", "channels"),
    ("costs_norm_four", "kept, not learnt", "2 * channels", "4 * channels"),
    ("costs_norm_for_all", "two for the whole layer", "2 * channels", "2"),
    ("costs_weights_once", "number of weights", "output[0] * output[1] * filters", "filters"),
    ("costs_one_filter_multiplies", "one filter is counted", "output[1] * filters *", "output[1] *"),
    ("costs_flat_multiplications", "left out of the multiplications", "filters * channels * size", "filters * size"),
    (
        "costs_biases_multiplied",
        "cost no multiplication",
        "filters * channels * size * size\n",
        "filters * (channels * size * size + 1)\n",
    ),
)

RECEPTIVE_FIELD = spoiled(
    "receptive_field",
    """
def receptive_field(layers):
    fields = []
    field, step = 1, 1
    for f, s in layers:
        field = field + step * (f - 1)
        step = step * s
        fields.append(field)
    return fields
""",
    ("field_no_strides", "strides are not used", "step * s\n", "step\n"),
    (
        "field_own_stride",
        "own stride is multiplied",
        "        field = field + step * (f - 1)\n        step = step * s\n",
        "        step = step * s\n        field = field + step * (f - 1)\n",
    ),
    ("field_last_stride", "only the stride of the layer before", "step = step * s", "step = s"),
    ("field_whole_window", "the whole window is added", "(f - 1)", "f", "field, step = 1, 1", "field, step = 0, 1"),
    ("field_from_zero", "starts at 0", "field, step = 1, 1", "field, step = 0, 1"),
    (
        "field_from_the_end",
        "from the last to the first",
        "    fields = []\n    field, step = 1, 1\n    for f, s in layers:\n",
        "    fields = []\n    for k in range(len(layers)):\n        field, step = 1, 1\n",
        "        field = field + step * (f - 1)\n        step = step * s\n",
        "        for f, s in layers[k::-1]:\n            field, step = field + step * (f - 1), step * s\n",
    ),
    ("field_last_alone", "last field alone", "return fields", "return field"),
    ("field_windows_multiplied", "windows are multiplied", "field + step * (f - 1)", "field * f"),
)

QUIZ_NETWORKS = spoiled(
    "quiz_networks",
    """
def same_padding(f):
    return (f - 1) // 2


def layers_to_see(pixels):
    return (pixels - 1) // 2


def running_values(shape):
    n, c, h, w = shape
    return 2 * c


def filters_of_affine(shape, outputs):
    c, h, w = shape
    return (outputs, c, h, w)


def flat_features(size, pools, channels):
    for _ in range(pools):
        size = size // 2
    return channels * size**2
""",
    ("quiz_half_window", "half of f", "return (f - 1) // 2", "return f / 2"),
    ("quiz_both_sides", "both sides together", "return (f - 1) // 2", "return f - 1"),
    ("quiz_half_window_up", "rounded up", "return (f - 1) // 2", "return (f + 1) // 2"),
    ("quiz_three_a_layer", "add 3 pixels", "return (pixels - 1) // 2", "return -(-pixels // 3)"),
    ("quiz_layer_too_many", "one layer too many", "return (pixels - 1) // 2", "return (pixels + 1) // 2"),
    ("quiz_one_a_layer", "add 1 pixel", "return (pixels - 1) // 2", "return pixels - 2"),
    ("quiz_mean_alone", "a mean and a variance", "2 * c\n", "c\n"),
    ("quiz_statistics_per_pixel", "for every pixel", "2 * c\n", "2 * c * h * w\n"),
    ("quiz_statistics_per_image", "second axis", "2 * c\n", "2 * n\n"),
    ("quiz_channels_first", "channels come first", "(outputs, c, h, w)", "(c, outputs, h, w)"),
    ("quiz_one_by_one", "1 × 1 filters see one pixel", "(outputs, c, h, w)", "(outputs, c, 1, 1)"),
    ("quiz_flat_filters", "image is flattened", "(outputs, c, h, w)", "(outputs, c * h * w)"),
    ("quiz_no_pooling", "pooling is not counted", "range(pools)", "range(0)"),
    ("quiz_one_pooling", "one pooling is counted", "range(pools)", "range(1)"),
    ("quiz_height_alone", "width is not", "    for _", "    width = size\n    for _", "size**2", "size * width"),
    ("quiz_no_channels", "channels are left out", "channels * size**2", "size**2"),
)

VARIANTS = [*OUTPUT_SIZE, *LAYER_COSTS, *RECEPTIVE_FIELD, *QUIZ_NETWORKS]
