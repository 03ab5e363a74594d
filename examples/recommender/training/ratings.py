"""Generated opinions of users about films, with a structure that can be learned from them and chance on top.

Every user has tastes and every film has traits, both hidden. Whether a user likes a film depends on how the two agree, on
how good the film is, on how strict the user is, and on the day: some answers no model can know. Popular films are rated
more often. The same ratings come out on every machine.
"""

import numpy as np

USERS = 3000
FILMS = 2000
TRAITS = 4
RATINGS = 240_000
HELD_OUT_RATINGS = 10_000
CLASSES = ["disliked", "liked"]
SEED = 5


def load():
    """Returns (train users, films, labels), (held-out users, films, labels).

    Users and films are int32 of shape [count, 1]; labels are int64 of shape [count], indexes into CLASSES. No pair of a
    user and a film occurs twice.
    """
    random = np.random.default_rng(SEED)
    tastes, traits = random.normal(size=(USERS, TRAITS)), random.normal(size=(FILMS, TRAITS))
    strictness, quality = random.normal(0, 0.5, USERS), random.normal(0, 0.8, FILMS)
    popularity = 1 / np.arange(5, FILMS + 5) ** 0.5
    wanted = RATINGS + HELD_OUT_RATINGS
    drawn = np.stack(
        [
            random.integers(USERS, size=2 * wanted),
            random.choice(random.permutation(FILMS), size=2 * wanted, p=popularity / popularity.sum()),
        ],
        axis=1,
    )
    _, first = np.unique(drawn[:, 0] * FILMS + drawn[:, 1], return_index=True)
    users, films = drawn[np.sort(first)[:wanted]].T
    agreement = 1.4 * (tastes[users] * traits[films]).sum(axis=1) / np.sqrt(TRAITS)
    score = 2.5 * (agreement + quality[films] - strictness[users])
    labels = random.uniform(size=wanted) < 1 / (1 + np.exp(-score))
    columns = users.astype(np.int32)[:, np.newaxis], films.astype(np.int32)[:, np.newaxis], labels.astype(np.int64)
    return tuple(column[:RATINGS] for column in columns), tuple(column[RATINGS:] for column in columns)
