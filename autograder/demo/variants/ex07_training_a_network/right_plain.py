"""Right, in plain Python: loops, lists, one number at a time."""

from __future__ import annotations

from autograder.demo.variants import Variant

PLAIN_PYTHON = Variant(
    "plain_python",
    {
        "leaked_code": """
def leaked(train, test):
    found = []
    for i in range(len(test)):
        for other in train:
            if np.array_equal(test[i], other):
                found.append(i)
                break
    return found
""",
        "mlp_code": """
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.depth = len(sizes) - 1
        for i in range(self.depth):
            setattr(self, f"layer{i}", nn.Linear(sizes[i], sizes[i + 1]))

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for i in range(self.depth):
            x = getattr(self, f"layer{i}")(x)
            if i < self.depth - 1:
                x = x.clamp(min=0)
        return x
""",
        "initial_loss_code": """
def initial_loss(classes):
    return -np.log(1 / classes)
""",
        "numbers_code": """
def parameter_count(sizes):
    count = 0
    for i in range(1, len(sizes)):
        count += (sizes[i - 1] + 1) * sizes[i]
    return count


def iteration_count(samples, batch_size, epochs):
    count = 0
    for _ in range(epochs):
        left = samples
        while left > 0:
            left -= batch_size
            count += 1
    return count


fit_weights = "train"
choose_rate = "validation"
report = "test"
""",
        "train_step_code": """
def train_step(model, optimizer, x, y):
    if not model.training:
        model.train()
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.zero_()
    scores = model(x)
    loss = (torch.logsumexp(scores, 1) - scores[torch.arange(len(y)), y]).mean()
    loss.backward()
    optimizer.step()
    return loss.item()
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
        "overfit_code": """
def overfit(model, images, labels, *, step):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for _ in range(200):
        losses.append(step(model, optimizer, images, labels))
    return losses
""",
        "mend_epoch_code": """
def train_epoch(model, optimizer, minibatches):
    model.train()
    losses = []
    for x, y in minibatches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses += [loss.item()] * len(y)
    return sum(losses) / len(losses)
""",
        "mend_data_code": """
def prepare(images, labels, rng):
    order = list(rng.permutation(len(images)))
    n = len(order) // 5
    x = np.array([images[i] for i in order[n:]])
    held_back = np.array([images[i] for i in order[:n]])
    mean, std = x.mean(), x.std()
    y, y_held_back = np.array([labels[i] for i in order[n:]]), np.array([labels[i] for i in order[:n]])
    return [[(x - mean) / std, y], [(held_back - mean) / std, y_held_back]]
""",
        "fit_code": """
def fit(model, optimizer, train, validation, *, epochs, batch_size, rng, step, measure, early_stopping=None):
    curves = [[], [], [], []]
    epoch = 0
    while epoch < epochs:
        epoch += 1
        for x, y in batches(train[0], train[1], batch_size, rng):
            step(model, optimizer, x, y)
        numbers = [*measure(model, *train), *measure(model, *validation)]
        for curve, number in zip(curves, numbers):
            curve.append(number)
        if early_stopping and early_stopping.step(numbers[2], model):
            epoch = epochs
    if early_stopping:
        early_stopping.restore(model)
    return dict(zip(["train_loss", "train_accuracy", "validation_loss", "validation_accuracy"], curves))
""",
        "bias_variance_code": """
def bias_variance(best_error, train_error, validation_error, *, tolerance):
    bias = train_error - best_error
    variance = validation_error - train_error
    if train_error - validation_error > tolerance:
        verdict = "suspicious"
    elif train_error > best_error + tolerance:
        verdict = "underfitting"
    elif validation_error > train_error + tolerance:
        verdict = "overfitting"
    else:
        verdict = "good"
    return [bias, variance, verdict]
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
        "time_iterations_code": """
def time_iterations(load, step, *, iterations, warmup, clock):
    load_seconds = step_seconds = 0
    for i in range(-warmup, iterations):
        t0 = clock()
        batch = load()
        t1 = clock()
        step(batch)
        t2 = clock()
        if i >= 0:
            load_seconds += (t1 - t0) / iterations
            step_seconds += (t2 - t1) / iterations
    return load_seconds, step_seconds
""",
        "training_estimate_code": """
def training_estimate(load_seconds, step_seconds, *, samples, batch_size, epochs):
    iterations = samples // batch_size
    if samples % batch_size:
        iterations += 1
    seconds = 0
    for _ in range(epochs):
        seconds += iterations * (load_seconds + step_seconds)
    slow = load_seconds + step_seconds > 0.5
    if load_seconds > step_seconds:
        return seconds, slow, "loading"
    return seconds, slow, "step"
""",
        "log_run_code": """
def log_run(writer, history, settings):
    for part in ("train", "validation"):
        for quantity in ("loss", "accuracy"):
            epoch = 1
            for value in history.get(part + "_" + quantity, []):
                writer.add_scalar(quantity + "/" + part, value, epoch)
                epoch += 1
    lowest = sorted(history["validation_loss"])[0]
    writer.add_hparams(dict(settings), {"hparam/validation_loss": lowest})
""",
        "sample_learning_rates_code": """
def sample_learning_rates(low, high, size, rng):
    return np.array([low * (high / low) ** rng.random() for _ in range(size)])
""",
        "learning_rate_search_code": """
def learning_rate_search(build, rates, train, validation, *, iterations=100, step, measure):
    losses = []
    for i in range(len(rates)):
        model, optimizer = build(rates[i])
        done = 0
        while done < iterations:
            step(model, optimizer, train[0], train[1])
            done += 1
        loss = measure(model, validation[0], validation[1])[0]
        if math.isnan(loss) or math.isinf(loss):
            losses.append(float("inf"))
        else:
            losses.append(loss)
    return losses
""",
        "grid_points_code": """
def grid_points(values):
    names = list(values)
    if not names:
        return [{}]
    rest = grid_points({name: values[name] for name in names[1:]})
    points = []
    for value in values[names[0]]:
        for point in rest:
            points.append({names[0]: value, **point})
    return points
""",
        "random_points_code": """
def random_points(ranges, trials, rng, *, draw):
    points = [{} for _ in range(trials)]
    for name in ranges:
        low, high = ranges[name]
        for point in points:
            point[name] = draw(low, high, 1, rng).item()
    return points
""",
        "search_code": """
def search(loss_of, points):
    results = []
    for point in points:
        loss = loss_of(point)
        if math.isnan(loss):
            loss = math.inf
        place = 0
        while place < len(results) and results[place][0] <= loss:
            place += 1
        results.insert(place, (loss, point))
    return results
""",
        "refine_code": """
def refine(results, *, keep, factor):
    left, best = list(results), []
    while left and len(best) < keep:
        lowest = min(left, key=lambda result: result[0])
        left.remove(lowest)
        best.append(lowest[1])
    ranges = {}
    for name in best[0]:
        low = high = best[0][name]
        for point in best:
            low = point[name] if point[name] < low else low
            high = point[name] if point[name] > high else high
        ranges[name] = [low / factor, high * factor]
    return ranges
""",
        "coarse_to_fine_code": """
def coarse_to_fine(loss_of, ranges, *, stages, trials, rng, random_points, search, refine, keep=3, factor=1.5):
    so_far, found = [], []
    for _ in range(stages):
        if so_far:
            ranges = refine(so_far, keep=keep, factor=factor)
        results = search(loss_of, random_points(ranges, trials, rng))
        so_far += results
        found += [results]
    return found
""",
        "choose_code": """
def choose(settings, train, validation, test, *, fit, error):
    lowest, chosen = math.inf, None
    for setting in settings:
        model = fit(setting, train)
        if (found := error(model, validation)) < lowest:
            lowest, chosen = found, (setting, model)
    return chosen[0], error(chosen[1], test)
""",
        "predict_code": """
def predict(model, images):
    model.eval()
    with torch.no_grad():
        return [max(range(10), key=lambda c: s[c]) for s in model(images).tolist()]
""",
        "digits_accuracy_code": """
torch.manual_seed(3)
final_model = MLP([64, 100, 10])
optimizer = torch.optim.SGD(final_model.parameters(), lr=0.2, momentum=0.9)
for epoch in range(10):
    for x, y in batches(*train, 32, np.random.default_rng(epoch)):
        train_step(final_model, optimizer, x, y)
""",
        "own_functions_code": """
def affine_forward(x, w, b):
    out = np.zeros((len(x), w.shape[1]), dtype=x.dtype)
    for n in range(len(x)):
        out[n] = x[n] @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(len(x)):
        dx[n] = w @ dout[n]
        dw += np.outer(x[n], dout[n])
        db += dout[n]
    return dx, dw, db


def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out, out


def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache <= 0] = 0
    return dx
""",
        "own_accuracy_code": """
torch.manual_seed(5)
own_model = OwnMLP([64, 40, 10])
optimizer = torch.optim.SGD(own_model.parameters(), lr=0.1, momentum=0.9)
own_history = fit(
    own_model,
    optimizer,
    train,
    validation,
    epochs=8,
    batch_size=64,
    rng=np.random.default_rng(1),
    step=train_step,
    measure=evaluate,
)
""",
    },
)
