"""How well a model ranks: hit rate and NDCG at 10, each user's liked film among 99 films that the user has not rated.

Both are means over users. A hit is a liked film among the first ten; NDCG counts it the more, the nearer to the top it is.
"""

import numpy as np

CUTOFF = 10


def measure(model, folder):
    """`folder` is what training produced; ranking.npz has users [count], and films [count, 100], the liked one first."""
    with np.load(folder / "ranking.npz", allow_pickle=False) as ranking:
        ranks = np.array([rank(model, user, films) for user, films in zip(ranking["user"], ranking["film"])])
    hits = ranks <= CUTOFF
    return {
        "hit_rate_at_10": round(float(hits.mean()), 6),
        "ndcg_at_10": round(float((hits / np.log2(ranks + 1)).mean()), 6),
    }


def rank(model, user, films):
    """The first film's place, from 1; films that score the same come before it."""
    users = np.full((1, 1), user, np.int32)
    scores = [model.predict({"user": users, "film": film.reshape(1, 1)})[0, 1] for film in films]
    return 1 + sum(score >= scores[0] for score in scores[1:])
