"""Wrong in sections 12 and 13."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

CHOOSE = spoiled(
    "choose",
    """
def choose(settings, train, validation, test, *, fit, error):
    best, lowest, chosen = None, math.inf, None
    for setting in settings:
        model = fit(setting, train)
        found = error(model, validation)
        if found < lowest:
            best, lowest, chosen = setting, found, model
    return best, error(chosen, test)
""",
    (
        "chosen_on_the_test_set",
        "chosen on the test set",
        "found = error(model, validation)",
        "found = error(model, test)",
        "error(chosen, test)",
        "lowest",
    ),
    ("chosen_on_the_training_set", "chosen on the training set", "error(model, validation)", "error(model, train)"),
    ("validation_error_reported", "the luckiest of many", "error(chosen, test)", "lowest"),
    ("error_of_the_last_model", "the last model", "error(chosen, test)", "error(model, test)"),
    (
        "highest_error_chosen",
        "the lowest is the best",
        "math.inf, None",
        "-math.inf, None",
        "found < lowest",
        "found > lowest",
    ),
    (
        "test_set_watched",
        "looked at with every setting",
        "        if found",
        "        print(setting, found, error(model, test))\n        if found",
    ),
    ("trained_on_validation", "fitted on the validation set", "fit(setting, train)", "fit(setting, validation)"),
)

PREDICT = spoiled(
    "digits_accuracy",
    """
def predict(model, images):
    model.eval()
    with torch.no_grad():
        return model(images).argmax(dim=1)
""",
    ("scores_instead_of_digits", "returned the scores", ".argmax(dim=1)", ""),
    ("largest_score_instead_of_class", "the place of the largest", ".argmax(dim=1)", ".amax(dim=1).round()"),
    ("argmax_over_the_images", "one digit per image", ".argmax(dim=1)", ".argmax(dim=0)"),
    ("always_the_final_model", "the model that it is given", "return model(", "return final_model("),
    ("read_in_training_mode", "in training mode", "    model.eval()\n", ""),
    ("digits_from_1", "counted from 0", ".argmax(dim=1)", ".argmax(dim=1) + 1"),
    cell="predict_code",
)

FINAL = spoiled(
    "digits_accuracy",
    """
torch.manual_seed(0)
final_model = MLP([64, 64, 10])
optimizer = torch.optim.Adam(final_model.parameters(), lr=1e-2)
history = fit(
    final_model, optimizer, train, validation, epochs=1, batch_size=64, rng=np.random.default_rng(0),
    step=train_step, measure=evaluate,
)
""",
    ("hardly_trained", "needed ≥ 0.95", "lr=1e-2", "lr=1e-5"),
    ("digits_diverged", "needed ≥ 0.95", "lr=1e-2", "lr=30.0"),
)

OWN_FUNCTIONS = spoiled(
    "own_network",
    """
def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)
""",
    ("bias_gradient_averaged", "an extra factor 1/n", "dout.sum(axis=0)", "dout.mean(axis=0)"),
    ("relu_changes_its_input", "read-only", "return np.maximum(x, 0), x", "x[x < 0] = 0\n    return x, x"),
    ("gradient_not_transposed", "must have its input's shape", "dout @ w.T, x.T @ dout", "dout @ w.T, dout.T @ x"),
    cell="own_functions_code",
)

OWN_NETWORK = spoiled(
    "own_network",
    """
affine = autograd_function(affine_forward, affine_backward, arrays="numpy")
relu = autograd_function(relu_forward, relu_backward, arrays="numpy")


class OwnLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return affine(x, self.weight.T, self.bias)


class OwnMLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([OwnLinear(d, m) for d, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = relu(layer(x))
        return self.layers[-1](x)
""",
    ("layers_of_pytorch", "torch.nn.linear", "OwnLinear(d, m) for", "nn.Linear(d, m) for"),
    (
        "weights_as_columns",
        "parameters have the shapes",
        "torch.randn(outputs, inputs)",
        "torch.randn(inputs, outputs)",
        "self.weight.T",
        "self.weight",
    ),
    ("own_relu_forgotten", "there is no relu between", "relu(layer(x))", "layer(x)"),
    (
        "own_relu_at_the_end",
        "a relu follows the last layer",
        "return self.layers[-1](x)",
        "return relu(self.layers[-1](x))",
    ),
    (
        "all_weights_equal",
        "start with the same weights",
        "torch.randn(outputs, inputs) / inputs**0.5",
        "torch.full((outputs, inputs), 0.1)",
    ),
    ("all_weights_zero", "start with the same weights", "torch.randn(outputs, inputs)", "torch.zeros(outputs, inputs)"),
    ("weights_detached", "no gradient arrives", "self.weight.T", "self.weight.data.T"),
    (
        "weights_not_registered",
        "parameters have the shapes",
        "nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)",
        "torch.randn(outputs, inputs) / inputs**0.5",
    ),
    (
        "gradient_by_autograd",
        "asks you to write",
        'autograd_function(relu_forward, relu_backward, arrays="numpy")',
        "nn.functional.relu",
    ),
)

OWN_ACCURACY = spoiled(
    "own_accuracy",
    """
torch.manual_seed(0)
own_model = OwnMLP([64, 32, 10])
optimizer = torch.optim.Adam(own_model.parameters(), lr=1e-2)
own_history = fit(
    own_model, optimizer, train, validation, epochs=1, batch_size=128, rng=np.random.default_rng(0),
    step=train_step, measure=evaluate,
)
""",
    (
        "not_the_own_model",
        "not one of your ownmlp",
        "own_model = OwnMLP([64, 32, 10])",
        "own_model = MLP([64, 32, 10])",
    ),
    ("own_model_untrained", "needed ≥ 0.95", "lr=1e-2", "lr=0.0"),
    ("own_model_diverged", "needed ≥ 0.95", "lr=1e-2", "lr=10.0"),
    ("own_model_hardly_trained", "needed ≥ 0.95", "batch_size=128", "batch_size=1077"),
)

WRONG_TRAINED = [*CHOOSE, *PREDICT, *FINAL, *OWN_FUNCTIONS, *OWN_NETWORK, *OWN_ACCURACY]
