"""Mistakes in parts 1 to 3: steps, loops, line search, mini-batches."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SGD = spoiled(
    "sgd_update",
    """
def sgd_update(w, dw, *, learning_rate):
    return w - learning_rate * dw
""",
    ("uphill", "goes uphill", "w - ", "w + "),
    ("no_rate", "learning rate is not used", "learning_rate * dw", "dw"),
    ("step_alone", "only the step", "w - ", ""),
    ("rate_times_all", "w shrinks as well", "w - learning_rate * dw", "learning_rate * (w - dw)"),
    ("divided", "divided by the learning rate", "learning_rate * dw", "dw / learning_rate"),
    ("unit_length", "length is lost", "* dw", "* dw / np.linalg.norm(dw)"),
    ("returns_nothing", "none", "return w - ", "w -= "),
    prefix="sgd_update_",
)

GRADIENT_DESCENT = spoiled(
    "gradient_descent",
    """
def gradient_descent(gradient, x0, *, learning_rate, tolerance, max_steps):
    path = [x0]
    x = x0
    for _ in range(max_steps):
        new = x - learning_rate * gradient(x)
        path.append(new)
        if np.linalg.norm(new - x) < tolerance:
            break
        x = new
    return np.array(path)
""",
    ("never_stops", "never stops early", "            break\n", "            pass\n"),
    ("gradient_is_short", "the gradient's length", "new - x)", "gradient(x))"),
    ("largest_entry", "the largest entry of the step", "np.linalg.norm(new - x)", "np.max(np.abs(new - x))"),
    ("sum_of_entries", "adds up the step's entries", "np.linalg.norm(new - x)", "np.sum(np.abs(new - x))"),
    ("squared_length", "the squared length", "np.linalg.norm(new - x)", "np.sum((new - x) ** 2)"),
    ("no_start", "the start is missing", "path = [x0]", "path = []"),
    (
        "no_end",
        "the last point is missing",
        "        path.append(new)\n        if np.linalg.norm(new - x) < tolerance:\n            break\n",
        "        if np.linalg.norm(new - x) < tolerance:\n            break\n        path.append(new)\n",
    ),
    ("gradient_at_start", "taken at x0", "gradient(x)\n", "gradient(x0)\n"),
    ("uphill", "goes uphill", "x - learning", "x + learning"),
    prefix="gradient_descent_",
)

STEP_SIZES = spoiled(
    "step_sizes",
    """
def step_sizes(curvatures):
    flat, steep = min(curvatures), max(curvatures)
    limit = 2 / steep
    best = 2 / (flat + steep)
    factor = (steep - flat) / (steep + flat)
    return limit, best, factor
""",
    ("limit_without_two", "may overshoot up to", "limit = 2 /", "limit = 1 /"),
    ("limit_of_the_flat", "limit of the flattest", "limit = 2 / steep", "limit = 2 / flat"),
    ("best_of_the_steep", "safe, but slow", "best = 2 / (flat + steep)", "best = 1 / steep"),
    ("best_of_the_mean", "mean of all curvatures", "2 / (flat + steep)", "1 / np.mean(curvatures)"),
    ("best_halved", "half of the best rate", "best = 2 /", "best = 1 /"),
    ("factor_at_one_over_c", "the factor for the rate 1/c_max", "(steep - flat) / (steep + flat)", "1 - flat / steep"),
    ("factor_is_condition", "condition number", "(steep - flat) / (steep + flat)", "steep / flat"),
    ("factor_negative", "wrong sign", "(steep - flat) /", "(flat - steep) /"),
    prefix="step_sizes_",
)

EXACT = spoiled(
    "exact_line_search",
    """
def exact_line_search(gradient, hessian):
    return gradient @ gradient / (gradient @ hessian @ gradient)
""",
    (
        "upside_down",
        "upside down",
        "gradient @ gradient / (gradient @ hessian @ gradient)",
        "gradient @ hessian @ gradient / (gradient @ gradient)",
    ),
    ("length_not_square", "the length of g", "return gradient @ gradient", "return np.linalg.norm(gradient)"),
    (
        "inverted",
        "not inverted",
        "gradient @ gradient / (gradient @ hessian @ gradient)",
        "gradient @ np.linalg.inv(hessian) @ gradient / (gradient @ gradient)",
    ),
    ("hessian_once", "between two gradients", "(gradient @ hessian @ gradient)", "np.linalg.norm(hessian @ gradient)"),
    (
        "largest_curvature",
        "largest curvature",
        "gradient @ gradient / (gradient @ hessian @ gradient)",
        "1 / np.linalg.eigvalsh(hessian).max()",
    ),
    ("half", "leaves no ½", "return gradient", "return 0.5 * gradient"),
    ("negative", "best step is positive", "return gradient", "return -gradient"),
    prefix="exact_line_search_",
)

BACKTRACKING = spoiled(
    "backtracking_line_search",
    """
def backtracking_line_search(f, x, direction, gradient, *, step=1.0, c1=1e-4, shrink=0.5):
    start = f(x)
    slope = gradient @ direction
    for _ in range(200):
        if f(x + step * direction) <= start + c1 * step * slope:
            break
        step = step * shrink
    return step
""",
    ("any_decrease", "any decrease is accepted", " + c1 * step * slope", ""),
    ("wrong_sign", "wrong sign", "start + c1", "start - c1"),
    ("no_alpha", "lacks the step", "c1 * step * slope", "c1 * slope"),
    ("once_too_often", "shrunk once too often", "return step", "return step * shrink"),
    ("always_halved", "halved whatever", "step * shrink", "step * 0.5"),
    ("own_c1", "with the `c1` passed in", "start + c1", "start + 1e-4"),
    ("own_step", "the first step is 1", "    start = f(x)", "    step = 1.0\n    start = f(x)"),
    (
        "nan_passes",
        "a NaN passes",
        "if f(x + step * direction) <= start + c1 * step * slope:",
        "if not f(x + step * direction) > start + c1 * step * slope:",
    ),
    ("steepest", "as if it were −g", "gradient @ direction", "-(gradient @ gradient)"),
    prefix="backtracking_line_search_",
)

MINIBATCHES = spoiled(
    "minibatches",
    """
def minibatches(samples, batch_size, rng):
    order = rng.permutation(samples)
    return [order[i : i + batch_size] for i in range(0, samples, batch_size)]
""",
    (
        "last_one_dropped",
        "the last batch of an epoch is left out",
        "range(0, samples, batch_size)",
        "range(0, max(samples // batch_size, 1) * batch_size, batch_size)",
    ),
    ("with_replacement", "with replacement", "rng.permutation(samples)", "rng.integers(samples, size=samples)"),
    ("not_shuffled", "shuffle with rng", "rng.permutation(samples)", "np.arange(samples)"),
    (
        "number_not_size",
        "not the number of batches",
        "[order[i : i + batch_size] for i in range(0, samples, batch_size)]",
        "[b for b in np.array_split(order, batch_size) if len(b)]",
    ),
    (
        "equally_large",
        "equally large",
        "[order[i : i + batch_size] for i in range(0, samples, batch_size)]",
        "np.array_split(order, -(-samples // batch_size))",
    ),
    ("own_generator", "in the same order", "rng.permutation", "np.random.default_rng(0).permutation"),
    ("other_randomness", "must come from rng", "rng.permutation", "np.random.permutation"),
    prefix="minibatches_",
)

NOISE = spoiled(
    "gradient_noise",
    """
def gradient_noise(gradients, batch_size):
    n = len(gradients)
    middle = gradients.mean(axis=0)
    variance = np.mean(np.sum((gradients - middle) ** 2, axis=1))
    return np.sqrt(variance / batch_size * (n - batch_size) / (n - 1))
""",
    ("independent", "(n − m)/(n − 1) is missing", " * (n - batch_size) / (n - 1)", ""),
    ("no_root", "the noise is its root", "np.sqrt(variance", "(variance"),
    ("by_m", "falls with the root of m", "variance / batch_size", "variance / batch_size**2"),
    ("unbiased", "divided by n − 1 where n is due", "np.mean(np.sum", "n / (n - 1) * np.mean(np.sum"),
    ("not_centred", "the mean is not subtracted", "gradients - middle", "gradients"),
    ("mean_over_entries", "averaged over the entries", "np.sum((", "np.mean(("),
    ("by_n", "here (n − m)/n", "/ (n - 1)", "/ n"),
    (
        "single_samples",
        "the batch size does not enter",
        "variance / batch_size * (n - batch_size) / (n - 1)",
        "variance",
    ),
    prefix="gradient_noise_",
)

ROBBINS_MONRO = spoiled(
    "robbins_monro",
    """
def robbins_monro(power):
    return power <= 1, power > 0.5
""",
    ("harmonic_is_finite", "belongs to the rates whose sum is infinite", "<= 1", "< 1"),
    ("half_is_enough", "p = ½ is not enough", "> 0.5", ">= 0.5"),
    ("not_squared", "the rates are summed", "power > 0.5", "power > 1"),
    ("swapped", "swapped", "power <= 1, power > 0.5", "power > 0.5, power <= 1"),
    ("opposite", "the opposite", "power <= 1, power > 0.5", "power > 1, power <= 0.5"),
    prefix="robbins_monro_",
)

WRONG = [
    *SGD,
    *GRADIENT_DESCENT,
    *STEP_SIZES,
    *EXACT,
    *BACKTRACKING,
    *MINIBATCHES,
    *NOISE,
    *ROBBINS_MONRO,
]
