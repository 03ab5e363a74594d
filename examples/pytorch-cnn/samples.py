"""Prints held-out pictures as JSON, to try an endpoint with: [{"label": "star", "request": {"instances": […]}}, …]

    python samples.py --count 5
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "training"))

import shapes  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5)
    count = parser.parse_args().count
    held_out_x, held_out_y = shapes.load_held_out()
    print(
        json.dumps(
            [
                {"label": shapes.CLASSES[label], "request": {"instances": [image.astype(float).round(4).tolist()]}}
                for image, label in zip(held_out_x[:count], held_out_y[:count])
            ]
        )
    )
