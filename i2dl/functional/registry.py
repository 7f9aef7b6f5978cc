"""Tables of the elementwise activations and of the losses, with what the course says about each.

They let one loop, one plot or one test go through all of a kind. What a table claims about a function (its range, where
its slope vanishes, which PyTorch function equals it) is tested against the function.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from i2dl.functional import activations, binary_losses, losses, rectifiers


@dataclass(frozen=True)
class Activation:
    """An elementwise activation with default parameters, and its properties.

    Attributes
    ----------
    name : str
        Its key in `ACTIVATIONS`.
    forward, backward : callable
        The pair ``forward(x) -> (out, cache)``, ``backward(dout, cache) -> dx``.
    formula : str
        f(x) in plain text.
    range : tuple of float
        Infimum and supremum of its values.
    saturates : bool
        Whether the slope fades at both ends, x → −∞ and x → ∞. In the lecture's words ReLU does not saturate, since it
        keeps its slope on one side.
    zero_centred : bool
        Whether f(−x) = −f(x), so that inputs spread evenly around zero give such outputs.
    can_die : bool
        Whether the slope is exactly 0 for all x < 0, so that a unit may stop learning for good.
    source : str
        Lecture or paper.
    torch : str or None
        Dotted name of the same function in PyTorch.
    """

    name: str
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], Any]
    formula: str
    range: tuple[float, float]
    saturates: bool
    zero_centred: bool
    can_die: bool
    source: str
    torch: str | None


@dataclass(frozen=True)
class Loss:
    """A loss with default options.

    Attributes
    ----------
    name : str
        Its key in `LOSSES`.
    function : callable
        ``function(prediction, target, *, reduction="mean") -> (loss, dprediction)``.
    prediction : {"value", "probability", "score"}
        What the network puts out: real numbers in the targets' units, numbers in [0, 1], or scores.
    target : {"value", "probability", "sign", "class"}
        What it is compared with: real numbers, labels in [0, 1], labels ±1, or integer classes with one axis less.
    formula : str
        The loss of one entry or sample in plain text.
    source : str
        Lecture or paper.
    torch : str or None
        Dotted name of the same function in PyTorch.
    """

    name: str
    function: Callable[..., tuple[Any, Any]]
    prediction: Literal["value", "probability", "score"]
    target: Literal["value", "probability", "sign", "class"]
    formula: str
    source: str
    torch: str | None


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation(
            name="identity",
            forward=activations.identity_forward,
            backward=activations.identity_backward,
            formula="x",
            range=(-math.inf, math.inf),
            saturates=False,
            zero_centred=True,
            can_die=False,
            source="I2DL student summary, VII.2",
            torch="torch.positive",
        ),
        Activation(
            name="step",
            forward=activations.step_forward,
            backward=activations.step_backward,
            formula="1 if x ≥ 0 else 0",
            range=(0.0, 1.0),
            saturates=True,
            zero_centred=False,
            can_die=True,
            source="I2DL student summary, VII.2",
            torch=None,
        ),
        Activation(
            name="sigmoid",
            forward=activations.sigmoid_forward,
            backward=activations.sigmoid_backward,
            formula="1 / (1 + exp(−x))",
            range=(0.0, 1.0),
            saturates=True,
            zero_centred=False,
            can_die=False,
            source="I2DL lecture 7",
            torch="torch.sigmoid",
        ),
        Activation(
            name="tanh",
            forward=activations.tanh_forward,
            backward=activations.tanh_backward,
            formula="tanh(x)",
            range=(-1.0, 1.0),
            saturates=True,
            zero_centred=True,
            can_die=False,
            source="I2DL lecture 7",
            torch="torch.tanh",
        ),
        Activation(
            name="relu",
            forward=rectifiers.relu_forward,
            backward=rectifiers.relu_backward,
            formula="max(0, x)",
            range=(0.0, math.inf),
            saturates=False,
            zero_centred=False,
            can_die=True,
            source="Krizhevsky, Sutskever, Hinton, 2012; I2DL lecture 7",
            torch="torch.relu",
        ),
        Activation(
            name="leaky_relu",
            forward=rectifiers.leaky_relu_forward,
            backward=rectifiers.leaky_relu_backward,
            formula="max(0.01 x, x)",
            range=(-math.inf, math.inf),
            saturates=False,
            zero_centred=False,
            can_die=False,
            source="Maas, Hannun, Ng, 2013; I2DL lecture 7",
            torch="torch.nn.functional.leaky_relu",
        ),
        Activation(
            name="elu",
            forward=rectifiers.elu_forward,
            backward=rectifiers.elu_backward,
            formula="x if x > 0 else exp(x) − 1",
            range=(-1.0, math.inf),
            saturates=False,
            zero_centred=False,
            can_die=False,
            source="Clevert, Unterthiner, Hochreiter, 2016; I2DL lecture 3",
            torch="torch.nn.functional.elu",
        ),
        Activation(
            name="softplus",
            forward=activations.softplus_forward,
            backward=activations.softplus_backward,
            formula="log(1 + exp(x))",
            range=(0.0, math.inf),
            saturates=False,
            zero_centred=False,
            can_die=False,
            source="I2DL exam Feb 2022, 2.2",
            torch="torch.nn.functional.softplus",
        ),
        Activation(
            name="swish",
            forward=activations.swish_forward,
            backward=activations.swish_backward,
            formula="x / (1 + exp(−x))",
            range=(-0.27846454276107380, math.inf),
            saturates=False,
            zero_centred=False,
            can_die=False,
            source="Ramachandran, Zoph, Le, 2017; I2DL student summary, VII.2",
            torch="torch.nn.functional.silu",
        ),
    )
}

LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            name="l1",
            function=losses.l1_loss,
            prediction="value",
            target="value",
            formula="|ŷ − y|",
            source="I2DL lectures 3 and 7",
            torch="torch.nn.functional.l1_loss",
        ),
        Loss(
            name="mse",
            function=losses.mse_loss,
            prediction="value",
            target="value",
            formula="(ŷ − y)²",
            source="I2DL lectures 3 and 7",
            torch="torch.nn.functional.mse_loss",
        ),
        Loss(
            name="binary_cross_entropy",
            function=binary_losses.binary_cross_entropy,
            prediction="probability",
            target="probability",
            formula="−y log p − (1 − y) log(1 − p)",
            source="I2DL lectures 2 and 3",
            torch="torch.nn.functional.binary_cross_entropy",
        ),
        Loss(
            name="binary_cross_entropy_with_logits",
            function=binary_losses.binary_cross_entropy_with_logits,
            prediction="score",
            target="probability",
            formula="log(1 + exp(s)) − y s",
            source="I2DL lecture 4",
            torch="torch.nn.functional.binary_cross_entropy_with_logits",
        ),
        Loss(
            name="softmax",
            function=losses.softmax_loss,
            prediction="score",
            target="class",
            formula="−log(exp(s_y) / Σ_k exp(s_k))",
            source="I2DL lecture 7",
            torch="torch.nn.functional.cross_entropy",
        ),
        Loss(
            name="binary_softmax",
            function=binary_losses.binary_softmax_loss,
            prediction="score",
            target="sign",
            formula="log(1 + exp(−2 z s))",
            source="NAIST Artificial Intelligence, lecture 8",
            torch=None,
        ),
        Loss(
            name="hinge",
            function=binary_losses.hinge_loss,
            prediction="score",
            target="sign",
            formula="max(0, 1 − z s)",
            source="NAIST Artificial Intelligence, lecture 8",
            torch=None,
        ),
        Loss(
            name="svm",
            function=losses.svm_loss,
            prediction="score",
            target="class",
            formula="Σ_{k≠y} max(0, s_k − s_y + 1)",
            source="I2DL lecture 7",
            torch=None,
        ),
        Loss(
            name="zero_one",
            function=binary_losses.zero_one_loss,
            prediction="score",
            target="sign",
            formula="0 if z s ≥ 0 else 1",
            source="NAIST Artificial Intelligence, lecture 8",
            torch=None,
        ),
    )
}
