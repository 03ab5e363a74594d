"""What a ranking is measured on: users, each with a liked film that was kept out of training and films not rated at all."""

import numpy as np

import ratings

USERS = 1000
FILMS = 100
SEED = 6


def candidates(training, held_out):
    """Returns (users [1000], films [1000, 100]), int32; the first film of each row is the liked one."""
    random = np.random.default_rng(SEED)
    rated = np.zeros((ratings.USERS, ratings.FILMS), bool)
    for users, films, _ in (training, held_out):
        rated[users[:, 0], films[:, 0]] = True
    users, films, labels = held_out
    liked = np.flatnonzero(labels == ratings.CLASSES.index("liked"))
    _, first = np.unique(users[liked, 0], return_index=True)
    chosen = liked[np.sort(first)[:USERS]]
    others = [random.choice(np.flatnonzero(~rated[user]), FILMS - 1, replace=False) for user in users[chosen, 0]]
    return users[chosen, 0], np.concatenate([films[chosen], np.array(others, np.int32)], axis=1)
