"""Generated photographs of surfaces with a defect or without, for a network that inspects them.

Every image has grain, uneven light and, except for "sound", one faint defect. Some defects are fainter than the grain, so
that no network finds them all. The same images come out on every machine.
"""

import numpy as np

SIDE = 32
CLASSES = ["sound", "scratch", "crack", "spot", "ring", "stripes"]
SEED = 11
TRAINING_IMAGES = 6000
HELD_OUT_IMAGES = 2000


def load():
    """Returns (train images, train labels, held-out images, held-out labels).

    Images are float32 of shape [count, 32, 32, 1] in 0..1; labels are int64 of shape [count], indexes into CLASSES.
    """
    images, labels = generate(TRAINING_IMAGES + HELD_OUT_IMAGES, np.random.default_rng(SEED))
    cut = TRAINING_IMAGES
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def generate(count, random):
    labels = random.integers(len(CLASSES), size=count)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    images = np.stack([surface(random, rows, columns) for _ in range(count)])
    for image, label in zip(images, labels):
        depth = random.uniform(0.12, 0.5) * random.choice([-1, 1])
        image += depth * DEFECTS[label](random, rows, columns)
    return np.clip(images, 0, 1)[..., np.newaxis].astype(np.float32), labels.astype(np.int64)


def surface(random, rows, columns):
    """Light from one side, a slow wave, and grain."""
    angle, phase = random.uniform(0, 2 * np.pi, 2)
    along = (rows * np.cos(angle) + columns * np.sin(angle)) / SIDE
    light = random.uniform(0.35, 0.65) + 0.15 * along + 0.05 * np.sin(2 * np.pi * along + phase)
    return light + random.normal(0, random.uniform(0.02, 0.06), (SIDE, SIDE))


def sound(random, rows, columns):
    return np.zeros_like(rows)


def scratch(random, rows, columns):
    """A straight line of some length."""
    row, column = random.uniform(8, 24, 2)
    angle, reach = random.uniform(0, np.pi), random.uniform(7, 14)
    along = (rows - row) * np.cos(angle) + (columns - column) * np.sin(angle)
    across = (rows - row) * np.sin(angle) - (columns - column) * np.cos(angle)
    return np.exp(-(across**2) / 0.8) * (np.abs(along) < reach)


def crack(random, rows, columns):
    """A line that changes its direction as it goes."""
    mark = np.zeros_like(rows)
    place, angle = random.uniform(8, 24, 2), random.uniform(0, 2 * np.pi)
    for _ in range(24):
        row, column = np.round(place).astype(int)
        if 0 <= row < SIDE and 0 <= column < SIDE:
            mark[row, column] = 1
        angle += random.normal(0, 0.7)
        place = place + [np.cos(angle), np.sin(angle)]
    return mark


def spot(random, rows, columns):
    row, column = random.uniform(6, 26, 2)
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / random.uniform(4, 20))


def ring(random, rows, columns):
    row, column = random.uniform(10, 22, 2)
    distance = np.hypot(rows - row, columns - column)
    return np.exp(-((distance - random.uniform(4, 9)) ** 2) / 1.2)


def stripes(random, rows, columns):
    """A regular pattern in a patch, as of a slipping tool."""
    row, column = random.uniform(8, 24, 2)
    angle, period = random.uniform(0, np.pi), random.uniform(3, 5)
    wave = np.sin(2 * np.pi * (rows * np.cos(angle) + columns * np.sin(angle)) / period)
    return wave * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 60)


DEFECTS = [sound, scratch, crack, spot, ring, stripes]
