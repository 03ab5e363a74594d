"""Prints held-out digits as JSON, to try an endpoint with: [{"label": 8, "request": {"instances": [[…784…]]}}, …]

    python samples.py --count 5
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "training"))

import digits  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5)
    count = parser.parse_args().count
    _, _, held_out_x, held_out_y = digits.load()
    print(
        json.dumps(
            [
                {"label": int(label), "request": {"instances": [[round(float(pixel), 4) for pixel in pixels]]}}
                for pixels, label in zip(held_out_x[:count], held_out_y[:count])
            ]
        )
    )
