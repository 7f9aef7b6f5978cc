import subprocess
import sys

import numpy as np
import pytest
import torch

from i2dl.data import SPLITS, batches, load_digits
from i2dl.data.build_digits import build
from i2dl.data.digits import FILE, HIDDEN_FILE


@pytest.fixture(scope="module")
def original():
    return pytest.importorskip("sklearn.datasets").load_digits()


def test_the_file_is_scikit_learns(original):
    digits = load_digits()
    assert len(digits) == 1797
    np.testing.assert_array_equal(digits.images[:, 0] * 16, original.images)
    np.testing.assert_array_equal(digits.labels, original.target)


def test_the_file_can_be_built_again(tmp_path, original):
    build(tmp_path / "digits.npz", tmp_path / "hidden.npz")
    for name, file in (("digits.npz", FILE), ("hidden.npz", HIDDEN_FILE)):
        with np.load(tmp_path / name) as new, np.load(file) as shipped:
            assert set(new) == set(shipped)
            for key in new:
                np.testing.assert_array_equal(new[key], shipped[key])


def test_the_file_is_small():
    assert FILE.stat().st_size < 100_000


def test_the_hidden_part_lies_in_a_file_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr("i2dl.data.digits.HIDDEN_FILE", tmp_path / "closed.npz")
    assert len(load_digits("train")) == 1077
    with pytest.raises(FileNotFoundError):
        load_digits("hidden")


@pytest.mark.parametrize(
    ("split", "size"), [("train", 1077), ("validation", 240), ("test", 240), ("hidden", 240), (None, 1797)]
)
def test_shapes_types_and_range(split, size):
    digits = load_digits(split)
    assert len(digits) == size
    assert digits.images.shape == (size, 1, 8, 8)
    assert digits.images.dtype == np.float64
    assert (digits.images.min(), digits.images.max()) == (0, 1)
    assert digits.labels.shape == (size,)
    assert digits.labels.dtype == np.int64
    assert set(digits.labels) == set(range(digits.classes))
    assert digits.xy == (digits.images, digits.labels)


def test_the_parts_are_disjoint_and_complete():
    def rows(digits):
        return sorted(map(bytes, np.column_stack([digits.images.reshape(len(digits), -1), digits.labels])))

    parts = [row for split in SPLITS for row in rows(load_digits(split))]
    assert sorted(parts) == rows(load_digits())
    with np.load(FILE) as file:
        assert np.bincount(file["part"]).tolist() == [1077, 240, 240]


@pytest.mark.parametrize("split", ["validation", "test", "hidden"])
def test_the_parts_are_stratified(split):
    assert np.bincount(load_digits(split).labels).tolist() == [24] * 10


def test_the_held_out_parts_are_equally_hard():
    neighbors = pytest.importorskip("sklearn.neighbors").KNeighborsClassifier(3)
    flat = {
        split: (digits.images.reshape(len(digits), -1), digits.labels)
        for split, digits in ((split, load_digits(split)) for split in SPLITS)
    }
    neighbors.fit(*flat["train"])
    shares = [neighbors.score(*flat[split]) for split in ("validation", "test", "hidden")]
    assert min(shares) > 0.975
    assert max(shares) - min(shares) < 0.01


def test_every_call_gives_new_arrays():
    load_digits("test").images[:] = 7
    assert load_digits("test").images.max() == 1


def test_an_unknown_part_is_named():
    with pytest.raises(ValueError, match="train, validation, test, hidden or None, got 'val'"):
        load_digits("val")


@pytest.mark.parametrize(
    "statement",
    [
        "import i2dl",
        "import i2dl.data; i2dl.data.load_digits('test')",
        "import i2dl.optim, i2dl.autodiff",
        "from i2dl.functional import relu_forward; import numpy; relu_forward(numpy.ones(3))",
    ],
)
def test_numpy_users_load_neither_torch_nor_matplotlib(statement):
    code = f"{statement}; import sys; print([m for m in ('torch', 'sklearn', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_bridge_works_without_the_functional_layer():
    code = (
        "import sys; sys.modules['i2dl.functional'] = None\n"
        "import torch, i2dl.bridge, i2dl.training, i2dl.data\n"
        "f = i2dl.bridge.autograd_function(lambda x: (2 * x, None), lambda dout, _: 2 * dout)\n"
        "x = torch.ones(2, requires_grad=True); f(x).sum().backward(); print(x.grad.tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[2.0, 2.0]"


@pytest.mark.parametrize("array", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_batches_visit_every_sample_once_with_its_label(array):
    x, y = array(np.arange(20).reshape(10, 2)), array(np.arange(10))
    parts = list(batches(x, y, 4, np.random.default_rng(0)))
    assert [len(b) for _, b in parts] == [4, 4, 2]
    assert sorted(int(v) for _, b in parts for v in b) == list(range(10))
    assert all(int(a[0]) == 2 * int(b) for xs, ys in parts for a, b in zip(xs, ys, strict=True))
    assert type(parts[0][0]) is type(x)


def test_batches_are_shuffled_anew_and_repeatably():
    x = np.arange(100)

    def order(rng):
        return np.concatenate([b for b, _ in batches(x, x, 7, rng)]).tolist()

    rng = np.random.default_rng(0)
    first, second = order(rng), order(rng)
    assert first != second
    assert first != x.tolist()
    assert order(np.random.default_rng(0)) == first


def test_batches_can_drop_the_last():
    x = np.arange(10)
    assert [len(b) for b, _ in batches(x, x, 4, np.random.default_rng(0), drop_last=True)] == [4, 4]
    assert [len(b) for b, _ in batches(x, x, 5, np.random.default_rng(0), drop_last=True)] == [5, 5]


def test_batches_are_copies():
    x = np.zeros(4)
    for b, _ in batches(x, x, 2, np.random.default_rng(0)):
        b += 1
    assert x.tolist() == [0, 0, 0, 0]


def test_batches_name_what_is_wrong():
    with pytest.raises(ValueError, match="one length, got 3 and 4"):
        batches(np.ones(3), np.ones(4), 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        batches(np.ones(3), np.ones(3), 0, np.random.default_rng(0))
