"""What students write in exercise 07: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.demo.variants import Variant

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

SEQUENTIAL = Variant(
    "sequential",
    {
        "mlp_code": """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        layers = [nn.Flatten()]
        for i in range(len(sizes) - 1):
            if i > 0:
                layers.append(nn.ReLU(inplace=True))
            layers.append(nn.Linear(sizes[i], sizes[i + 1]))
        self.network = nn.Sequential(*layers)

    def forward(self, x):
        return self.network(x)
""",
        "train_step_code": """
def train_step(model, optimizer, x, y):
    model.train()
    criterion = nn.CrossEntropyLoss()
    loss = criterion(model(x), y)
    model.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    return float(loss.detach())
""",
        "evaluate_code": """
@torch.inference_mode()
def evaluate(model, x, y):
    mode = model.training
    try:
        scores = model.eval()(x)
    finally:
        model.train(mode)
    loss = -scores.log_softmax(1).gather(1, y[:, None]).mean()
    return loss.item(), sum(scores.max(1).indices == y).item() / len(y)
""",
        "own_network_code": """
affine = autograd_function(affine_forward, affine_backward, arrays="numpy")
relu = autograd_function(relu_forward, relu_backward, arrays="numpy")


class OwnLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter((2 * torch.rand(outputs, inputs) - 1) / inputs**0.5)
        self.bias = nn.Parameter((2 * torch.rand(outputs) - 1) / inputs**0.5)

    def forward(self, x):
        return affine(x, self.weight.t(), self.bias)


class OwnReLU(nn.Module):
    def forward(self, x):
        return relu(x)


class OwnMLP(nn.Sequential):
    def __init__(self, sizes):
        layers = [nn.Flatten()]
        for d, m in zip(sizes, sizes[1:]):
            layers += [OwnLinear(d, m), OwnReLU()]
        super().__init__(*layers[:-1])
""",
    },
)

PLAIN_PYTHON = Variant(
    "plain_python",
    {
        "initial_loss_code": """
def initial_loss(classes):
    return -np.log(1 / classes)
""",
        "evaluate_code": """
def evaluate(model, x, y):
    before = model.training
    model.train(False)
    loss, right = 0.0, 0
    with torch.no_grad():
        for i in range(len(x)):
            scores = model(x[i : i + 1])[0]
            loss += torch.logsumexp(scores, 0).item() - scores[y[i]].item()
            right += int(scores.argmax() == y[i])
    if before:
        model.train()
    return loss / len(x), right / len(x)
""",
        "fit_code": """
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, early_stopping=None):
    curves = [[], [], [], []]
    epoch = 0
    while epoch < epochs:
        epoch += 1
        for x, y in batches(train[0], train[1], batch_size, rng):
            train_step(model, optimizer, x, y)
        numbers = [*evaluate(model, *train), *evaluate(model, *validation)]
        for curve, number in zip(curves, numbers):
            curve.append(number)
        if early_stopping and early_stopping.step(numbers[2], model):
            epoch = epochs
    if early_stopping:
        early_stopping.restore(model)
    return dict(zip(["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"], curves))
""",
        "early_stopping_code": """
class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.losses = []
        self.best_loss, self.best_epoch = float("inf"), 0

    def step(self, validation_loss, model):
        self.losses.append(validation_loss)
        if validation_loss < self.best_loss:
            self.best_loss = validation_loss
            self.best_epoch = len(self.losses) - 1
            self.weights = [p.detach().clone() for p in model.parameters()]
            self.any = True
        if not hasattr(self, "any"):
            return len(self.losses) >= self.patience
        return len(self.losses) - 1 - self.best_epoch >= self.patience

    def restore(self, model):
        with torch.no_grad():
            for p, best in zip(model.parameters(), self.weights):
                p.copy_(best)
""",
        "sample_learning_rates_code": """
def sample_learning_rates(low, high, size, rng):
    return np.array([low * (high / low) ** rng.random() for _ in range(size)])
""",
        "digits_accuracy_code": """
torch.manual_seed(3)
final_model = MLP([64, 100, 10])
optimizer = torch.optim.SGD(final_model.parameters(), lr=0.2, momentum=0.9)
for epoch in range(15):
    for x, y in batches(*train, 32, np.random.default_rng(epoch)):
        train_step(final_model, optimizer, x, y)


def predict(model, images):
    with torch.no_grad():
        return [max(range(10), key=lambda c: s[c]) for s in model(images).tolist()]
""",
    },
)

TENSORS = Variant(
    "tensors",
    {
        "initial_loss_code": """
def initial_loss(classes):
    return torch.log(torch.tensor(float(classes), dtype=torch.float64))
""",
        "numbers_code": """
fit_weights, choose_rate, report = "Train", " validation", "test"
parameters = float(sum(p.numel() for p in MLP([64, 32, 10]).parameters()))
start_loss = torch.tensor(6.908)
iterations = np.int64(680)
""",
        "train_step_code": """
def train_step(model, optimizer, x, y):
    for module in model.modules():
        module.training = True
    for p in model.parameters():
        p.grad = None
    loss = F.nll_loss(F.log_softmax(model(x), dim=1), y)
    loss.backward()
    optimizer.step()
    return loss.detach()
""",
        "evaluate_code": """
def evaluate(model, x, y):
    before = model.training
    model.eval()
    with torch.no_grad():
        scores = model(x)
        loss = F.cross_entropy(scores, y)
        accuracy = (scores.argmax(1) == y).double().mean()
    model.train(before)
    return loss, accuracy
""",
        "learning_rate_search_code": """
def learning_rate_search(build, rates, train, validation, *, iterations=100):
    losses = torch.full((len(rates),), float("inf"))
    for i, rate in enumerate(rates):
        model, optimizer = build(rate)
        for _ in range(iterations):
            train_step(model, optimizer, train[0], train[1])
        loss = evaluate(model, *validation)[0]
        if torch.isfinite(loss):
            losses[i] = loss
    return losses
""",
        "sample_learning_rates_code": """
def sample_learning_rates(low, high, size, rng):
    uniform = torch.from_numpy(rng.random(size))
    return torch.exp(math.log(low) + uniform * math.log(high / low))
""",
    },
)

OWN_ARRAYS = Variant(
    "own_arrays",
    {
        "mlp_code": """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.last = len(sizes) - 2
        for i, (d, m) in enumerate(zip(sizes, sizes[1:])):
            weight = nn.init.kaiming_uniform_(torch.empty(m, d), nonlinearity="relu")
            self.register_parameter(f"w{i}", nn.Parameter(weight))
            self.register_parameter(f"b{i}", nn.Parameter(torch.zeros(m)))

    def forward(self, x):
        h = x.reshape(len(x), -1)
        for i in range(self.last + 1):
            h = h @ getattr(self, f"w{i}").T + getattr(self, f"b{i}")
            h = h.clamp(min=0) if i < self.last else h
        return h
""",
        "overfit_code": """
def overfit(images, labels):
    model = MLP([64, 32, 10])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = [train_step(model, optimizer, images, labels)]
    while losses[-1] > 1e-3 and len(losses) < 2000:
        losses.append(train_step(model, optimizer, images, labels))
    return [model, losses]
""",
        "own_functions_code": """
def affine_forward(x, w, b):
    x = x.astype(np.float64)
    return np.einsum("nd,dm->nm", x, w) + b, {"x": x, "w": w}


def affine_backward(dout, cache):
    dx = np.einsum("nm,dm->nd", dout, cache["w"])
    return dx, np.einsum("nd,nm->dm", cache["x"], dout), np.ones(len(dout)) @ dout


def relu_forward(x):
    out = x.copy()
    out[x < 0] = 0
    return out, x <= 0


def relu_backward(dout, blocked):
    dx = dout.copy()
    dx[blocked] = 0
    return dx
""",
    },
)

RIGHT = [SEQUENTIAL, PLAIN_PYTHON, TENSORS, OWN_ARRAYS]

# ---------------------------------------------------------------------------------------------------------------
# Wrong: what a right cell looks like, then name, what the diagnosis says, and the edits that spoil the cell


def _spoiled(
    task: str, cell: str, right: str, *mistakes: tuple[str, ...], also: Mapping[str, str] | None = None
) -> list[Variant]:
    """Return a variant for each ``(name, says, old, new, ...)``: the right cell with ``old`` replaced by ``new``.

    ``also`` holds right cells that the wrong one is seen through.
    """
    variants = []
    for name, says, *edits in mistakes:
        wrong = right
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            assert old in wrong, (name, old)
            wrong = wrong.replace(old, new)
        variants.append(Variant(name, {cell: wrong, **(also or {})}, task, says))
    return variants


MLP_CELL = """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(d, m) for d, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)
"""

MLP = _spoiled(
    "mlp",
    "mlp_code",
    MLP_CELL,
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
    ("layers_in_a_list", "parameters have the shapes []", "nn.ModuleList([", "list(["),
    ("without_biases", "parameters have the shapes", "nn.Linear(d, m)", "nn.Linear(d, m, bias=False)"),
    ("always_64_pixels", "cannot be laid out", "x.flatten(1)", "x.view(-1, 64)"),
    ("squeezed_batch", "batch of one", "return self.layers[-1](x)", "return self.layers[-1](x).squeeze()"),
)

INITIAL_LOSS = _spoiled(
    "initial_loss",
    "initial_loss_code",
    """
def initial_loss(classes):
    return math.log(classes)
""",
    ("only_the_probability", "this is 1/c", "math.log(classes)", "1 / classes"),
    ("logarithm_to_base_2", "base 2", "math.log(", "math.log2("),
    ("log_of_the_probability", "wrong sign", "math.log(classes)", "math.log(1 / classes)"),
    ("always_ten_classes", "only at the shape given", "math.log(classes)", "2.302585093"),
)

NUMBERS = _spoiled(
    "numbers",
    "numbers_code",
    """
fit_weights, choose_rate, report = "train", "validation", "test"
parameters = 2410
start_loss = 6.91
iterations = 680
""",
    ("biases_forgotten", "m biases", "2410", "2368"),
    ("incomplete_batch_forgotten", "round up", "680", "660"),
    ("rate_chosen_on_the_test_set", "not kept for the end", '"validation", "test"', '"test", "validation"'),
    ("loss_to_base_10", "what initial_loss says", "6.91", "3.0"),
)

TRAIN_STEP = _spoiled(
    "train_step",
    "train_step_code",
    """
def train_step(model, optimizer, x, y):
    model.train()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()
""",
    ("gradients_not_cleared", "old gradients are not cleared", "    optimizer.zero_grad()\n", ""),
    ("softmax_twice", "softmax before the cross-entropy", "model(x), y", "model(x).softmax(1), y"),
    ("no_step", "the parameters never move", "    optimizer.step()\n", ""),
    (
        "cleared_before_the_step",
        "the parameters never move",
        "    optimizer.step()",
        "    optimizer.zero_grad()\n    optimizer.step()",
    ),
    ("left_in_evaluation_mode", "stayed in evaluation mode", "    model.train()\n", ""),
    ("summed_loss", "summed over the mini-batch", "model(x), y", 'model(x), y, reduction="sum"'),
    (
        "loss_after_the_step",
        "the loss after the step",
        "return loss.item()",
        "return F.cross_entropy(model(x), y).item()",
    ),
    ("nothing_returned", "still none", "return loss.item()", "print(loss.item())"),
)

EVALUATE = _spoiled(
    "evaluate",
    "evaluate_code",
    """
def evaluate(model, x, y):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        scores = model(x)
    model.train(was_training)
    accuracy = (scores.argmax(dim=1) == y).float().mean()
    return F.cross_entropy(scores, y).item(), accuracy.item()
""",
    ("measured_in_training_mode", "measured in training mode", "    model.eval()\n", ""),
    ("graph_for_nothing", "built a graph", "torch.no_grad()", "torch.enable_grad()"),
    ("mode_not_restored", "must leave in training mode", "    model.train(was_training)\n", ""),
    ("counted_not_averaged", "times too large", ".float().mean()", ".sum()"),
    (
        "accuracy_before_loss",
        "holds another output",
        "return F.cross_entropy(scores, y).item(), accuracy.item()",
        "return accuracy.item(), F.cross_entropy(scores, y).item()",
    ),
)

OVERFIT = _spoiled(
    "overfit",
    "overfit_code",
    """
def overfit(images, labels):
    model = MLP([64, 32, 10])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(100):
        losses.append(train_step(model, optimizer, images, labels))
    return model, losses
""",
    ("rate_too_small_to_memorize", "needed ≤ 0.05", "lr=1e-2", "lr=1e-6"),
    ("only_the_first_image", "needed ≤ 0.05", "images, labels))", "images[:1], labels[:1]))"),
    ("losses_alone", "must return the trained model first", "return model, losses", "return losses"),
    also={"mlp_code": MLP_CELL},
)

FIT = _spoiled(
    "fit",
    "fit_code",
    """
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, early_stopping=None):
    history = {"train_loss": [], "train_accuracy": [], "validation_loss": [], "validation_accuracy": []}
    for epoch in range(epochs):
        losses = [train_step(model, optimizer, x, y) for x, y in batches(*train, batch_size, rng)]
        loss, accuracy = evaluate(model, *train)
        history["train_loss"].append(loss)
        history["train_accuracy"].append(accuracy)
        loss, accuracy = evaluate(model, *validation)
        history["validation_loss"].append(loss)
        history["validation_accuracy"].append(accuracy)
        if early_stopping is not None and early_stopping.step(loss, model):
            break
    if early_stopping is not None:
        early_stopping.restore(model)
    return history
""",
    (
        "running_average",
        "an average over the epoch's mini-batches",
        'history["train_loss"].append(loss)',
        'history["train_loss"].append(np.mean(losses))',
    ),
    (
        "one_order_for_all_epochs",
        "every epoch has the same order",
        "    for epoch in",
        "    order = list(batches(*train, batch_size, rng))\n    for epoch in",
        "in batches(*train, batch_size, rng)]",
        "in order]",
    ),
    ("learns_from_validation", "learns from the validation set", "in batches(*train", "in batches(*validation"),
    (
        "goes_on_after_the_stop",
        "although early_stopping.step answered true",
        "            break\n",
        "            pass\n",
    ),
    ("never_restored", "restore is not called", "early_stopping.restore(model)", "pass"),
    ("other_keys", "still none", '"validation_loss"', '"val_loss"'),
)

STOPPING = _spoiled(
    "early_stopping",
    "early_stopping_code",
    """
class EarlyStopping:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss, self.best_epoch = math.inf, None
        self.epoch = self.waited = 0

    def step(self, validation_loss, model):
        if validation_loss < self.best_loss:
            self.best_loss = validation_loss
            self.best_epoch = self.epoch
            self.best_weights = copy.deepcopy(model.state_dict())
            self.waited = 0
        else:
            self.waited += 1
        self.epoch += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.best_weights)
""",
    ("one_epoch_too_late", "one epoch too late", "self.waited >= self.patience", "self.waited > self.patience"),
    ("count_never_reset", "never set back", "            self.waited = 0\n", ""),
    (
        "compared_with_the_last",
        "compared with the one before",
        "validation_loss < self.best_loss",
        "validation_loss < self.last",
        "self.epoch += 1",
        "self.epoch, self.last = self.epoch + 1, validation_loss",
        "math.inf, None",
        "math.inf, None\n        self.last = math.inf",
    ),
    ("weights_not_copied", "without a copy", "copy.deepcopy(model.state_dict())", "model.state_dict()"),
    ("counted_from_1", "counted from 1", "self.best_epoch = self.epoch", "self.best_epoch = self.epoch + 1"),
    (
        "nan_taken_for_better",
        "edge: nan",
        "if validation_loss < self.best_loss",
        "if not validation_loss >= self.best_loss",
    ),
    (
        "step_returns_nothing",
        "it never stops",
        "return self.waited >= self.patience",
        "self.stop = self.waited >= self.patience",
    ),
)

SAMPLE = _spoiled(
    "sample_learning_rates",
    "sample_learning_rates_code",
    """
def sample_learning_rates(low, high, size, rng):
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
""",
    (
        "rates_uniform",
        "uniform themselves",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "rng.uniform(low, high, size)",
    ),
    (
        "rates_on_a_grid",
        "gave the same numbers",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "np.geomspace(low, high, size)",
    ),
    ("own_generator", "must come from rng", "rng.uniform", "np.random.default_rng().uniform"),
    (
        "whole_decades",
        "needed ≤ 0.05",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "low * 10.0 ** rng.integers(0, 4, size)",
    ),
    ("exponential_forgotten", "the rates go from", "np.exp(rng", "(rng"),
)

SEARCH = _spoiled(
    "learning_rate_search",
    "learning_rate_search_code",
    """
def learning_rate_search(build, rates, train, validation, *, iterations=100):
    losses = []
    for rate in rates:
        model, optimizer = build(rate)
        for _ in range(iterations):
            train_step(model, optimizer, *train)
        loss = evaluate(model, *validation)[0]
        losses.append(loss if loss < math.inf else math.inf)
    return losses
""",
    (
        "one_model_for_all_rates",
        "build a new model",
        "    for rate in rates:\n        model, optimizer = build(rate)\n",
        "    model, _ = build(rates[0])\n    for rate in rates:\n        _, optimizer = build(rate)\n"
        "        optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]['lr'])\n",
    ),
    ("compared_on_train", "this is the training loss", "*validation)", "*train)"),
    ("always_100_steps", "100 steps", "range(iterations)", "range(100)"),
    ("nan_reported", "a rate that diverges", "loss if loss < math.inf else math.inf", "loss"),
)

DIGITS = _spoiled(
    "digits_accuracy",
    "digits_accuracy_code",
    """
torch.manual_seed(0)
final_model = MLP([64, 64, 10])
optimizer = torch.optim.Adam(final_model.parameters(), lr=1e-2)
history = fit(
    final_model, optimizer, train, validation, epochs=20, batch_size=64, rng=np.random.default_rng(0)
)


def predict(model, images):
    with torch.no_grad():
        return model(images).argmax(dim=1)
""",
    ("hardly_trained", "needed ≥ 0.95", "lr=1e-2", "lr=1e-5", "epochs=20", "epochs=1"),
    ("scores_instead_of_digits", "returned the scores", ".argmax(dim=1)", ""),
    ("largest_score_instead_of_class", "needed ≥ 0.95", ".argmax(dim=1)", ".amax(dim=1)"),
    ("argmax_over_the_images", "one digit per image", ".argmax(dim=1)", ".argmax(dim=0)"),
    also={"mlp_code": MLP_CELL},
)

OWN_NETWORK_CELL = """
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
"""

OWN_FUNCTIONS = _spoiled(
    "own_network",
    "own_functions_code",
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
    also={"own_network_code": OWN_NETWORK_CELL},
)

OWN_NETWORK = _spoiled(
    "own_network",
    "own_network_code",
    OWN_NETWORK_CELL,
    ("layers_of_pytorch", "its layers must be ownlinear", "OwnLinear(d, m) for", "nn.Linear(d, m) for"),
    (
        "weights_as_columns",
        "parameters have the shapes",
        "torch.randn(outputs, inputs)",
        "torch.randn(inputs, outputs)",
        "self.weight.T",
        "self.weight",
    ),
    ("own_relu_forgotten", "there is no relu between", "relu(layer(x))", "layer(x)"),
    ("weights_detached", "no gradient arrives", "self.weight.T", "self.weight.data.T"),
)

OWN_ACCURACY = _spoiled(
    "own_accuracy",
    "own_accuracy_code",
    """
torch.manual_seed(0)
own_model = OwnMLP([64, 64, 10])
optimizer = torch.optim.Adam(own_model.parameters(), lr=1e-2)
own_history = fit(own_model, optimizer, train, validation, epochs=15, batch_size=64, rng=np.random.default_rng(0))
""",
    (
        "not_the_own_model",
        "not one of your ownmlp",
        "own_model = OwnMLP([64, 64, 10])",
        "own_model = MLP([64, 64, 10])",
    ),
    ("own_model_untrained", "needed ≥ 0.95", "lr=1e-2", "lr=0.0", "epochs=15", "epochs=1"),
    ("own_model_diverged", "needed ≥ 0.95", "lr=1e-2", "lr=10.0", "epochs=15", "epochs=3"),
)

# What calls a student's step or measurement comes first: so the demo class, which gives several mistakes to one
# student, keeps them apart from a wrong step, in whose numbers a second mistake could not be recognised.
VARIANTS: list[Variant] = [
    *RIGHT,
    *FIT,
    *SEARCH,
    *STOPPING,
    *MLP,
    *NUMBERS,
    *INITIAL_LOSS,
    *SAMPLE,
    *OWN_FUNCTIONS,
    *OWN_NETWORK,
    *TRAIN_STEP,
    *EVALUATE,
    *OWN_ACCURACY,
    *DIGITS,
    *OVERFIT,
]
