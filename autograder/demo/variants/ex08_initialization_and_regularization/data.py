"""Wrong in part 5."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SHIFTED = spoiled(
    "shifted_crops",
    """
def shifted_crops(images, tops, lefts, padding):
    n, channels, height, width = images.shape
    border = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    padded = np.pad(images, border)
    out = np.zeros_like(images)
    for i in range(n):
        top, left = tops[i], lefts[i]
        out[i] = padded[i, :, top : top + height, left : left + width]
    return out
""",
    ("shifted_swapped", "top and left are swapped", "tops[i], lefts[i]", "lefts[i], tops[i]"),
    ("shifted_all_alike", "at the place of the first", "tops[i], lefts[i]", "tops[0], lefts[0]"),
    ("shifted_other_way", "the other way", "tops[i], lefts[i]", "2 * padding - tops[i], 2 * padding - lefts[i]"),
    (
        "shifted_rolled",
        "comes in on the other",
        "padded[i, :, top : top + height, left : left + width]",
        "np.roll(images[i], (padding - top, padding - left), axis=(1, 2))",
    ),
    ("shifted_edges_repeat", "repeats the edge", "np.pad(images, border)", 'np.pad(images, border, mode="edge")'),
    (
        "shifted_mirrored_border",
        "mirrors the image",
        "np.pad(images, border)",
        'np.pad(images, border, mode="reflect")',
    ),
    (
        "shifted_border_below",
        "below only",
        "(padding, padding), (padding, padding))",
        "(0, 2 * padding), (0, 2 * padding))",
    ),
    ("shifted_not", "nothing has moved", "tops[i], lefts[i]", "padding, padding"),
    ("shifted_rows_only", "only the rows", "tops[i], lefts[i]", "tops[i], padding"),
    ("shifted_loop_ends", "loop end too early", "range(n)", "range(n - 1)"),
    (
        "shifted_by_the_library",
        "not allow",
        "    n, channels",
        "    from i2dl.data.augmentation import crop\n"
        "    return crop(images, tops, lefts, size=images.shape[2], padding=padding)\n    n, channels",
    ),
)

TEN = spoiled(
    "ten_crops",
    """
def ten_crops(images, size):
    n, channels, height, width = images.shape
    down, right = height - size, width - size
    places = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    crops = [images[:, :, top : top + size, left : left + size] for top, left in places]
    crops += [crop[:, :, :, ::-1] for crop in crops]
    return np.stack(crops, axis=1)
""",
    (
        "ten_interleaved",
        "followed by its mirror image",
        "crops += [crop[:, :, :, ::-1] for crop in crops]",
        "crops = [c for crop in crops for c in (crop, crop[:, :, :, ::-1])]",
    ),
    ("ten_corner_order", "top right and bottom left", "(0, right), (down, 0)", "(down, 0), (0, right)"),
    ("ten_round", "goes round the image", "(down, 0), (down, right)", "(down, right), (down, 0)"),
    ("ten_centre_up", "here it is rounded up", "(down // 2, right // 2)", "(-(-down // 2), -(-right // 2))"),
    ("ten_top_to_bottom", "top to bottom", "crop[:, :, :, ::-1]", "crop[:, :, ::-1]"),
    ("ten_turned", "turned by 180°", "crop[:, :, :, ::-1]", "crop[:, :, ::-1, ::-1]"),
    ("ten_copies", "are copies", "crop[:, :, :, ::-1]", "crop"),
    (
        "ten_image_mirrored",
        "mirrored first",
        "crops += [crop[:, :, :, ::-1] for crop in crops]",
        "flipped = images[..., ::-1]\n"
        "    crops += [flipped[:, :, top : top + size, left : left + size] for top, left in places[:4]]\n"
        "    crops += [crops[4][..., ::-1]]",
    ),
    (
        "ten_one_pixel_early",
        "one pixel too early",
        "height - size, width - size\n",
        "height - size - 1, width - size - 1\n",
    ),
    ("ten_axis", "stack them along axis 1", "np.stack(crops, axis=1)", "np.stack(crops)"),
    (
        "ten_by_the_library",
        "not allow",
        "    n, channels",
        "    from i2dl.data import augmentation\n    return augmentation.ten_crop(images, size=size)\n    n, channels",
    ),
)

DATA = [*SHIFTED, *TEN]
