"""Right, in other styles: kernels, sizes, counts."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

NUMBER_BY_NUMBER = Variant(
    "number_by_number",
    {
        "filter_signal_code": """
def filter_signal(signal, kernel, *, padding=0):
    zeros = [0.0] * padding
    x = zeros + [float(v) for v in signal] + zeros
    out = []
    for p in range(len(x) - len(kernel) + 1):
        total = 0.0
        for i, weight in enumerate(kernel):
            total += weight * x[p + i]
        out.append(total)
    return np.array(out)
""",
        "convolve_code": """
def convolve(f, g):
    out = []
    for t in range(len(f) + len(g) - 1):
        out.append(sum(f[i] * g[t - i] for i in range(len(f)) if 0 <= t - i < len(g)))
    return out
""",
        "filter_image_code": """
def filter_image(image, kernel, *, padding=0):
    (h, w), (hh, ww) = image.shape, kernel.shape
    out = np.zeros((h + 2 * padding - hh + 1, w + 2 * padding - ww + 1))
    for p, q in np.ndindex(out.shape):
        for i, j in np.ndindex(hh, ww):
            row, column = p + i - padding, q + j - padding
            if 0 <= row < h and 0 <= column < w:
                out[p, q] += kernel[i, j] * image[row, column]
    return out
""",
        "blur_kernels_code": """
from math import comb


def box_kernel(size):
    return [[1 / size**2] * size for _ in range(size)]


def gaussian_kernel(size):
    row = [comb(size - 1, i) for i in range(size)]
    return [[a * b / 4 ** (size - 1) for b in row] for a in row]
""",
        "edge_strength_code": """
def edge_strength(image, filter_image):
    gx = filter_image(image, np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]))
    gy = filter_image(image, np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]))
    return np.array([[(a * a + b * b) ** 0.5 for a, b in zip(*rows)] for rows in zip(gx, gy)])
""",
        "output_size_code": """
def places(n, f, padding, stride):
    return [p for p in range(-padding, n + padding, stride) if p + f <= n + padding]


def output_size(n, f, *, padding=0, stride=1):
    return len(places(n, f, padding, stride))


def fits(n, f, *, padding=0, stride=1):
    return places(n, f, padding, stride)[-1] + f == n + padding
""",
        "layer_costs_code": """
def conv_parameters(channels, filters, size):
    return sum(1 + channels * size**2 for _ in range(filters))


def affine_parameters(inputs, outputs):
    return conv_parameters(inputs, outputs, 1)


def batch_norm_parameters(channels):
    return channels + channels


def conv_multiplications(channels, filters, size, output):
    return (conv_parameters(channels, filters, size) - filters) * output[0] * output[1]
""",
        "receptive_field_code": """
def receptive_field(layers):
    fields = []
    for k in range(1, len(layers) + 1):
        seen = 1
        for f, s in reversed(layers[:k]):
            seen = (seen - 1) * s + f
        fields.append(seen)
    return fields
""",
        "quiz_networks_code": """
def same_padding(f):
    return f // 2


def layers_to_see(pixels):
    layers, seen = 0, 1
    while seen < pixels:
        layers, seen = layers + 1, seen + 2
    return layers


def running_values(shape):
    _, channels, _, _ = shape
    return channels + channels


def filters_of_affine(shape, outputs):
    return [outputs] + list(shape)


def flat_features(size, pools, channels):
    return channels * size * size / 4**pools
""",
    },
)

WINDOWS_OF_NUMPY = Variant(
    "windows_of_numpy",
    {
        "filter_signal_code": """
def filter_signal(signal, kernel, *, padding=0):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(signal, padding), len(kernel))
    return windows @ kernel
""",
        "convolve_code": """
def convolve(f, g):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(f, len(g) - 1), len(g))
    return windows @ g[::-1]
""",
        "filter_image_code": """
def filter_image(image, kernel, *, padding=0):
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, padding), kernel.shape)
    return np.einsum("pqij,ij->pq", windows, kernel)
""",
        "blur_kernels_code": """
def box_kernel(size):
    kernel = np.ones((size, size))
    return kernel / kernel.sum()


def gaussian_kernel(size):
    row = np.poly1d([0.5, 0.5]) ** (size - 1)
    return np.outer(np.atleast_1d(row.coeffs), np.atleast_1d(row.coeffs))
""",
        "edge_strength_code": """
def edge_strength(image, filter_image):
    kernel = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
    return np.hypot(*[filter_image(image, k) for k in (kernel, kernel.T)])
""",
        "output_size_code": """
def output_size(n, f, *, padding=0, stride=1):
    return int(np.floor((n + 2 * padding - f) / stride)) + 1


def fits(n, f, *, padding=0, stride=1):
    return divmod(n + 2 * padding - f, stride)[1] == 0
""",
        "layer_costs_code": """
def conv_parameters(channels, filters, size):
    return np.zeros((filters, channels, size, size)).size + np.zeros(filters).size


def affine_parameters(inputs, outputs):
    return outputs * (1 + inputs)


def batch_norm_parameters(channels):
    return len("γβ") * channels


def conv_multiplications(channels, filters, size, output):
    return int(np.prod([channels, filters, size, size, *output]))
""",
        "receptive_field_code": """
def receptive_field(layers):
    f, s = np.array(layers).T
    steps = np.cumprod(np.append(1, s[:-1]))
    return 1 + np.cumsum(steps * (f - 1))
""",
        "quiz_networks_code": """
def same_padding(f):
    return (f - 1) / 2


def layers_to_see(pixels):
    return np.int64(pixels - 1) // 2


def running_values(shape):
    return 2 * np.zeros(shape).mean(axis=(0, 2, 3)).size


def filters_of_affine(shape, outputs):
    return np.zeros((outputs, *shape)).shape


def flat_features(size, pools, channels):
    maps = np.zeros((channels, size, size))
    for _ in range(pools):
        maps = maps[:, ::2, ::2]
    return maps.size
""",
    },
)

SHIFTED_COPIES = Variant(
    "shifted_copies",
    {
        "filter_signal_code": """
def filter_signal(signal, kernel, *, padding=0):
    padded = np.zeros(len(signal) + 2 * padding)
    padded[padding : padding + len(signal)] = signal
    places = len(padded) - len(kernel) + 1
    out = np.zeros(places)
    for i in range(len(kernel)):
        out += kernel[i] * padded[i : i + places]
    return out
""",
        "convolve_code": """
def convolve(f, g):
    table = np.zeros((len(f), len(f) + len(g) - 1))
    for i in range(len(f)):
        table[i, i : i + len(g)] = f[i] * g
    return table.sum(axis=0)
""",
        "filter_image_code": """
def filter_image(image, kernel, *, padding=0):
    padded = np.pad(image, padding)
    rows, columns = padded.shape[0] - len(kernel) + 1, padded.shape[1] - len(kernel[0]) + 1
    return sum(
        kernel[i, j] * padded[i : i + rows, j : j + columns]
        for i in range(kernel.shape[0])
        for j in range(kernel.shape[1])
    )
""",
        "blur_kernels_code": """
def box_kernel(size):
    return np.full([size] * 2, size**-2.0)


def gaussian_kernel(size):
    kernel = np.ones((1, 1))
    while len(kernel) < size:
        kernel = np.pad(kernel, ((0, 1), (0, 1))) + np.pad(kernel, ((1, 0), (1, 0))) + np.pad(
            kernel, ((0, 1), (1, 0))
        ) + np.pad(kernel, ((1, 0), (0, 1)))
    kernel /= kernel.sum()
    return kernel
""",
        "edge_strength_code": """
def edge_strength(image, filter_image):
    right = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    down = right.transpose().copy()
    slope = filter_image(image, right) + 1j * filter_image(image, down)
    return np.abs(slope)
""",
        "output_size_code": """
def output_size(n, f, *, padding=0, stride=1):
    count, end = 0, f
    while end <= n + 2 * padding:
        count, end = count + 1, end + stride
    return count


def fits(n, f, *, padding=0, stride=1):
    return (output_size(n, f, padding=padding, stride=stride) - 1) * stride + f == n + 2 * padding
""",
        "layer_costs_code": """
def conv_parameters(channels, filters, size):
    weights = filters * channels * size * size
    biases = filters
    return float(weights + biases)


def affine_parameters(inputs, outputs):
    return sum(1 for _ in range(outputs) for _ in range(inputs + 1))


def batch_norm_parameters(channels):
    gamma, beta = np.ones(channels), np.zeros(channels)
    return len(gamma) + len(beta)


def conv_multiplications(channels, filters, size, output):
    places = output[0] * output[1]
    return places * filters * channels * size**2
""",
        "receptive_field_code": """
def receptive_field(layers):
    def field(k):
        if k < 0:
            return 1, 1
        below, step = field(k - 1)
        return below + step * (layers[k][0] - 1), step * layers[k][1]

    return tuple(field(k)[0] for k in range(len(layers)))
""",
        "quiz_networks_code": """
def same_padding(f):
    for p in range(f):
        if 100 + 2 * p - f + 1 == 100:
            return p


def layers_to_see(pixels):
    return len(range(1, pixels, 2))


def running_values(shape):
    return len(["mean", "variance"]) * shape[1]


def filters_of_affine(shape, outputs):
    c, h, w = shape
    return outputs, c, h, w


def flat_features(size, pools, channels):
    side = size >> pools
    return side * side * channels
""",
    },
)

VARIANTS = [NUMBER_BY_NUMBER, WINDOWS_OF_NUMPY, SHIFTED_COPIES]
