"""Compares a model before and after compression, in SageMaker's processing contract.

Inputs, below /opt/ml/processing/input: raw/ (what training produced: a model, and held_out.npz with `labels` and one
array for each of the model's inputs) and compressed/ (the artifact). Output: /opt/ml/processing/output/metrics.json, with
accuracy in 0..1 on the held-out examples, size in bytes, and the median latency of single predictions in milliseconds.
PROCESSING_DIR, or the arguments, choose other folders. How a model is loaded and run is the affair of runtime.py; where an
example has a further_metrics.py, its `measure` adds what else counts.
"""

import argparse
import importlib
import importlib.util
import json
import os
import time
from pathlib import Path

import numpy as np

import runtime

WARM_UP = 20
ROUNDS = 200


def main():
    base = Path(os.environ.get("PROCESSING_DIR", "/opt/ml/processing"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=base / "input" / "raw")
    parser.add_argument("--compressed", type=Path, default=base / "input" / "compressed")
    parser.add_argument("--output", type=Path, default=base / "output")
    options = parser.parse_args()

    with np.load(options.raw / "held_out.npz", allow_pickle=False) as held_out:
        labels = held_out["labels"]
        inputs = {name: held_out[name] for name in held_out.files if name != "labels"}
    metrics = {
        "held_out": len(labels),
        "raw": measure(options.raw, options.raw, inputs, labels),
        "compressed": measure(options.compressed, options.raw, inputs, labels),
    }
    raw, compressed = metrics["raw"], metrics["compressed"]
    metrics["accuracy_change"] = round(compressed["accuracy"] - raw["accuracy"], 6)
    metrics["size_ratio"] = round(raw["bytes"] / compressed["bytes"], 4)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics), flush=True)


def measure(folder, training, inputs, labels):
    model = runtime.load(folder)

    def predict(number):
        """The probabilities of one example, which is a batch of one."""
        return model.predict({name: values[number : number + 1] for name, values in inputs.items()})[0]

    right = sum(int(predict(number).argmax() == label) for number, label in enumerate(labels))
    times = []
    for number in range(WARM_UP + ROUNDS):
        start = time.perf_counter()
        predict(number % len(labels))
        times.append(time.perf_counter() - start)
    return {
        "accuracy": round(right / len(labels), 6),
        "bytes": model.bytes,
        "latency_ms": round(float(np.median(times[WARM_UP:])) * 1000, 4),
        **further_metrics(model, training),
    }


def further_metrics(model, training):
    if importlib.util.find_spec("further_metrics") is None:
        return {}
    return importlib.import_module("further_metrics").measure(model, training)


if __name__ == "__main__":
    main()
