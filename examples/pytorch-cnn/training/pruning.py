"""Gradual magnitude pruning while a PyTorch model trains: `torch.nn.utils.prune`, on a schedule.

Masks are made by the same rule, at the same steps, as the TensorFlow Model Optimization Toolkit makes them.
"""

from torch import nn
from torch.nn.utils import prune

PRUNABLE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding)


class GradualPruning:
    """Sets the smallest weights of every layer to zero on schedule and keeps them there. Without a schedule, it does nothing.

    Layers of fewer than `least` weights stay whole: their zeros would gain little and cost much.
    """

    def __init__(self, model, schedule, least=1):
        self._layers = [layer for layer in prunable_layers(model) if layer.weight.numel() >= least]
        self._schedule = schedule
        self._step = 0

    def begin_step(self):
        """Before the model sees a batch. Steps count from 1."""
        self._step += 1
        if self._schedule is None or not self._schedule.is_due(self._step):
            return
        for layer in self._layers:
            # Under a mask, `weight` is what the last batch saw, and `weight_orig` what has been learned since.
            learned = getattr(layer, "weight_orig", layer.weight)
            zeros = learned.numel() - self._schedule.kept(learned.numel(), self._step)
            more = zeros - int((layer.weight_mask == 0).sum()) if prune.is_pruned(layer) else zeros
            prune.l1_unstructured(layer, "weight", max(more, 0), importance_scores=learned.detach())

    def end(self):
        """After the last batch: the zeros become the layers' weights."""
        for layer in self._layers:
            if prune.is_pruned(layer):
                prune.remove(layer, "weight")


def prunable_layers(model):
    """Layers with kernels and embeddings; biases and normalisation are few and needed."""
    return [layer for layer in model.modules() if isinstance(layer, PRUNABLE)]


def sparsity_of(model):
    """The share of the prunable weights that is zero."""
    weights = [layer.weight for layer in prunable_layers(model)]
    return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)
