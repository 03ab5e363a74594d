"""The convolutional network that tells shapes apart: pictures in, a logit for each class out."""

from torch import nn


def build(filters, classes, channels=3):
    def block(inputs, outputs, stride):
        convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(channels, filters, 2),
        *block(filters, 2 * filters, 2),
        *block(2 * filters, 2 * filters, 1),
        *block(2 * filters, 4 * filters, 2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * filters, 4 * filters),
        nn.ReLU(),
        nn.Linear(4 * filters, classes),
    )
