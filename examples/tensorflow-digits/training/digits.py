"""Handwritten digits: scikit-learn's bundled 8x8 scans as 28x28 images, split into a training and a held-out set."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SIDE = 28
PIXELS = SIDE * SIDE
CLASSES = 10
ENLARGE = 4
SPLIT_SEED = 20
HELD_OUT_SHARE = 0.2


def load():
    """Returns (train images, train labels, held-out images, held-out labels).

    Images are float32 of shape [count, 784] in 0..1, row by row; labels are int64 of shape [count] in 0..9. The split
    is stratified and the same on every machine.
    """
    digits = load_digits()
    images = enlarge(digits.images.astype(np.float32) / 16.0).reshape(-1, PIXELS)
    train_x, held_out_x, train_y, held_out_y = train_test_split(
        images, digits.target, test_size=HELD_OUT_SHARE, stratify=digits.target, random_state=SPLIT_SEED
    )
    return train_x, train_y.astype(np.int64), held_out_x, held_out_y.astype(np.int64)


def enlarge(images):
    """[count, 8, 8] to [count, 28, 28]: every pixel four times each way, then two pixels off every edge."""
    big = images.repeat(ENLARGE, axis=1).repeat(ENLARGE, axis=2)
    edge = (big.shape[1] - SIDE) // 2
    return big[:, edge : edge + SIDE, edge : edge + SIDE]


def shift(images, rows, columns):
    """Moves [count, 784] images by whole pixels; what comes in from outside is blank."""
    padded = np.pad(images.reshape(-1, SIDE, SIDE), ((0, 0), (abs(rows),) * 2, (abs(columns),) * 2))
    top, left = abs(rows) - rows, abs(columns) - columns
    return padded[:, top : top + SIDE, left : left + SIDE].reshape(-1, PIXELS)
