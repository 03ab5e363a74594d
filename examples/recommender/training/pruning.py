"""Gradual magnitude pruning while a Keras model trains, as the TensorFlow Model Optimization Toolkit does it.

The toolkit itself (`prune_low_magnitude`) knows Keras 2 only.
"""

import keras
import numpy as np

from pruning_schedule import schedule_of

PRUNABLE = ("kernel", "pointwise_kernel", "recurrent_kernel", "embeddings")


def callbacks(options, steps):
    """What `model.fit` needs for the parsed options, when it runs for so many steps."""
    schedule = schedule_of(options, steps)
    return [] if schedule is None else [GradualPruning(schedule)]


class GradualPruning(keras.callbacks.Callback):
    """Sets the smallest kernel weights of every layer to zero on schedule and keeps them there. Steps count from 1."""

    def __init__(self, schedule):
        super().__init__()
        self._schedule = schedule
        self._step = 0
        self._masks = {}

    def on_train_batch_begin(self, batch, logs=None):
        self._step += 1
        if self._schedule.is_due(self._step):
            self._masks = {kernel.path: self._mask(kernel.numpy()) for kernel in prunable_weights(self.model)}
        self._apply()

    def on_train_batch_end(self, batch, logs=None):
        self._apply()

    def _mask(self, weights):
        """1 for the weights that stay, 0 for those with the smallest magnitudes; float32."""
        magnitudes = np.abs(weights)
        kept = self._schedule.kept(weights.size, self._step)
        threshold = np.partition(magnitudes.ravel(), weights.size - kept)[weights.size - kept]
        return (magnitudes >= threshold).astype(np.float32)

    def _apply(self):
        for kernel in prunable_weights(self.model):
            if kernel.path in self._masks:
                kernel.assign(kernel * self._masks[kernel.path])


def prunable_weights(model):
    """Kernels and embeddings; biases and normalisation are few and needed."""
    return [weight for weight in model.trainable_weights if weight.path.split("/")[-1] in PRUNABLE]


def sparsity_of(model):
    """The share of the prunable weights that is zero."""
    weights = [weight.numpy() for weight in prunable_weights(model)]
    return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.size for weight in weights)
