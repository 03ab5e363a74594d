"""Gradual magnitude pruning while a Keras model trains, as the TensorFlow Model Optimization Toolkit does it.

The toolkit itself (`prune_low_magnitude` with a `PolynomialDecay` schedule) knows Keras 2 only. The schedule is that of
Zhu and Gupta, "To prune, or not to prune" (2017).
"""

import keras
import numpy as np


PRUNABLE = ("kernel", "pointwise_kernel", "recurrent_kernel", "embeddings")


class PolynomialDecay:
    """The share of weights that is zero at a step: from the initial to the final one, fast at first, then slower."""

    def __init__(self, initial_sparsity, final_sparsity, begin_step, end_step, power=3, frequency=100):
        if not 0 <= initial_sparsity <= final_sparsity < 1:
            raise ValueError(
                f"sparsities must be shares with 0 <= initial <= final < 1, received: {initial_sparsity}, {final_sparsity}"
            )
        if not 0 <= begin_step < end_step:
            raise ValueError(f"steps must be 0 <= begin < end, received: {begin_step}, {end_step}")
        if frequency < 1:
            raise ValueError(f"the frequency must be 1 step or more, received: {frequency}")
        self.initial_sparsity, self.final_sparsity = initial_sparsity, final_sparsity
        self.begin_step, self.end_step = begin_step, end_step
        self.power, self.frequency = power, frequency

    def sparsity(self, step):
        """s_f + (s_i - s_f) (1 - (t - t0) / (t1 - t0))^power"""
        passed = min(1.0, max(0.0, (step - self.begin_step) / (self.end_step - self.begin_step)))
        return self.final_sparsity + (self.initial_sparsity - self.final_sparsity) * (1 - passed) ** self.power

    def is_due(self, step):
        """Whether masks are made anew at this step; between such steps the model learns to do without."""
        return self.begin_step <= step <= self.end_step and (step - self.begin_step) % self.frequency == 0


def add_arguments(parser):
    """The schedule's options, by the toolkit's names."""
    parser.add_argument("--initial-sparsity", type=float, default=0, help="share of zeros at the first pruning step")
    parser.add_argument("--final-sparsity", type=float, default=0, help="share of zeros at the end; 0: no pruning")
    parser.add_argument("--begin-step", type=int, help="first pruning step (default: half of all steps)")
    parser.add_argument("--end-step", type=int, help="last pruning step (default: seven eighths of all steps)")
    parser.add_argument("--frequency", type=int, default=10, help="steps from one pruning to the next")


def callbacks(options, steps):
    """What `model.fit` needs for the parsed options, when it runs for so many steps."""
    if options.final_sparsity == 0:
        return []
    begin = steps // 2 if options.begin_step is None else options.begin_step
    end = steps * 7 // 8 if options.end_step is None else options.end_step
    if end > steps:
        raise ValueError(f"--end-step must be at most {steps}, the number of training steps, received: {end}")
    schedule = PolynomialDecay(
        options.initial_sparsity, options.final_sparsity, begin, end, frequency=options.frequency
    )
    return [GradualPruning(schedule)]


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
            sparsity = self._schedule.sparsity(self._step)
            self._masks = {kernel.path: mask_of(kernel.numpy(), sparsity) for kernel in prunable_weights(self.model)}
        self._apply()

    def on_train_batch_end(self, batch, logs=None):
        self._apply()

    def _apply(self):
        for kernel in prunable_weights(self.model):
            if kernel.path in self._masks:
                kernel.assign(kernel * self._masks[kernel.path])


def prunable_weights(model):
    """Kernels and embeddings; biases and normalisation are few and needed."""
    return [weight for weight in model.trainable_weights if weight.path.split("/")[-1] in PRUNABLE]


def mask_of(weights, sparsity):
    """1 for the weights that stay, 0 for the given share of them with the smallest magnitudes; float32."""
    magnitudes = np.abs(weights)
    kept = max(int(np.round(weights.size * (1 - sparsity))), 1)
    threshold = np.partition(magnitudes.ravel(), weights.size - kept)[weights.size - kept]
    return (magnitudes >= threshold).astype(np.float32)


def sparsity_of(model):
    """The share of the prunable weights that is zero."""
    weights = [weight.numpy() for weight in prunable_weights(model)]
    return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.size for weight in weights)
