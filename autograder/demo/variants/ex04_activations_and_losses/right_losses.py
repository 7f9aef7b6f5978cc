"""Right answers in other styles: losses and regularizers."""

from __future__ import annotations

from autograder.demo.variants import Variant

SAMPLE_BY_SAMPLE = Variant(
    "sample_by_sample",
    {
        "regression_losses_code": """
def l1_loss(prediction, target, *, reduction="mean"):
    loss, gradient = 0.0, np.zeros(prediction.shape)
    for i in np.ndindex(prediction.shape):
        loss += abs(prediction[i] - target[i])
        if prediction[i] > target[i]:
            gradient[i] = 1
        elif prediction[i] < target[i]:
            gradient[i] = -1
    if reduction == "mean":
        return loss / prediction.size, gradient / prediction.size
    return loss, gradient


def mse_loss(prediction, target, *, reduction="mean"):
    loss, gradient = 0.0, np.zeros(prediction.shape)
    n = {"mean": prediction.size, "sum": 1}[reduction]
    for i in np.ndindex(prediction.shape):
        loss += (prediction[i] - target[i]) ** 2 / n
        gradient[i] = 2 * (prediction[i] - target[i]) / n
    return loss, gradient
""",
        "binary_cross_entropy_code": """
def binary_cross_entropy(probabilities, y):
    loss, gradient = 0.0, np.zeros(y.shape)
    for i in np.ndindex(y.shape):
        p = probabilities[i]
        loss -= y[i] * np.log(p) + (1 - y[i]) * np.log(1 - p)
        gradient[i] = -y[i] / p + (1 - y[i]) / (1 - p)
    return loss / y.size, gradient / y.size


def binary_cross_entropy_with_logits(scores, y):
    loss, gradient = 0.0, np.zeros(y.shape)
    for i in np.ndindex(y.shape):
        s = float(scores[i])
        loss += max(s, 0) - y[i] * s + np.log1p(np.exp(-abs(s)))
        gradient[i] = sigma(s) - y[i]
    return loss / y.size, gradient / y.size
""",
        "binary_softmax_loss_code": """
def binary_softmax_loss(scores, z):
    loss, gradient = 0.0, []
    for s, label in zip(scores.ravel(), z.ravel()):
        loss += np.logaddexp(0, -2 * label * s) / z.size
        gradient.append(-2 * label * (1 - sigma(2 * label * s)) / z.size)
    return loss, np.array(gradient).reshape(z.shape)
""",
        "hinge_loss_code": """
def hinge_loss(scores, z):
    loss, gradient = 0.0, np.zeros(z.shape)
    for i in np.ndindex(z.shape):
        gap = 1 - z[i] * scores[i]
        if gap > 0:
            loss += gap / z.size
            gradient[i] = -z[i] / z.size
    return loss, gradient
""",
        "zero_one_loss_code": """
def zero_one_loss(scores, z):
    wrong = sum(1 for s, label in zip(scores.ravel(), z.ravel()) if s * label < 0)
    return wrong / z.size, np.zeros(z.shape)
""",
        "softmax_loss_code": """
def softmax_loss(scores, y, *, label_smoothing=0.0):
    n, classes = scores.shape
    loss, gradient = 0.0, np.zeros((n, classes))
    for i, s in enumerate(scores):
        log_p = s - max(s) - np.log(sum(np.exp(s - max(s))))
        for k in range(classes):
            q = label_smoothing / classes + (1 - label_smoothing if k == y[i] else 0)
            loss -= q * log_p[k] / n
            gradient[i, k] = (np.exp(log_p[k]) - q) / n
    return loss, gradient
""",
        "svm_loss_code": """
def svm_loss(scores, y, *, margin=1.0):
    onehot = np.eye(scores.shape[1])[y]
    true = np.einsum("nc,nc->n", scores, onehot)
    inside = (scores - true[:, None] + margin > 0) * (1 - onehot)
    loss = (inside * (scores - true[:, None] + margin)).sum() / len(y)
    return loss, (inside - onehot * inside.sum(axis=1)[:, None]) / len(y)
""",
        "quiz_losses_code": """
def start_cross_entropy(classes):
    return -np.log(1 / classes)


def start_hinge(classes):
    return sum(max(0, 0 - 0 + 1) for _ in range(classes - 1))


def best_constants(y):
    return sorted(y)[len(y) // 2], sum(y) / len(y)


def lowest_smoothed_loss(classes, smoothing):
    loss = 0.0
    for k in range(classes):
        q = smoothing / classes + (1 - smoothing if k == 0 else 0)
        loss -= q * np.log(q)
    return loss
""",
        "elastic_net_penalty_code": """
def elastic_net_penalty(w, l1, l2, *, half=False):
    value, gradient = 0.0, np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        value += l1 * abs(w[i]) + (0.5 if half else 1) * l2 * w[i] ** 2
        gradient[i] = l1 * np.sign(w[i]) + (1 if half else 2) * l2 * w[i]
    return value, gradient
""",
        "full_loss_code": """
def full_loss(loss, gradients, parameters, strengths, penalty):
    total, full = loss, {}
    for name in parameters:
        full[name] = gradients[name].copy()
        if name in strengths:
            value, gradient = penalty(parameters[name], *strengths[name])
            total += value
            full[name] += gradient
    return total, full
""",
        "best_weight_code": """
def best_weight(v, l1, l2):
    w = np.zeros(v.shape)
    for i in np.ndindex(v.shape):
        if v[i] > l1 / 2:
            w[i] = (v[i] - l1 / 2) / (1 + l2)
        elif v[i] < -l1 / 2:
            w[i] = (v[i] + l1 / 2) / (1 + l2)
    return w
""",
        "max_norm_code": """
def max_norm(w, c):
    new = w.copy()
    for j in range(w.shape[1]):
        length = np.sqrt(sum(w[:, j] ** 2))
        if length > c:
            new[:, j] *= c / length
    return new
""",
        "weight_decay_code": """
def weight_decay_coupled(w, dw, decay):
    joined = dw.copy()
    joined += decay * w
    return joined


def weight_decay_decoupled(w, learning_rate, decay):
    return w - learning_rate * decay * w
""",
    },
)

OTHER_FORMULAS = Variant(
    "other_formulas",
    {
        "regression_losses_code": """
def reduced(losses, gradient, reduction):
    return (losses.mean(), gradient / losses.size) if reduction == "mean" else (losses.sum(), gradient)


def l1_loss(prediction, target, *, reduction="mean"):
    d = prediction - target
    return reduced(np.maximum(d, -d), (d > 0) * 1.0 - (d < 0), reduction)


def mse_loss(prediction, target, *, reduction="mean"):
    d = target - prediction
    return reduced(d * d, -2 * d, reduction)
""",
        "binary_cross_entropy_code": """
def binary_cross_entropy(probabilities, y):
    p = probabilities
    return -(y * np.log(p) + (1 - y) * np.log1p(-p)).mean(), ((1 - y) / (1 - p) - y / p) / p.size


def binary_cross_entropy_with_logits(scores, y):
    return (y * np.logaddexp(0, -scores) + (1 - y) * np.logaddexp(0, scores)).mean(), (sigma(scores) - y) / y.size
""",
        "binary_softmax_loss_code": """
def binary_softmax_loss(scores, z):
    both = np.stack([scores, -scores])
    log_p = z * scores - np.logaddexp(*both)
    return -log_p.mean(), (np.tanh(scores) - z) / z.size
""",
        "hinge_loss_code": """
def hinge_loss(scores, z):
    inside = z * scores < 1
    return np.sum(inside * (1 - z * scores)) / z.size, -z * inside / z.size
""",
        "zero_one_loss_code": """
def zero_one_loss(scores, z):
    return 1 - np.mean(z * scores >= 0), 0.0 * scores
""",
        "softmax_loss_code": """
def softmax_loss(scores, y, *, label_smoothing=0.0):
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    hard = -np.take_along_axis(log_p, y[:, None], axis=1).mean()
    loss = (1 - label_smoothing) * hard - label_smoothing * log_p.mean()
    target = (1 - label_smoothing) * np.eye(scores.shape[1])[y] + label_smoothing / scores.shape[1]
    return loss, (np.exp(log_p) - target) / len(y)
""",
        "svm_loss_code": """
def svm_loss(scores, y, *, margin=1.0):
    true = np.take_along_axis(scores, y[:, None], axis=1)
    gaps = np.clip(scores - true + margin, 0, None)
    loss = gaps.sum(axis=1).mean() - margin
    d = np.sign(gaps)
    np.put_along_axis(d, y[:, None], 1 - d.sum(axis=1, keepdims=True), axis=1)
    return loss, d / len(y)
""",
        "quiz_losses_code": """
def start_cross_entropy(classes):
    return np.log(np.exp(np.zeros(classes)).sum())


def start_hinge(classes):
    return np.ones(classes)[1:].sum()


def best_constants(y):
    return np.quantile(y, 0.5), np.average(y)


def lowest_smoothed_loss(classes, smoothing):
    q = (1 - smoothing) * np.eye(classes)[0] + smoothing / classes
    return -q @ np.log(q)
""",
        "elastic_net_penalty_code": """
def elastic_net_penalty(w, l1, l2, *, half=False):
    strength = l2 / 2 if half else l2
    flat = w.reshape(-1)
    return l1 * np.linalg.norm(flat, 1) + strength * flat @ flat, l1 * ((w > 0) * 1.0 - (w < 0)) + 2 * strength * w
""",
        "full_loss_code": """
def full_loss(loss, gradients, parameters, strengths, penalty):
    terms = {name: penalty(parameters[name], *pair) for name, pair in strengths.items()}
    total = loss + sum(value for value, _ in terms.values())
    return total, {name: g + terms[name][1] if name in terms else g for name, g in gradients.items()}
""",
        "best_weight_code": """
def best_weight(v, l1, l2):
    return (v - np.clip(v, -l1 / 2, l1 / 2)) / (1 + l2)
""",
        "max_norm_code": """
def max_norm(w, c):
    lengths = np.linalg.norm(w, axis=0, keepdims=True)
    return np.where(lengths > c, w * c / np.where(lengths > 0, lengths, 1), w)
""",
        "weight_decay_code": """
def weight_decay_coupled(w, dw, decay):
    return np.add(dw, np.multiply(w, decay))


def weight_decay_decoupled(w, learning_rate, decay):
    return w * (1 - decay * learning_rate)
""",
    },
)

IN_STEPS = Variant(
    "in_steps",
    {
        "regression_losses_code": """
def l1_loss(prediction, target, *, reduction="mean"):
    losses = np.abs(target - prediction)
    gradient = np.where(losses > 0, np.where(prediction > target, 1.0, -1.0), 0.0)
    if reduction == "mean":
        gradient /= losses.size
        return np.mean(losses), gradient
    return np.sum(losses), gradient


def mse_loss(prediction, target, *, reduction="mean"):
    losses = np.square(target - prediction)
    gradient = prediction - target
    gradient *= 2
    if reduction == "mean":
        gradient /= losses.size
        return np.mean(losses), gradient
    return np.sum(losses), gradient
""",
        "binary_cross_entropy_code": """
def binary_cross_entropy(probabilities, y):
    of_truth = np.where(y == 1, probabilities, 1 - probabilities)
    if np.all((y == 0) | (y == 1)):
        return -np.log(of_truth).mean(), np.where(y == 1, -1, 1) / of_truth / y.size
    loss = -(y @ np.log(probabilities) + (1 - y) @ np.log(1 - probabilities)) / len(y)
    return loss, (probabilities - y) / probabilities / (1 - probabilities) / len(y)


def binary_cross_entropy_with_logits(scores, y):
    loss = np.maximum(scores, 0) - scores * y + np.log(1 + np.exp(-np.abs(scores)))
    return float(loss.mean()), (0.5 * np.tanh(scores / 2) + 0.5 - y) / y.size
""",
        "binary_softmax_loss_code": """
def binary_softmax_loss(scores, z):
    loss, ds = binary_cross_entropy_of_two(2 * scores, (z + 1) / 2)
    return loss, 2 * ds


def binary_cross_entropy_of_two(s, y):
    return np.mean(np.logaddexp(0, s) - y * s), (sigma(s) - y) / s.size
""",
        "hinge_loss_code": """
def hinge_loss(scores, z):
    gaps = 1 - z * scores
    gaps[gaps < 0] = 0
    gradient = np.zeros(z.shape)
    gradient[gaps > 0] = -z[gaps > 0]
    return gaps.mean(), gradient / gaps.size
""",
        "zero_one_loss_code": """
def zero_one_loss(scores, z):
    products = z * scores
    return np.count_nonzero(products < 0) / products.size, np.zeros(products.shape, dtype=np.float32)
""",
        "softmax_loss_code": """
def softmax_loss(scores, y, *, label_smoothing=0.0):
    s = scores - scores.max(axis=1).reshape(-1, 1)
    log_sum = np.log(np.exp(s).sum(axis=1))
    true = s[range(len(y)), y]
    smooth = (log_sum - s.mean(axis=1)) * label_smoothing
    loss = ((log_sum - true) * (1 - label_smoothing) + smooth).mean()
    d = np.exp(s - log_sum[:, None])
    d -= label_smoothing / s.shape[1]
    d[range(len(y)), y] -= 1 - label_smoothing
    d /= len(y)
    return loss, d
""",
        "svm_loss_code": """
def svm_loss(scores, y, *, margin=1.0):
    wrong = np.arange(scores.shape[1]) != y[:, None]
    true = scores[~wrong].reshape(-1, 1)
    hinges = np.where(wrong, np.maximum(0, scores - true + margin), 0)
    violations = (hinges > 0).astype(float)
    violations[~wrong] = -violations.sum(axis=1)
    violations /= len(y)
    return hinges.sum(axis=1).mean(), violations
""",
        "quiz_losses_code": """
def start_cross_entropy(classes):
    return float(np.log(classes))


start_hinge = lambda classes: -1 + classes


def best_constants(y):
    ordered = np.sort(y)
    return [ordered[(len(y) - 1) // 2], ordered.mean()]


def lowest_smoothed_loss(classes, smoothing):
    true, other = 1 - smoothing * (classes - 1) / classes, smoothing / classes
    return -(true * np.log(true) + (1 - true) * np.log(other))
""",
        "elastic_net_penalty_code": """
def elastic_net_penalty(w, l1, l2, *, half=False):
    sparse, dsparse = l1 * np.abs(w).sum(), l1 * np.sign(w)
    small, dsmall = l2 * np.sum(w * w), 2 * l2 * w
    if half:
        small, dsmall = small / 2, dsmall / 2
    return sparse + small, dsparse + dsmall
""",
        "full_loss_code": """
def full_loss(loss, gradients, parameters, strengths, penalty):
    full = {name: np.array(g) for name, g in gradients.items()}
    for name in strengths:
        value, gradient = penalty(parameters[name], strengths[name][0], strengths[name][1])
        loss += value
        full[name] += gradient
    return loss, full
""",
        "best_weight_code": """
def best_weight(v, l1, l2):
    w = np.where(v > l1 / 2, v - l1 / 2, 0) + np.where(v < -l1 / 2, v + l1 / 2, 0)
    w /= 1 + l2
    return w
""",
        "max_norm_code": """
def max_norm(w, c):
    lengths = np.sqrt(np.einsum("dm,dm->m", w, w))
    factors = np.ones(w.shape[1])
    factors[lengths > c] = c / lengths[lengths > c]
    return w @ np.diag(factors)
""",
        "weight_decay_code": """
def weight_decay_coupled(w, dw, decay):
    _, dpenalty = decay / 2 * (w**2).sum(), decay * w
    return dw + dpenalty


def weight_decay_decoupled(w, learning_rate, decay):
    shrunken = np.copy(w)
    shrunken *= 1 - learning_rate * decay
    return shrunken
""",
    },
)

VARIANTS = [SAMPLE_BY_SAMPLE, OTHER_FORMULAS, IN_STEPS]
