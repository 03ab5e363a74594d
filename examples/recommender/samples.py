"""Prints held-out ratings as JSON, to try an endpoint with; its explainer takes CSV:
[{"label": "liked", "request": "7,9"}, …]

    python samples.py --count 5
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "training"))

import ratings  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5)
    count = parser.parse_args().count
    _, (users, films, labels) = ratings.load()
    print(
        json.dumps(
            [
                {"label": ratings.CLASSES[label], "request": f"{user},{film}"}
                for user, film, label in zip(users[:count, 0], films[:count, 0], labels[:count])
            ]
        )
    )
