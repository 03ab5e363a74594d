"""Generated pictures of coloured shapes before a cluttered ground, for a network that tells the shapes apart.

Shapes are turned, of any size and colour, and partly hidden; some are hidden so well, or so like the ground, that no network
knows them all. The same pictures come out on every machine.
"""

import numpy as np

SIDE = 32
CHANNELS = 3
CLASSES = ["disc", "ring", "triangle", "square", "cross", "star"]
TRAINING_IMAGES, TRAINING_SEED = 24_000, 17
HELD_OUT_IMAGES, HELD_OUT_SEED = 2000, 18


def load_training():
    """Returns (images, labels): float32 [count, 3, 32, 32] in 0..1, and int64 [count], indexes into CLASSES."""
    return generate(TRAINING_IMAGES, np.random.default_rng(TRAINING_SEED))


def load_held_out():
    """Returns (images, labels) that no training sees."""
    return generate(HELD_OUT_IMAGES, np.random.default_rng(HELD_OUT_SEED))


def generate(count, random):
    labels = random.integers(len(CLASSES), size=count)
    images = np.empty((count, CHANNELS, SIDE, SIDE), np.float32)
    for number, label in enumerate(labels):
        images[number] = picture(random, label)
    return images, labels


def picture(random, label):
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] + 0.5
    image = ground(random, rows, columns)
    row, column = random.uniform(12, 20, 2)
    mask = shape(random, label, rows - row, columns - column)
    image = paint(image, mask, random.uniform(0, 1, CHANNELS))
    if random.uniform() < 0.3:
        image = paint(image, bar(random, rows, columns), random.uniform(0, 1, CHANNELS))
    image = image + random.normal(0, random.uniform(0.01, 0.05), image.shape)
    return np.clip(image, 0, 1).astype(np.float32)


def ground(random, rows, columns):
    """A colour that changes slowly across the picture, with blots on it."""
    angle = random.uniform(0, 2 * np.pi)
    along = 0.5 + ((rows - SIDE / 2) * np.cos(angle) + (columns - SIDE / 2) * np.sin(angle)) / (1.5 * SIDE)
    first = random.uniform(0, 1, (CHANNELS, 1, 1))
    image = first + random.normal(0, 0.15, (CHANNELS, 1, 1)) * along
    for _ in range(random.integers(0, 3)):
        row, column = random.uniform(0, SIDE, 2)
        mask = np.hypot(rows - row, columns - column) < random.uniform(1, 3)
        image = paint(image, 0.5 * mask, random.uniform(0, 1, CHANNELS))
    return image


def bar(random, rows, columns):
    angle, offset = random.uniform(0, np.pi), random.uniform(-7, 7)
    across = (rows - SIDE / 2) * np.sin(angle) - (columns - SIDE / 2) * np.cos(angle)
    return (np.abs(across - offset) < random.uniform(0.7, 1.8)).astype(float)


def paint(image, mask, color):
    return image * (1 - mask) + color[:, np.newaxis, np.newaxis] * mask


def shape(random, label, rows, columns):
    """How much of each pixel a shape around the origin covers, 0..1."""
    size, angle = random.uniform(6, 11), random.uniform(0, 2 * np.pi)
    distance, direction = np.hypot(rows, columns), np.arctan2(rows, columns) + angle
    name = CLASSES[label]
    if name == "disc":
        inside = 0.9 * size - distance
    elif name == "ring":
        inside = random.uniform(1.2, 2) - np.abs(distance - 0.8 * size)
    elif name == "cross":
        along, across = distance * np.abs(np.cos(direction)), distance * np.abs(np.sin(direction))
        inside = np.minimum(size - np.maximum(along, across), 0.3 * size - np.minimum(along, across))
    elif name == "star":
        inside = size * (0.7 + 0.35 * np.cos(5 * direction)) - distance
    else:
        corners = {"triangle": 3, "square": 4}[name]
        sector = np.mod(direction, 2 * np.pi / corners) - np.pi / corners
        inside = size * np.cos(np.pi / corners) - distance * np.cos(sector)
    return np.clip(inside + 0.5, 0, 1)
