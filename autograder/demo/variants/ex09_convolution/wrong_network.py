"""Wrong: the LeNet and its answers."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

LENET = spoiled(
    "lenet",
    """
def lenet_forward(x, p, layers):
    z1, conv1 = layers.conv2d_forward(x, p["w1"], p["b1"], padding=2)
    a1, relu1 = layers.relu_forward(z1)
    h1, pool1 = layers.max_pool_forward(a1, size=2)
    z2, conv2 = layers.conv2d_forward(h1, p["w2"], p["b2"], padding=1)
    a2, relu2 = layers.relu_forward(z2)
    h2, pool2 = layers.max_pool_forward(a2, size=2)
    z3, affine3 = layers.affine_forward(h2, p["w3"], p["b3"])
    h3, relu3 = layers.relu_forward(z3)
    scores, affine4 = layers.affine_forward(h3, p["w4"], p["b4"])
    return scores, (conv1, relu1, pool1, conv2, relu2, pool2, affine3, relu3, affine4)


def lenet_backward(dscores, cache, layers):
    conv1, relu1, pool1, conv2, relu2, pool2, affine3, relu3, affine4 = cache
    dh3, dw4, db4 = layers.affine_backward(dscores, affine4)
    dz3 = layers.relu_backward(dh3, relu3)
    dh2, dw3, db3 = layers.affine_backward(dz3, affine3)
    da2 = layers.max_pool_backward(dh2, pool2)
    dz2 = layers.relu_backward(da2, relu2)
    dh1, dw2, db2 = layers.conv2d_backward(dz2, conv2)
    da1 = layers.max_pool_backward(dh1, pool1)
    dz1 = layers.relu_backward(da1, relu1)
    _, dw1, db1 = layers.conv2d_backward(dz1, conv1)
    return {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2, "w3": dw3, "b3": db3, "w4": dw4, "b4": db4}
""",
    (
        "lenet_no_first_relu_back",
        "behind the first convolution is left out on the way back",
        "dz1 = layers.relu_backward(da1, relu1)",
        "dz1 = da1",
    ),
    (
        "lenet_no_second_relu_back",
        "behind the second convolution is left out on the way back",
        "dz2 = layers.relu_backward(da2, relu2)",
        "dz2 = da2",
    ),
    (
        "lenet_no_third_relu_back",
        "between the affine layers is left out on the way back",
        "dz3 = layers.relu_backward(dh3, relu3)",
        "dz3 = dh3",
    ),
    (
        "lenet_no_relus_back",
        "all relus are left out",
        "dz1 = layers.relu_backward(da1, relu1)",
        "dz1 = da1",
        "dz2 = layers.relu_backward(da2, relu2)",
        "dz2 = da2",
        "dz3 = layers.relu_backward(dh3, relu3)",
        "dz3 = dh3",
    ),
    ("lenet_no_first_relu", "no relu behind the first convolution", "forward(a1, size", "forward(z1, size"),
    ("lenet_no_second_relu", "no relu behind the second convolution", "forward(a2, size", "forward(z2, size"),
    ("lenet_no_third_relu", "no relu between the affine layers", "(h3, p", "(z3, p"),
    ("lenet_relu_behind_scores", "relu behind the last layer", "return scores,", "return np.maximum(scores, 0),"),
    ("lenet_channels_last", "flattened pixel by pixel", "(h2, p", "(np.moveaxis(h2, 1, -1).reshape(h2.shape), p"),
    (
        "lenet_affine_swapped",
        "gradient of another input",
        '"w1": dw1, "b1": db1, "w2": dw2, "b2": db2',
        '"w1": dw1, "b1": db2, "w2": dw2, "b2": db1',
    ),
    ("lenet_upstream_ignored", "does not use `dscores`", "    dh3,", "    dscores = np.ones_like(dscores)\n    dh3,"),
    (
        "lenet_gradients_averaged",
        "extra factor 1/n",
        'return {"w1": dw1',
        'dw1, dw2 = dw1 / len(dscores), dw2 / len(dscores)\n    return {"w1": dw1',
    ),
    ("lenet_forgets_a_gradient", "still none", ', "b1": db1', ""),
    breaks=frozenset({"lenet_accuracy"}),
)

ACCURACY = spoiled(
    "lenet_accuracy",
    """
def predict(images):
    return lenet_scores(images, after).argmax(axis=1)
""",
    ("predicts_scores", "a score per class", ".argmax(axis=1)", ""),
    ("predicts_over_images", "one digit per image", "axis=1", "axis=0"),
    ("predicts_lowest", "needed ≥ 0.94", "argmax", "argmin"),
    ("predicts_nothing", "array of digits", "return ", ""),
    ("predicts_untrained", "needed ≥ 0.94", "after", "before"),
    cell="predict_code",
)

VARIANTS = [*LENET, *ACCURACY]
