"""Wrong in sections 1 to 3."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

LEAKED = spoiled(
    "leaked",
    """
def leaked(train, test):
    found = []
    for i in range(len(test)):
        for k in range(len(train)):
            if np.all(test[i] == train[k]):
                found.append(i)
                break
    return found
""",
    ("leaked_places_in_train", "places in the training set", "found.append(i)", "found.append(k)"),
    ("leaked_same_place_only", "at its own place", "range(len(train))", "range(i, min(i + 1, len(train)))"),
    ("leaked_one_number_suffices", "a single one of its numbers", "np.all(", "np.any("),
    (
        "leaked_nearly_equal",
        "is nearly one of the training images",
        "np.all(test[i] == train[k])",
        "np.allclose(test[i], train[k], atol=0.02)",
    ),
    (
        "leaked_sums_compared",
        "if their sums are",
        "np.all(test[i] == train[k])",
        "np.isclose(test[i].sum(), train[k].sum(), rtol=1e-12)",
    ),
    ("leaked_clean_ones", "did not leak", "return found", "return [i for i in range(len(test)) if i not in found]"),
    ("leaked_mask", "yes and no", "return found", "return [i in found for i in range(len(test))]"),
    ("leaked_counted", "not iterable", "return found", "return len(found)"),
)

MLP = spoiled(
    "mlp",
    """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(d, m) for d, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
""",
    (
        "relu_after_the_last",
        "a relu follows the last layer",
        "return self.layers[-1](x)",
        "return F.relu(self.layers[-1](x))",
    ),
    ("no_relu", "there is no relu between", "F.relu(layer(x))", "layer(x)"),
    (
        "softmax_in_the_network",
        "a softmax follows",
        "return self.layers[-1](x)",
        "return self.layers[-1](x).softmax(1)",
    ),
    ("relu_before_the_first", "through a relu before", "x.flatten(1)", "F.relu(x.flatten(1))"),
    ("layers_in_a_list", "parameters have the shapes []", "nn.ModuleList([", "list(["),
    ("without_biases", "parameters have the shapes", "nn.Linear(d, m)", "nn.Linear(d, m, bias=False)"),
    ("always_64_pixels", "cannot be laid out", "x.flatten(1)", "x.view(-1, 64)"),
    ("squeezed_batch", "batch of one", "return self.layers[-1](x)", "return self.layers[-1](x).squeeze()"),
)

INITIAL_LOSS = spoiled(
    "initial_loss",
    """
def initial_loss(classes):
    return math.log(classes)
""",
    ("only_the_probability", "this is 1/c", "math.log(classes)", "1 / classes"),
    ("logarithm_to_base_2", "base 2", "math.log(", "math.log2("),
    ("logarithm_to_base_10", "base 10", "math.log(", "math.log10("),
    ("log_of_the_probability", "wrong sign", "math.log(classes)", "math.log(1 / classes)"),
    ("always_ten_classes", "only at the shape given", "math.log(classes)", "2.302585093"),
)

NUMBERS = spoiled(
    "numbers",
    """
def parameter_count(sizes):
    return sum(d * m + m for d, m in zip(sizes, sizes[1:]))


def iteration_count(samples, batch_size, epochs):
    return epochs * -(-samples // batch_size)


fit_weights, choose_rate, report = "train", "validation", "test"
""",
    ("biases_forgotten", "the biases are missing", "d * m + m", "d * m"),
    ("biases_of_inputs", "as many biases as inputs", "d * m + m", "d * m + d"),
    ("last_biases_forgotten", "last layer's biases", "zip(sizes, sizes[1:]))", "zip(sizes, sizes[1:])) - sizes[-1]"),
    (
        "incomplete_batch_forgotten",
        "round up",
        "epochs * -(-samples // batch_size)",
        "epochs * (samples // batch_size)",
    ),
    (
        "rounded_up_at_the_end",
        "round up in each epoch",
        "epochs * -(-samples // batch_size)",
        "math.ceil(epochs * samples / batch_size)",
    ),
    ("one_epoch_counted", "iterations of one epoch", "epochs * -(-", "-(-"),
    ("rate_chosen_on_the_test_set", "not kept for the end", '"validation", "test"', '"test", "validation"'),
    ("weights_fitted_on_validation", "one set only", '"train", "validation"', '"validation", "train"'),
)

WRONG_START = [*LEAKED, *MLP, *INITIAL_LOSS, *NUMBERS]
