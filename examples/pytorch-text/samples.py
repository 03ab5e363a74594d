"""Prints held-out reviews as JSON, to try an endpoint with: [{"label": "mixed", "request": {"instances": ["…"]}}, …]

    python samples.py --count 5
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "training"))

import reviews  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=5)
    count = parser.parse_args().count
    texts, labels = reviews.load_held_out()
    samples = zip(texts[:count], labels[:count])
    print(json.dumps([{"label": reviews.CLASSES[label], "request": {"instances": [text]}} for text, label in samples]))
