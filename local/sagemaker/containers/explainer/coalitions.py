"""Which coalitions of features Kernel SHAP asks the model about, and how much each of them counts.

A coalition is a row of booleans: the features that keep the record's value. The empty and the full one are not among
them, being exact constraints of the regression.
"""

from itertools import combinations
from math import comb

import numpy as np


def count_coalitions(players, samples):
    """How many coalitions are asked about: all there are, or as many as `samples`; Clarify's number without it."""
    most = 2**players - 2
    return min(most, 2 * players + 2**11 if samples is None else samples)


def choose_coalitions(players, count, random):
    """Coalitions, bool [n, players], and their weights, float [n]. n is at most `count`.

    The smallest and the largest coalitions weigh most, so sizes are enumerated whole from the outside in, as long as at
    least as many draws would fall on a size as it has coalitions. What remains is drawn by weight, in pairs of opposites.
    """
    sizes = np.arange(1, players)
    shares = (players - 1) / (sizes * (players - sizes))
    shares = shares / shares.sum()
    chosen, weights, whole, remaining = [], [], 0, 1.0
    for size in range(1, players // 2 + 1):
        both = {size, players - size}
        number = sum(comb(players, one) for one in both)
        share = sum(shares[one - 1] for one in both)
        if count < 2**players - 2 and (count - len(chosen)) * share / remaining < number:
            break
        for one in both:
            chosen += [_row(players, members) for members in combinations(range(players), one)]
        weights += [share / number] * number
        whole, remaining = size, remaining - share
    left = count - len(chosen)
    if whole < players // 2 and left > 0:
        drawn = _draw(players, sizes[whole : players - 1 - whole], shares, left, random)
        total = sum(drawn.values())
        chosen += [np.frombuffer(row, bool) for row in drawn]
        weights += [times / total * remaining for times in drawn.values()]
    return np.array(chosen, bool), np.array(weights)


def _row(players, members):
    row = np.zeros(players, bool)
    row[list(members)] = True
    return row


def _draw(players, sizes, shares, count, random):
    """Coalitions as bytes with how often each was drawn, at most `count` different ones."""
    odds = shares[sizes - 1] / shares[sizes - 1].sum()
    drawn = {}
    for size in random.choice(sizes, size=4 * count, p=odds):
        row = _row(players, random.choice(players, size=size, replace=False))
        for one in (row, ~row):
            key = one.tobytes()
            if key in drawn or len(drawn) < count:
                drawn[key] = drawn.get(key, 0) + 1
        if len(drawn) == count:
            break
    return drawn
