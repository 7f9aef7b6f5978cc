"""Right, with what the libraries have: modules in a row, comprehensions, helpers."""

from __future__ import annotations

from autograder.demo.variants import Variant

SEQUENTIAL = Variant(
    "sequential",
    {
        "leaked_code": """
def leaked(train, test):
    flat, others = train.reshape(len(train), -1), test.reshape(len(test), -1)
    equal = (others[:, None] == flat[None]).all(axis=2)
    return np.flatnonzero(equal.any(axis=1))
""",
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
        "initial_loss_code": """
def initial_loss(classes):
    return F.cross_entropy(torch.zeros(1, classes, dtype=torch.float64), torch.zeros(1, dtype=torch.int64)).item()
""",
        "numbers_code": """
def parameter_count(sizes):
    return sum(p.numel() for d, m in pairwise(sizes) for p in nn.Linear(d, m).parameters())


def iteration_count(samples, batch_size, epochs):
    return epochs * len(range(0, samples, batch_size))


fit_weights, choose_rate, report = "TRAIN", "validation", "Test"
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
        "overfit_code": """
def overfit(model, images, labels, *, step):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    losses = [step(model, optimizer, images, labels)]
    while losses[-1] > 0.01 and len(losses) < 1000:
        losses.append(step(model, optimizer, images, labels))
    return losses
""",
        "mend_epoch_code": """
def train_epoch(model, optimizer, minibatches):
    criterion = nn.CrossEntropyLoss(reduction="sum")
    model.train()
    total = 0.0
    for x, y in minibatches:
        loss = criterion(model(x), y)
        optimizer.zero_grad(set_to_none=True)
        (loss / len(y)).backward()
        optimizer.step()
        total += loss.item()
    return total / sum(len(y) for _, y in minibatches)
""",
        "mend_data_code": """
def prepare(images, labels, rng):
    held_back, kept = np.split(rng.permutation(len(images)), [len(images) // 5])
    mean, std = np.mean(images[kept]), np.std(images[kept])
    return tuple(((images[part] - mean) / std, labels[part]) for part in (kept, held_back))
""",
        "fit_code": """
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, step, measure, early_stopping=None):
    rows = []
    for epoch in range(epochs):
        for batch in batches(*train, batch_size, rng):
            step(model, optimizer, *batch)
        rows.append([*measure(model, *train), *measure(model, *validation)])
        if early_stopping is not None and early_stopping.step(rows[-1][2], model):
            break
    if early_stopping is not None:
        early_stopping.restore(model)
    keys = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
    return {key: [row[k] for row in rows] for k, key in enumerate(keys)}
""",
        "bias_variance_code": """
def bias_variance(best_error, train_error, validation_error, *, tolerance):
    bias, variance = np.diff([best_error, train_error, validation_error])
    verdicts = {
        "suspicious": -variance > tolerance,
        "underfitting": bias > tolerance,
        "overfitting": variance > tolerance,
        "good": True,
    }
    return bias, variance, [word for word, holds in verdicts.items() if holds][0]
""",
        "early_stopping_code": """
class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.losses, self.best_loss, self.best_epoch = patience, [], float("inf"), -1

    def step(self, validation_loss, model):
        self.losses.append(validation_loss)
        if validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = validation_loss, len(self.losses) - 1
            self.weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        return len(self.losses) - 1 - self.best_epoch >= self.patience

    def restore(self, model):
        model.load_state_dict(self.weights)
""",
        "time_iterations_code": """
def time_iterations(load, step, *, iterations, warmup, clock):
    def one():
        times = [clock()]
        batch = load()
        times.append(clock())
        step(batch)
        times.append(clock())
        return np.diff(times)

    times = [one() for _ in range(warmup + iterations)]
    return tuple(np.mean(times[warmup:], axis=0))
""",
        "training_estimate_code": """
def training_estimate(load_seconds, step_seconds, *, samples, batch_size, epochs):
    parts = {"step": step_seconds, "loading": load_seconds}
    each = sum(parts.values())
    return each * epochs * math.ceil(samples / batch_size), 1000 * each > 500, max(parts, key=parts.get)
""",
        "log_run_code": """
def log_run(writer, history, settings):
    writer.add_hparams(hparam_dict=settings, metric_dict={"hparam/validation_loss": min(history["validation_loss"])})
    tags = {key: "/".join(reversed(key.split("_"))) for key in history}
    for epoch, values in enumerate(zip(*history.values()), start=1):
        for tag, value in zip(tags.values(), values):
            writer.add_scalar(tag, value, global_step=epoch)
""",
        "sample_learning_rates_code": """
def sample_learning_rates(low, high, size, rng):
    return 10 ** rng.uniform(math.log10(low), math.log10(high), size=size)
""",
        "learning_rate_search_code": """
def learning_rate_search(build, rates, train, validation, *, iterations=100, step, measure):
    def loss_of(rate):
        model, optimizer = build(rate)
        for _ in range(iterations):
            step(model, optimizer, *train)
        return measure(model, *validation)[0]

    return [loss if loss == loss else math.inf for loss in map(loss_of, rates)]
""",
        "grid_points_code": """
import itertools


def grid_points(values):
    return [dict(zip(values, numbers)) for numbers in itertools.product(*values.values())]
""",
        "random_points_code": """
def random_points(ranges, trials, rng, *, draw):
    columns = np.stack([draw(*limits, trials, rng) for limits in ranges.values()])
    return [dict(zip(ranges, numbers)) for numbers in columns.T]
""",
        "search_code": """
def search(loss_of, points):
    losses = np.array([loss_of(point) for point in points])
    losses[np.isnan(losses)] = np.inf
    return [(losses[i], points[i]) for i in np.argsort(losses, kind="stable")]
""",
        "refine_code": """
def refine(results, *, keep, factor):
    order = np.argsort([loss for loss, _ in results])[:keep]
    names = list(results[0][1])
    table = np.array([[results[i][1][name] for name in names] for i in order])
    return dict(zip(names, zip(table.min(axis=0) / factor, table.max(axis=0) * factor)))
""",
        "coarse_to_fine_code": """
import itertools


def coarse_to_fine(loss_of, ranges, *, stages, trials, rng, random_points, search, refine, keep=3, factor=1.5):
    found = []
    while len(found) < stages:
        found.append(search(loss_of, random_points(ranges, trials, rng)))
        ranges = refine(list(itertools.chain(*found)), keep=keep, factor=factor)
    return found
""",
        "choose_code": """
def choose(settings, train, validation, test, *, fit, error):
    models = {setting: fit(setting, train) for setting in settings}
    best = min(models, key=lambda setting: error(models[setting], validation))
    return best, error(models[best], test)
""",
        "predict_code": """
@torch.inference_mode()
def predict(model, images):
    return model.eval()(images).softmax(dim=1).max(dim=1).indices
""",
        "own_functions_code": """
def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x, w) + b, {"x": x, "w": w}


def affine_backward(dout, cache):
    dx = np.einsum("nm,dm->nd", dout, cache["w"])
    return dx, np.einsum("nd,nm->dm", cache["x"], dout), np.einsum("nm->m", dout)


def relu_forward(x):
    return np.where(x > 0, x, 0), x > 0


def relu_backward(dout, cache):
    return np.where(cache, dout, 0)
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
        "own_accuracy_code": """
torch.manual_seed(3)
own_model = OwnMLP([64, 32, 32, 10])
optimizer = torch.optim.Adam(own_model.parameters(), lr=5e-3)
stopper = EarlyStopping(patience=4)
own_history = fit(
    own_model,
    optimizer,
    train,
    validation,
    epochs=15,
    batch_size=48,
    rng=np.random.default_rng(2),
    step=train_step,
    measure=evaluate,
    early_stopping=stopper,
)
""",
    },
)
