"""Right, with tensors wherever there is one, and other forms of the same results."""

from __future__ import annotations

from autograder.demo.variants import Variant

TENSORS = Variant(
    "tensors",
    {
        "leaked_code": """
def leaked(train, test):
    flat = [torch.as_tensor(np.ascontiguousarray(a)).flatten(1) for a in (train, test)]
    return [i for i, image in enumerate(flat[1]) if (flat[0] == image).all(dim=1).any()]
""",
        "mlp_code": """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        pairs = list(pairwise(sizes))
        self.hidden = nn.Sequential(*(nn.Sequential(nn.Linear(*pair), nn.ReLU()) for pair in pairs[:-1]))
        self.last = nn.Linear(*pairs[-1])

    def forward(self, x):
        return self.last(self.hidden(torch.flatten(x, start_dim=1)))
""",
        "initial_loss_code": """
def initial_loss(classes):
    return torch.log(torch.tensor(float(classes), dtype=torch.float64))
""",
        "numbers_code": """
def parameter_count(sizes):
    sizes = np.array(sizes)
    return float(np.sum((sizes[:-1] + 1) * sizes[1:]))


def iteration_count(samples, batch_size, epochs):
    return np.int64(np.ceil(samples / batch_size) * epochs)


fit_weights, choose_rate, report = "Train", " validation", "test"
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
        "overfit_code": """
def overfit(model, images, labels, *, step):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    return torch.tensor([step(model, optimizer, images, labels) for _ in range(150)])
""",
        "mend_epoch_code": """
def train_epoch(model, optimizer, minibatches):
    model.train()
    losses, sizes = [], []
    for x, y in minibatches:
        optimizer.zero_grad()
        loss = F.nll_loss(model(x).log_softmax(dim=1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        sizes.append(len(y))
    return torch.stack(losses) @ torch.tensor(sizes, dtype=torch.float32) / sum(sizes)
""",
        "mend_data_code": """
def prepare(images, labels, rng):
    order = np.arange(len(images))
    rng.shuffle(order)
    fifth = len(images) // 5
    x = images[order].copy()
    x -= x[fifth:].mean()
    x /= x[fifth:].std()
    y = labels[order]
    return (x[fifth:], y[fifth:]), (x[:fifth], y[:fifth])
""",
        "fit_code": """
from collections import defaultdict


def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, step, measure, early_stopping=None):
    history = defaultdict(list)

    def one_epoch():
        for x, y in batches(*train, batch_size, rng):
            step(model, optimizer, x, y)
        for name, data in (("validation", validation), ("train", train)):
            loss, accuracy = measure(model, *data)
            history[name + "_accuracy"].append(torch.tensor(accuracy))
            history[name + "_loss"].append(torch.tensor(loss))
        return early_stopping is not None and early_stopping.step(float(history["validation_loss"][-1]), model)

    any(one_epoch() for _ in range(epochs))
    if early_stopping is not None:
        early_stopping.restore(model)
    return history
""",
        "bias_variance_code": """
def bias_variance(best_error, train_error, validation_error, *, tolerance):
    errors = torch.tensor([best_error, train_error, validation_error], dtype=torch.float64)
    bias, variance = errors.diff()
    if variance + tolerance < 0:
        return bias, variance, "Suspicious"
    if max(bias, variance) <= tolerance:
        return bias, variance, "Good"
    return bias, variance, "Underfitting" if bias > tolerance else "Overfitting"
""",
        "early_stopping_code": """
class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.bad, self.epoch = patience, 0, 0
        self.best_loss, self.best_epoch = torch.tensor(math.inf, dtype=torch.float64), torch.tensor(0)
        self.best_model = None

    def step(self, validation_loss, model):
        if validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = torch.tensor(validation_loss, dtype=torch.float64), self.epoch
            self.best_model, self.bad = copy.deepcopy(model), -1
        self.bad, self.epoch = self.bad + 1, self.epoch + 1
        return torch.tensor(self.bad >= self.patience)

    def restore(self, model):
        with torch.no_grad():
            for tensor, best in zip(model.state_dict().values(), self.best_model.state_dict().values()):
                tensor.copy_(best)
""",
        "time_iterations_code": """
def time_iterations(load, step, *, iterations, warmup, clock):
    times = torch.zeros(warmup + iterations, 2, dtype=torch.float64)
    for row in times:
        start = clock()
        batch = load()
        row[:] = torch.tensor([-start, -2 * (loaded := clock())]) + loaded
        step(batch)
        row[1] += clock()
    return times[warmup:].mean(dim=0)
""",
        "training_estimate_code": """
def training_estimate(load_seconds, step_seconds, *, samples, batch_size, epochs):
    times = np.array([step_seconds, load_seconds])
    seconds = times.sum() * np.ceil(samples / batch_size) * epochs
    return seconds, np.bool_(times.sum() > 0.5), ["step", "loading"][times.argmax()]
""",
        "log_run_code": """
def log_run(writer, history, settings):
    for key in sorted(history, reverse=True):
        words = key.split("_")
        for epoch, value in enumerate(history[key]):
            writer.add_scalar(f"{words[1]}/{words[0]}", torch.tensor(value, dtype=torch.float64), epoch + 1)
    writer.add_hparams(settings, {"hparam/validation_loss": np.min(history["validation_loss"])})
""",
        "sample_learning_rates_code": """
def sample_learning_rates(low, high, size, rng):
    uniform = torch.from_numpy(rng.random(size))
    return torch.exp(math.log(low) + uniform * math.log(high / low))
""",
        "learning_rate_search_code": """
def learning_rate_search(build, rates, train, validation, *, iterations=100, step, measure):
    losses = torch.full((len(rates),), float("inf"))
    for i, rate in enumerate(rates):
        model, optimizer = build(rate)
        for _ in range(iterations):
            step(model, optimizer, train[0], train[1])
        loss = torch.tensor(measure(model, *validation)[0])
        if torch.isfinite(loss):
            losses[i] = loss
    return losses
""",
        "grid_points_code": """
def grid_points(values):
    axes = np.meshgrid(*values.values())
    return [dict(zip(values, numbers)) for numbers in zip(*(axis.ravel() for axis in axes))]
""",
        "random_points_code": """
def random_points(ranges, trials, rng, *, draw):
    def point():
        return {name: torch.tensor(draw(*limits, 1, rng)) for name, limits in ranges.items()}

    return [point() for _ in range(trials)]
""",
        "search_code": """
def search(loss_of, points):
    losses = [loss_of(point) for point in points]
    losses = [float(np.nan_to_num(loss, nan=np.inf, posinf=np.inf)) for loss in losses]
    order = sorted(range(len(points)), key=losses.__getitem__)
    return [[losses[i], points[i]] for i in order]
""",
        "refine_code": """
def refine(results, *, keep, factor):
    results = sorted(results, key=lambda result: result[0])
    ranges = {}
    for _, point in results[:keep]:
        for name, value in point.items():
            low, high = ranges.get(name, (value / factor, value * factor))
            ranges[name] = min(low, value / factor), max(high, value * factor)
    return ranges
""",
        "coarse_to_fine_code": """
def coarse_to_fine(loss_of, ranges, *, stages, trials, rng, random_points, search, refine, keep=3, factor=1.5):
    def continued(found, ranges, left):
        if left == 0:
            return found
        found = [*found, search(loss_of, random_points(ranges, trials, rng))]
        return continued(found, refine([r for stage in found for r in stage], keep=keep, factor=factor), left - 1)

    return continued([], ranges, stages)
""",
        "choose_code": """
def choose(settings, train, validation, test, *, fit, error):
    models = [fit(setting, train) for setting in settings]
    best = int(np.argmin([error(model, validation) for model in models]))
    return np.array(settings)[best], torch.tensor(error(models[best], test), dtype=torch.float64)
""",
        "predict_code": """
def predict(model, images):
    training = model.training
    model.eval()
    digits = torch.cat([model(image[None]).detach().argmax(dim=1) for image in images])
    model.train(training)
    return digits
""",
        "own_functions_code": """
def affine_forward(x, w, b):
    ones = np.ones((len(x), 1), dtype=x.dtype)
    return np.hstack([x, ones]) @ np.vstack([w, b]), lambda dout: (dout @ w.T, x.T @ dout, ones[:, 0] @ dout)


def affine_backward(dout, cache):
    return cache(dout)


def relu_forward(x):
    return (x + np.abs(x)) / 2, np.sign(x)


def relu_backward(dout, cache):
    return dout * np.maximum(cache, 0)
""",
        "own_network_code": """
affine = autograd_function(affine_forward, affine_backward, arrays="numpy")
relu = autograd_function(relu_forward, relu_backward, arrays="numpy")


class OwnLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5)

    def forward(self, x):
        return affine(x, torch.transpose(self.weight, 0, 1), self.bias)


class OwnMLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleDict({str(i): OwnLinear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)})

    def forward(self, x):
        x = x.reshape(len(x), -1)
        for name, layer in self.layers.items():
            x = layer(relu(x) if name != "0" else x)
        return x
""",
        "digits_accuracy_code": """
torch.manual_seed(2)
final_model = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.Tanh(), nn.Linear(48, 10))
optimizer = torch.optim.AdamW(final_model.parameters(), lr=1e-2)
for _ in range(60):
    for part in range(4):
        optimizer.zero_grad()
        F.cross_entropy(final_model(train[0][part::4]), train[1][part::4]).backward()
        optimizer.step()
""",
        "own_accuracy_code": """
torch.manual_seed(2)
own_model = OwnMLP([64, 48, 10])
optimizer = torch.optim.AdamW(own_model.parameters(), lr=1e-2)
for _ in range(60):
    for part in range(4):
        optimizer.zero_grad()
        F.cross_entropy(own_model(train[0][part::4]), train[1][part::4]).backward()
        optimizer.step()
""",
    },
)
