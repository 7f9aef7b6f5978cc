"""Time and memory of i2dl's layers, forward and backward, against PyTorch's own on the same data, in one run.

    .venv/bin/python tests/benchmarks/library.py

Everything is float32. Ours and PyTorch's take turns, and the fastest of several turns counts, so that what else the
machine does matters little. Before they are timed the results are compared. Ratios are ours over PyTorch's: in time, and
in the peak of the memory that is allocated on the way.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

# Read when PyTorch's profiler, which counts the memory, is loaded: it is to count in silence.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import numpy as np
import torch
from torch.nn.functional import batch_norm, conv2d, linear, max_pool2d, scaled_dot_product_attention

from i2dl import functional
from i2dl.optim import adam_update
from i2dl.optim.torch_optimizers import Adam

Arrays = tuple[Any, ...]
FULL = (64, 32, 1024, 64, 256, 512, 10**7)


@dataclass(frozen=True)
class Case:
    """One operation: the shapes of its output and its arguments, and programs that run it forward and backward."""

    name: str
    out: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    ours: Callable[..., Arrays]
    theirs: Callable[..., Arrays]
    numpy: Callable[..., Arrays] | None = None


def differentiate(out: torch.Tensor, dout: torch.Tensor, inputs: Iterable[torch.Tensor]) -> Arrays:
    """Run PyTorch's backward pass."""
    return (out.detach(), *torch.autograd.grad(out, list(inputs), dout))


# ---------------------------------------------------------------------------------------------------------------
# Programs: upstream gradient and arguments in, the output and the gradients of the arguments out


def our_affine(dout: Any, x: Any, w: Any, b: Any) -> Arrays:
    out, cache = functional.affine_forward(x, w, b)
    return (out, *functional.affine_backward(dout, cache))


def their_affine(dout: torch.Tensor, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> Arrays:
    return differentiate(linear(x, w.T, b), dout, (x, w, b))


def our_conv2d(dout: Any, x: Any, w: Any, b: Any) -> Arrays:
    out, cache = functional.conv2d_forward(x, w, b, padding=1)
    return (out, *functional.conv2d_backward(dout, cache))


def their_conv2d(dout: torch.Tensor, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> Arrays:
    return differentiate(conv2d(x, w, b, padding=1), dout, (x, w, b))


def our_max_pool(dout: Any, x: Any) -> Arrays:
    out, cache = functional.max_pool2d_forward(x, kernel_size=2)
    return out, functional.max_pool2d_backward(dout, cache)


def their_max_pool(dout: torch.Tensor, x: torch.Tensor) -> Arrays:
    return differentiate(max_pool2d(x, 2), dout, (x,))


def our_batch_norm(dout: Any, x: Any, gamma: Any, beta: Any) -> Arrays:
    out, cache, _ = functional.spatial_batch_norm_forward(
        x, gamma, beta, running_mean=0 * beta, running_var=0 * beta, train=True
    )
    return (out, *functional.spatial_batch_norm_backward(dout, cache))


def their_batch_norm(dout: torch.Tensor, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> Arrays:
    mean, var = torch.zeros_like(beta), torch.zeros_like(beta)
    return differentiate(batch_norm(x, mean, var, gamma, beta, training=True), dout, (x, gamma, beta))


def our_lstm(dout: Any, x: Any, h0: Any, c0: Any, wx: Any, wh: Any, b: Any) -> Arrays:
    scale = wh.shape[0] ** -0.5
    h, _, cache = functional.lstm_forward(x, h0, c0, wx * scale, wh * scale, b)
    dx, dh0, dc0, dwx, dwh, db = functional.lstm_backward(dout, 0 * c0, cache)
    return h, dx, dh0, dc0, dwx * scale, dwh * scale, db


def their_lstm(dout: Any, x: Any, h0: Any, c0: Any, wx: Any, wh: Any, b: Any) -> Arrays:
    scale = wh.shape[0] ** -0.5
    order = [0, 1, 3, 2]  # from i, f, o, g to i, f, g, o
    rows = [torch.cat([a.chunk(4, dim=-1)[k] for k in order], dim=-1).T.contiguous() for a in (wx * scale, wh * scale)]
    bias = torch.cat([b.chunk(4)[k] for k in order])
    weights = [*rows, bias, torch.zeros_like(bias)]
    h, _, _ = torch.lstm(x, (h0[None], c0[None]), weights, True, 1, 0.0, True, False, True)
    return differentiate(h, dout, (x, h0, c0, wx, wh, b))


def our_attention(dout: Any, q: Any, k: Any, v: Any) -> Arrays:
    out, cache = functional.scaled_dot_product_attention_forward(q, k, v)
    return (out, *functional.scaled_dot_product_attention_backward(dout, cache))


def their_attention(dout: torch.Tensor, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> Arrays:
    return differentiate(scaled_dot_product_attention(q, k, v), dout, (q, k, v))


class Stepper:
    """An optimizer that goes on from call to call, since making its state is no part of a step."""

    def __init__(self, optimizer: Callable[..., torch.optim.Optimizer]) -> None:
        self.make, self.made = optimizer, None

    def __call__(self, dw: torch.Tensor, w: torch.Tensor) -> Arrays:
        if self.made is None:
            self.parameter = w.detach().clone().requires_grad_()
            self.made = self.make([self.parameter])
        self.parameter.grad = dw
        self.made.step()
        return (self.parameter.detach(),)


class NumpyStepper:
    """The update rule with its state."""

    def __init__(self) -> None:
        self.state: tuple[Any, ...] = ()

    def __call__(self, dw: Any, w: Any) -> Arrays:
        w, m, v, step = self.state or (w, np.zeros_like(w), np.zeros_like(w), 0)
        self.state = adam_update(w, dw, m=m, v=v, step=step, learning_rate=1e-3)
        return (self.state[0],)


def cases(*, quick: bool) -> list[Case]:
    """Return the operations, smaller ones for a quick look."""
    n, side, width, steps, hidden, words, count = (4, 8, 64, 4, 16, 32, 10**5) if quick else FULL
    image, pooled, maps = (n, 32, side, side), (n, 32, side // 2, side // 2), (n, 64, side, side)
    states, recurrent = (32, hidden), (hidden, 4 * hidden)
    text = (4, 8, words, 64)
    return [
        Case(
            f"affine, 256×{width} → {width}",
            (256, width),
            ((256, width), (width, width), (width,)),
            our_affine,
            their_affine,
        ),
        Case(f"conv2d 3×3, {n}×32×{side}×{side} → 64", maps, (image, (64, 32, 3, 3), (64,)), our_conv2d, their_conv2d),
        Case(f"max pooling 2×2, {n}×32×{side}×{side}", pooled, (image,), our_max_pool, their_max_pool),
        Case(f"batch norm, {n}×32×{side}×{side}", image, (image, (32,), (32,)), our_batch_norm, their_batch_norm),
        Case(
            f"LSTM, N=32, T={steps}, H={hidden}",
            (32, steps, hidden),
            ((32, steps, hidden), states, states, recurrent, recurrent, (4 * hidden,)),
            our_lstm,
            their_lstm,
        ),
        Case(
            f"attention, N=4, 8 heads, {words} tokens of 64", text, (text, text, text), our_attention, their_attention
        ),
        Case(
            f"Adam step, {count:,} parameters",
            (count,),
            ((count,),),
            Stepper(Adam),
            Stepper(torch.optim.Adam),
            NumpyStepper(),
        ),
    ]


# ---------------------------------------------------------------------------------------------------------------
# Measuring


def seconds(program: Callable[[], Arrays], device: str) -> float:
    """Run once and return how long it took."""
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    program()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def peak_bytes(program: Callable[[], Arrays], kind: str) -> int:
    """Run once and return how much more memory was in use at most than at the beginning."""
    if kind == "numpy":
        tracemalloc.start()
        program()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak
    if kind == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        program()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        program()
    now = peak = 0
    for event in profile.profiler.kineto_results.events():  # in the order of time
        if event.name() == "[memory]":
            now += event.nbytes()
            peak = max(peak, now)
    return peak


def agree(ours: Arrays, theirs: Arrays, name: str) -> None:
    """Make sure that both compute the same, as far as float32 goes."""
    for mine, other in zip(ours, theirs, strict=True):
        mine, other = np.asarray(torch.as_tensor(mine).cpu()), other.cpu().numpy()
        error = np.abs(mine - other).max() / np.abs(other).max()
        if not error < 1e-3:
            msg = f"{name}: ours and PyTorch's differ by {error:.1e} of the largest entry"
            raise SystemExit(msg)


def measure(case: Case, device: str, repeats: int) -> list[str]:
    """Return the cells of one row."""
    generator = np.random.default_rng(0)
    arrays = [generator.standard_normal(shape, dtype=np.float32) for shape in (case.out, *case.shapes)]
    tensors = [torch.from_numpy(array).to(device) for array in arrays]
    leaves = [tensors[0], *(tensor.clone().requires_grad_() for tensor in tensors[1:])]
    programs = {"theirs": lambda: case.theirs(*leaves), "ours": lambda: case.ours(*tensors)}
    if device == "cpu":
        programs["numpy"] = lambda: (case.numpy or case.ours)(*arrays)
    first = {name: program() for name, program in programs.items()}
    for name in programs:
        agree(first[name], first["theirs"], f"{case.name}, {name}")
    del first
    turns = [{name: seconds(program, device) for name, program in programs.items()} for _ in range(repeats)]
    best = {name: min(turn[name] for turn in turns) for name in programs}
    peak = {name: peak_bytes(program, "numpy" if name == "numpy" else device) for name, program in programs.items()}
    cells = [case.name, f"{1e3 * best['theirs']:.3g} ms"]
    for name in programs:
        if name != "theirs":
            memory = f"{peak[name] / peak['theirs']:.2f}" if peak["theirs"] > 1000 else "–"
            cells += [f"{1e3 * best[name]:.3g} ms", f"{best[name] / best['theirs']:.2f}", memory]
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small arrays and two turns, to see that it runs")
    parser.add_argument("--repeats", type=int, default=10, help="turns of which the fastest counts (default: 10)")
    parser.add_argument("--only", default="", metavar="WORD", help="operations whose name has this word in it")
    options = parser.parse_args()
    repeats = 2 if options.quick else options.repeats
    chosen = [case.name for case in cases(quick=options.quick) if options.only.lower() in case.name.lower()]
    for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
        machine = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
        print(
            f"{machine}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, Python {platform.python_version()},"
        )
        print(f"NumPy {np.__version__}, PyTorch {torch.__version__}, {device}, float32, fastest of {repeats}\n")
        head = ["operation", "PyTorch", "ours on PyTorch", "time", "memory"]
        head += ["ours on NumPy", "time", "memory"] if device == "cpu" else []
        print("| " + " | ".join(head) + " |\n| --- |" + " ---: |" * (len(head) - 1))
        for case in cases(quick=options.quick):
            if case.name in chosen:
                print("| " + " | ".join(measure(case, device, repeats)) + " |", flush=True)
        print()


if __name__ == "__main__":
    main()
