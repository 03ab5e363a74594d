"""Kernel SHAP (Lundberg and Lee, 2017): Shapley values as the solution of a weighted regression.

With every coalition it is exact. The attributions always add up to what the record's value differs by from the
baseline's: that constraint is eliminated from the regression rather than weighted heavily.
"""

import numpy as np


def attribute(coalitions, weights, values, empty, full):
    """Attributions, float [players, outputs].

    `coalitions` bool [n, players] with `weights` [n] and the model's `values` [n, outputs]; `empty` and `full` [outputs]
    are its values for the baseline and for the record.
    """
    total = full - empty
    last = coalitions[:, -1:].astype(float)
    design = coalitions[:, :-1] - last
    root = np.sqrt(weights)[:, np.newaxis]
    solution, *_ = np.linalg.lstsq(root * design, root * (values - empty - last * total), rcond=None)
    return np.vstack([solution, total - solution.sum(axis=0)])


def logit(values):
    """Log-odds. A probability of 0 or 1 has none: it is taken to be as near to it as float32 can tell."""
    nearest = np.finfo(np.float32).eps
    values = np.clip(values, nearest, 1 - nearest)
    return np.log(values / (1 - values))
