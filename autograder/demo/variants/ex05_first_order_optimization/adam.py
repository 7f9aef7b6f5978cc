"""Mistakes in part 6: Adam and its relatives."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

ADAM = spoiled(
    "adam_update",
    """
def adam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    k = step + 1
    c1, c2 = 1 - beta1**k, 1 - beta2**k
    if not bias_correction:
        c1, c2 = 1, 1
    mh, vh = m / c1, v / c2
    return w - learning_rate * mh / (np.sqrt(vh) + eps), m, v, step + 1
""",
    ("not_corrected", "the correction is missing", "c1, c2 = 1 - beta1**k, 1 - beta2**k", "c1, c2 = 1, 1"),
    ("only_m", "only m is corrected", "v / c2", "v"),
    ("only_v", "only v is corrected", "m / c1", "m"),
    ("corrections_swapped", "the corrections are swapped", "1 - beta1**k, 1 - beta2**k", "1 - beta2**k, 1 - beta1**k"),
    ("no_power", "without the power", "1 - beta1**k, 1 - beta2**k", "1 - beta1, 1 - beta2"),
    ("counted_late", "take k + 1", "k = step + 1", "k = np.float64(step)"),
    ("not_counted", "the step is not counted", "v, step + 1", "v, step"),
    ("keeps_corrected", "corrects them again", "eps), m, v,", "eps), mh, vh,"),
    ("v_of_m", "v averages the square of m", "dw**2", "m**2"),
    ("v_not_squared", "v averages the gradients", "dw**2", "dw"),
    ("m_is_a_sum", "the first moment is an average", "(1 - beta1) * dw", "dw"),
    ("eps_inside", "stands inside the root", "np.sqrt(vh) + eps", "np.sqrt(vh + eps)"),
    ("no_root", "the root is missing", "np.sqrt(vh)", "vh"),
    ("uphill", "goes uphill", "return w - ", "return w + "),
    ("flag_ignored", "makes no difference", "c1, c2 = 1, 1", "pass"),
    prefix="adam_update_",
)

ADAMAX = spoiled(
    "adamax_update",
    """
def adamax_update(w, dw, *, m, u, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * dw
    u = np.maximum(beta2 * u, np.abs(dw) + eps)
    k = step + 1
    return w - learning_rate / (1 - beta1**k) * m / u, m, u, step + 1
""",
    ("no_absolute", "the absolute value is missing", "np.abs(dw)", "dw"),
    ("no_fading", "does not fade", "beta2 * u", "u"),
    ("average", "u is an average", "np.maximum(beta2 * u, np.abs(dw) + eps)", "beta2 * u + (1 - beta2) * np.abs(dw)"),
    ("squares", "u is Adam's v", "np.maximum(beta2 * u, np.abs(dw) + eps)", "beta2 * u + (1 - beta2) * dw**2"),
    ("root", "the root of u", "m / u,", "m / np.sqrt(u),"),
    ("minimum", "the smaller of the two", "np.maximum", "np.minimum"),
    ("u_corrected", "u is corrected as well", "(1 - beta1**k)", "(1 - beta1**k) * (1 - beta2**k)"),
    ("m_not_corrected", "m is not corrected", " / (1 - beta1**k)", ""),
    ("counted_late", "take k + 1", "k = step + 1", "k = np.float64(step)"),
    ("not_counted", "the step is not counted", "u, step + 1", "u, step"),
    ("uphill", "goes uphill", "return w - ", "return w + "),
    prefix="adamax_update_",
)

NADAM = spoiled(
    "nadam_update",
    """
def nadam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m_old = m
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    k = step + 1
    mh = beta1 * m / (1 - beta1 ** (k + 1)) + (1 - beta1) * dw / (1 - beta1**k)
    vh = v / (1 - beta2**k)
    return w - learning_rate * mh / (np.sqrt(vh) + eps), m, v, k
""",
    (
        "adam",
        "there is no look ahead",
        "beta1 * m / (1 - beta1 ** (k + 1)) + (1 - beta1) * dw / (1 - beta1**k)",
        "m / (1 - beta1**k)",
    ),
    ("survey_form", "divided by 1 − β₁ᵏ⁺¹", "(1 - beta1 ** (k + 1))", "(1 - beta1**k)"),
    ("both_next", "divided by 1 − β₁ᵏ⁺²", "dw / (1 - beta1**k)", "dw / (1 - beta1 ** (k + 1))"),
    ("old_m", "uses the old m", "beta1 * m / (1", "beta1 * m_old / (1"),
    ("no_one_minus_beta", "lacks its factor 1 − β₁", "+ (1 - beta1) * dw /", "+ dw /"),
    ("no_beta", "the new m lacks its factor", "mh = beta1 * m", "mh = m"),
    (
        "not_corrected",
        "m and dw are not corrected",
        "beta1 * m / (1 - beta1 ** (k + 1)) + (1 - beta1) * dw / (1 - beta1**k)",
        "beta1 * m + (1 - beta1) * dw",
    ),
    ("v_not_corrected", "v is not corrected", "v / (1 - beta2**k)", "v"),
    prefix="nadam_update_",
)

AMSGRAD = spoiled(
    "amsgrad_update",
    """
def amsgrad_update(w, dw, *, m, v, v_max, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    v_max = np.maximum(v_max, v)
    k = step + 1
    mh, vh = m / (1 - beta1**k), v_max / (1 - beta2**k)
    return w - learning_rate * mh / (np.sqrt(vh) + eps), m, v, v_max, step + 1
""",
    ("adam", "this is Adam", "v_max / (1", "v / (1"),
    ("minimum", "the smaller of the two", "np.maximum", "np.minimum"),
    (
        "corrected_first",
        "the maximum is taken of the corrected",
        "v)\n    k = step + 1\n    mh, vh = m / (1 - beta1**k), v_max / (1 - beta2**k)",
        "v / (1 - beta2 ** (step + 1)))\n    k = step + 1\n    mh, vh = m / (1 - beta1**k), v_max",
    ),
    ("v_replaced", "returned for v as well", "m, v, v_max, step + 1", "m, v_max, v_max, step + 1"),
    ("one_for_all", "one number for all", "np.maximum(v_max, v)", "np.full_like(v, max(v_max.max(), v.max()))"),
    ("forgets", "forgets its past", "np.maximum(v_max, v)", "v"),
    ("max_not_corrected", "v_max is not corrected", "v_max / (1 - beta2**k)", "v_max"),
    ("m_not_corrected", "m is not corrected", "m / (1 - beta1**k)", "m"),
    ("not_counted", "the step is not counted", "v_max, step + 1", "v_max, step"),
    prefix="amsgrad_update_",
)

ADAMW = spoiled(
    "adamw_update",
    """
def adamw_update(w, dw, *, adam, m, v, step, learning_rate, decay=0.01):
    w = (1 - learning_rate * decay) * w
    w, m, v, step = adam(w, dw, m=m, v=v, step=step, learning_rate=learning_rate)
    return w, m, v, step


def afterwards(adam, share):
    def step(*args, **options):
        w, *state = adam(*args, **options)
        return (1 - share) * w, *state

    return step
""",
    ("coupled", "λw joins the gradient", "    w = (1 - learning_rate * decay) * w\n", "    dw = dw + decay * w\n"),
    (
        "rate_coupled",
        "αλw joins the gradient",
        "    w = (1 - learning_rate * decay) * w\n",
        "    dw = dw + learning_rate * decay * w\n",
    ),
    ("no_rate", "lacks the learning rate", "learning_rate * decay", "decay"),
    ("grows", "the weights grow", "1 - learning", "1 + learning"),
    (
        "afterwards",
        "the decay comes after the step",
        "    w = (1 - learning_rate * decay) * w\n    w, m, v, step = adam(",
        "    w, m, v, step = afterwards(adam, learning_rate * decay)(",
    ),
    ("no_decay", "there is no decay", "(1 - learning_rate * decay) * w", "w"),
    ("shrunk_to_decay", "multiplied by αλ", "(1 - learning_rate * decay) * w", "learning_rate * decay * w"),
    ("twice", "decayed twice", "return w,", "return (1 - learning_rate * decay) * w,"),
    prefix="adamw_update_",
)

WRONG = [*ADAM, *ADAMAX, *NADAM, *AMSGRAD, *ADAMW]
