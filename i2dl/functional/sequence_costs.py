"""What a layer over a sequence costs, and how far news has to travel in it: the table of lecture 11.

Three numbers compare the ways to let n places of d numbers each exchange information:

- *operations*: how many multiplications one layer takes;
- *sequential*: how many of its steps have to wait for one another, however many processors there are;
- *path*: through how many layers or steps a signal passes between the two places that are furthest apart. The gradient
  goes the same way back, so a long path is what makes long-term dependencies hard to learn.

| layer                      | operations | sequential | path        |
| -------------------------- | ---------- | ---------- | ----------- |
| self-attention             | n² · d     | 1          | 1           |
| recurrent                  | n · d²     | n          | n           |
| convolutional              | k · n · d² | 1          | log_k(n)    |
| self-attention, restricted | r · n · d  | 1          | n / r       |

Self-attention is cheaper than a recurrent layer as long as n < d, and most sentences have fewer words than the 512
numbers by which the paper represents each. The path of the convolution assumes dilated filters, whose taps stand 1, k,
k², … places apart from layer to layer; with ordinary ones it is n/k.

Source: Vaswani and others, *Attention is all you need*, 2017, table 1; I2DL lecture 11 ("Self-attention: complexity").
"""

from dataclasses import dataclass

__all__ = ["SequenceCost", "sequence_costs"]


@dataclass(frozen=True)
class SequenceCost:
    """The leading term of each cost, without its constant factor."""

    operations: int
    sequential: int
    path: int


def sequence_costs(n: int, d: int, *, kernel: int, neighbourhood: int) -> dict[str, SequenceCost]:
    """The table above in numbers, paths rounded up.

    Parameters
    ----------
    n : int, at least 1
        Length of the sequence.
    d : int, at least 1
        Numbers by which each place is represented.
    kernel : int, at least 2
        Size k of the convolution's filter.
    neighbourhood : int, at least 1
        Size r of the neighbourhood in restricted self-attention.

    Returns
    -------
    costs : dict of SequenceCost
        Under "self-attention", "recurrent", "convolutional" and "restricted self-attention".

    Raises
    ------
    ValueError
        If a number is below its bound.

    References
    ----------
    Vaswani and others, 2017, table 1; I2DL lecture 11 ("Self-attention: complexity").
    """
    for name, value, least in (("n", n, 1), ("d", d, 1), ("kernel", kernel, 2), ("neighbourhood", neighbourhood, 1)):
        if value < least:
            msg = f"{name} must be at least {least}, but it is {value}"
            raise ValueError(msg)
    # Counted in integers: the quotient of two logarithms may miss a whole number by its rounding.
    layers = 1
    while kernel**layers < n:
        layers += 1
    return {
        "self-attention": SequenceCost(operations=n * n * d, sequential=1, path=1),
        "recurrent": SequenceCost(operations=n * d * d, sequential=n, path=n),
        "convolutional": SequenceCost(operations=kernel * n * d * d, sequential=1, path=layers),
        "restricted self-attention": SequenceCost(
            operations=neighbourhood * n * d, sequential=1, path=-(-n // neighbourhood)
        ),
    }
