"""Prints held-out images as JSON, to try an endpoint with: [{"label": "crack", "request": {"instances": […]}}, …]

    python samples.py --count 5
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "training"))

import surfaces  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5)
    count = parser.parse_args().count
    _, _, held_out_x, held_out_y = surfaces.load()
    print(
        json.dumps(
            [
                {"label": surfaces.CLASSES[label], "request": {"instances": [image.round(4).astype(float).tolist()]}}
                for image, label in zip(held_out_x[:count, ..., 0], held_out_y[:count])
            ]
        )
    )
