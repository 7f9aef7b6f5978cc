import numpy as np
import pytest

from i2dl.functional.sequence_costs import SequenceCost, sequence_costs


def test_the_table_of_lecture_11():
    """One row per layer type, with n = 64, d = 512, k = 4 and r = 16."""
    assert sequence_costs(64, 512, kernel=4, neighbourhood=16) == {
        "self-attention": SequenceCost(operations=64**2 * 512, sequential=1, path=1),
        "recurrent": SequenceCost(operations=64 * 512**2, sequential=64, path=64),
        "convolutional": SequenceCost(operations=4 * 64 * 512**2, sequential=1, path=3),
        "restricted self-attention": SequenceCost(operations=16 * 64 * 512, sequential=1, path=4),
    }


@pytest.mark.parametrize(("n", "cheaper"), [(511, True), (512, False), (513, False)])
def test_attention_is_cheaper_than_recurrence_for_sentences_shorter_than_512(n, cheaper):
    costs = sequence_costs(n, 512, kernel=3, neighbourhood=8)
    assert (costs["self-attention"].operations < costs["recurrent"].operations) == cheaper


@pytest.mark.parametrize("n", [1, 2, 8, 9, 10, 27, 28])
@pytest.mark.parametrize("kernel", [2, 3])
def test_the_path_of_dilated_convolutions(n, kernel):
    """Layer m looks back 0, 1, …, k − 1 times kᵐ places; the last place must hear of the first."""
    reached, layers = np.eye(n, dtype=int), 0
    while not reached[-1, 0] or layers == 0:
        sees = sum(np.eye(n, k=-tap * kernel**layers, dtype=int) for tap in range(kernel))
        reached = sees @ reached
        layers += 1
    assert sequence_costs(n, 1, kernel=kernel, neighbourhood=1)["convolutional"].path == layers


@pytest.mark.parametrize("r", [1, 2, 5])
def test_the_path_of_restricted_attention_grows_as_n_over_r(r):
    """A neighbourhood of r places before each: the last must hear of the first."""
    for n in (2, 5, 11, 40):
        places = np.arange(n)
        distance = places[:, None] - places[None, :]
        sees = ((distance >= 0) & (distance <= r)).astype(int)
        reached, layers = sees, 1
        while not reached[-1, 0]:
            reached, layers = sees @ reached, layers + 1
        assert layers == -(-(n - 1) // r)
        assert 0 <= sequence_costs(n, 1, kernel=2, neighbourhood=r)["restricted self-attention"].path - layers <= 1


@pytest.mark.parametrize("changes", [{"n": 0}, {"d": 0}, {"kernel": 1}, {"neighbourhood": 0}])
def test_numbers_below_their_bound(changes):
    arguments = {"n": 8, "d": 4, "kernel": 3, "neighbourhood": 2} | changes
    ((name, value),) = changes.items()
    with pytest.raises(ValueError, match=f"{name} must be at least {value + 1}, but it is {value}"):
        sequence_costs(**arguments)
