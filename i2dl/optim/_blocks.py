"""One pure rule for many tensors, fast and in little memory: the machinery under `i2dl.optim.torch_optimizers`.

An update rule makes a new array in every operation, a dozen per step. For a tensor of ten million numbers each of them
travels to main memory and back, and more time goes into that than into arithmetic. But the rules work entry by entry,
and so they can be applied to one *block* of entries after the other. The temporaries of a block stay in the processor's
cache, and the memory they take does not grow with the network.

In the same way a hundred small tensors, which would cost a dozen calls each, are laid end to end into one block.
"""

from collections.abc import Iterator, Sequence

import torch

# In numbers. On a CPU each core works on its share of a block, and the temporaries of the share should fit into the
# core's cache. A GPU needs more to do at a time: starting an operation costs it as much as thousands of numbers do.
BLOCK_PER_CORE = 2**16
GPU_BLOCK = 2**22

Row = Sequence[torch.Tensor]


def blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Cut and join the tensors of many parameters into blocks of about equal size.

    Parameters
    ----------
    rows : sequence of rows of tensors
        One row per parameter, all on one device: the parameter, its gradient, the arrays of its state, in any shape
        that the row shares.

    Yields
    ------
    block : list of rows
        Pieces of parameters, as flat views. Tensors that are not contiguous form a block of their own, in their shape.
    """
    if not rows:
        return
    on_cpu = rows[0][0].device.type == "cpu"
    size = BLOCK_PER_CORE * torch.get_num_threads() if on_cpu else GPU_BLOCK
    block: list[Row] = []
    room = size
    for row in rows:
        if not all(tensor.is_contiguous() for tensor in row):
            yield [row]
            continue
        flat = [tensor.view(-1) for tensor in row]
        start, end = 0, flat[0].numel()
        while start < end:
            length = min(room, end - start)
            block.append(flat if length == end else [tensor.narrow(0, start, length) for tensor in flat])
            start += length
            room -= length
            if room == 0:
                yield block
                block, room = [], size
    if block:
        yield block


def gather(block: Sequence[Row]) -> list[torch.Tensor]:
    """Lay the pieces of a block end to end; a single piece is not copied.

    Parameters
    ----------
    block : sequence of rows
        From `blocks`.

    Returns
    -------
    columns : list of tensors
        One tensor for each column of the rows.
    """
    return list(block[0]) if len(block) == 1 else [torch.cat(pieces) for pieces in zip(*block, strict=True)]


def scatter(column: torch.Tensor, pieces: Sequence[torch.Tensor]) -> None:
    """Write the parts of a column back to where they came from.

    Parameters
    ----------
    column : tensor
        New values for one column of `gather`.
    pieces : sequence of tensors
        The pieces of the block that the column was made of; they change.
    """
    if len(pieces) == 1:
        pieces[0].copy_(column)
    else:
        for piece, part in zip(pieces, column.split([piece.numel() for piece in pieces]), strict=True):
            piece.copy_(part)
