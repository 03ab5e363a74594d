"""Prints what the recommender ranks, and what its metrics make of scores whose ranks are known.

usage: recommender_ranking.py <example's folder> <scratch folder>
"""

import json
import sys
from pathlib import Path

example, scratch = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(example / "training"), str(example / "evaluation")]

import numpy as np  # noqa: E402

import further_metrics  # noqa: E402
import ranking  # noqa: E402
import ratings  # noqa: E402

training, held_out = ratings.load()
users, films = ranking.candidates(training, held_out)
rated = {(int(u), int(f)) for part in (training, held_out) for u, f in zip(part[0][:, 0], part[1][:, 0])}
liked = {(int(u), int(f)) for u, f, label in zip(*(c.ravel() for c in held_out)) if ratings.CLASSES[label] == "liked"}


class Scores:
    """Scores each user's films so that the first one gets the place that is wanted for the user."""

    def __init__(self, places):
        self._scores = {}
        for user, row, place in zip(users, films, places):
            order = [*row[1:place], row[0], *row[place:]]
            self._scores.update({(int(user), int(film)): -number for number, film in enumerate(order)})

    def predict(self, inputs):
        return np.array([[0.0, self._scores[int(inputs["user"][0, 0]), int(inputs["film"][0, 0])]]])


class Constant:
    def predict(self, inputs):
        return np.array([[0.5, 0.5]])


np.savez(scratch / "ranking.npz", user=users, film=films)
places = np.where(np.arange(len(users)) % 2 == 0, 3, 11)
print(
    json.dumps(
        {
            "users": len(set(users.tolist())),
            "shape": list(films.shape),
            "liked": all((int(user), int(row[0])) in liked for user, row in zip(users, films)),
            "unrated": not any((int(user), int(film)) in rated for user, row in zip(users, films) for film in row[1:]),
            "distinct": all(len(set(row.tolist())) == len(row) for row in films),
            "best": further_metrics.measure(Scores(np.ones(len(users), int)), scratch),
            "half": further_metrics.measure(Scores(places), scratch),
            "constant": further_metrics.measure(Constant(), scratch),
        }
    )
)
