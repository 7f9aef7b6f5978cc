"""Wrong in parts 7 to 9: the two-layer network, its training, which parameters move."""

from __future__ import annotations

from autograder.demo.variants.ex03_affine_layer.spoil import spoiled

TWO_LAYER_LOSS = spoiled(
    "two_layer_loss",
    """
def two_layer_forward(x, w1, b1, w2, b2, layers):
    z, cache1 = layers.affine_forward(x, w1, b1)
    h, cache_relu = layers.relu_forward(z)
    scores, cache2 = layers.affine_forward(h, w2, b2)
    return scores, (cache1, cache_relu, cache2)


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    scores, (cache1, cache_relu, cache2) = two_layer_forward(x, w1, b1, w2, b2, layers)
    loss, ds = layers.softmax_loss(scores, y)
    dh, dw2, db2 = layers.affine_backward(ds, cache2)
    dz = layers.relu_backward(dh, cache_relu)
    _, dw1, db1 = layers.affine_backward(dz, cache1)
    return loss, (dw1, db1, dw2, db2)
""",
    ("network_no_relu_back", "left out on the way back", "dz = layers.relu_backward(dh, cache_relu)", "dz = dh"),
    ("network_no_relu_ahead", "no ReLU on the way ahead", "affine_forward(h,", "affine_forward(z,"),
    ("network_layers_swapped", "gradient of another input", "(dw1, db1, dw2, db2)", "(dw2, db2, dw1, db1)"),
    (
        "network_divided_twice",
        "extra factor 1/N",
        "softmax_loss(scores, y)\n",
        "softmax_loss(scores, y)\n    ds = ds / len(x)\n",
    ),
    (
        "network_relu_at_the_end",
        "the scores pass a ReLU, too",
        "    return scores, (cache1",
        "    scores = np.maximum(scores, 0)\n    return scores, (cache1",
    ),
    ("network_second_bias_forgotten", "does not use `b2`", "(h, w2, b2)", "(h, w2, 0 * b2)"),
    (
        "network_no_relu_at_all",
        "together they are one affine layer",
        "affine_forward(h,",
        "affine_forward(z,",
        "dz = layers.relu_backward(dh, cache_relu)",
        "dz = dh",
    ),
    (
        "network_starts_with_scores",
        "the way back starts with the scores",
        "affine_backward(ds,",
        "affine_backward(scores,",
    ),
)

SGD_UPDATE = spoiled(
    "sgd_update",
    """
def sgd_update(w, dw, *, learning_rate):
    return w - learning_rate * dw
""",
    ("uphill", "uphill", "w - ", "w + "),
    ("no_learning_rate", "learning rate is not used", "learning_rate * dw", "dw"),
    ("step_alone", "only the step", "w - ", ""),
    ("update_returns_nothing", "none", "return w - ", "w -= "),
    ("divided_by_the_rate", "divided by the learning rate", "learning_rate * dw", "dw / learning_rate"),
    (
        "weight_scaled_too",
        "the learning rate scales the weight, too",
        "w - learning_rate * dw",
        "learning_rate * (w - dw)",
    ),
    ("sign_of_the_gradient", "only the gradient's sign is used", "* dw", "* np.sign(dw)"),
)

DIGITS_ACCURACY = spoiled(
    "digits_accuracy",
    """
def predict(images):
    scores = network_scores(images, parameters)
    return scores.argmax(axis=1)
""",
    ("predicts_scores", "a score per class", ".argmax(axis=1)", ""),
    ("predicts_over_images", "one digit per image", "axis=1", "axis=0"),
    ("predicts_lowest", "needed ≥ 0.93", "argmax", "argmin"),
    ("predicts_nothing", "array of digits", "return ", ""),
    ("predicts_untrained", "needed ≥ 0.93", "parameters)", "random_parameters(np.random.default_rng(0)))"),
    ("predicts_one_digit", "one digit per image", "scores.argmax(axis=1)", "scores[0].argmax()"),
    ("predicts_the_highest_score", "needed ≥ 0.93", ".argmax", ".max"),
    (
        "predicts_onehot",
        "a score per class",
        "return scores.argmax(axis=1)",
        "return np.eye(10)[scores.argmax(axis=1)]",
    ),
    cell="predict_code",
)

ZERO_INITIALIZATION = spoiled(
    "zero_initialization",
    """
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    now = list(parameters)
    for _ in range(steps):
        now = [p - learning_rate * dp for p, dp in zip(now, gradients_of(now))]
    return {name for name, p, q in zip(NAMES, parameters, now) if np.any(p != q)}
""",
    ("compared_with_itself", "a copy made before the first", "NAMES, parameters, now", "NAMES, now, now"),
    (
        "moved_in_place",
        "a copy made before the first",
        "now = [p - learning_rate * dp for p, dp in zip(now, gradients_of(now))]",
        "for p, dp in zip(now, gradients_of(now)):\n            p -= learning_rate * dp",
    ),
    ("one_step_only", "only one step is taken", "range(steps)", "range(1)"),
    ("gradients_of_the_start", "each step needs new ones", "gradients_of(now)", "gradients_of(parameters)"),
    ("those_that_stay", "asked for are those that move", "np.any(p != q)", "np.all(p == q)"),
    ("all_four_named", "whether they move or not", "if np.any(p != q)", ""),
    ("every_entry_must_move", "one entry that differs is enough", "np.any(p != q)", "np.all(p != q)"),
    ("weights_only", "biases too", "np.any(p != q)", "np.any(p != q) and name[0] == 'w'"),
)

WRONG_NETWORK = [*TWO_LAYER_LOSS, *SGD_UPDATE, *DIGITS_ACCURACY, *ZERO_INITIALIZATION]
