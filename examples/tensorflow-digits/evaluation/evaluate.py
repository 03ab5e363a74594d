"""Compares a model before and after compression, in SageMaker's processing contract.

Inputs, below /opt/ml/processing/input: raw/ (what training produced: model.tflite and held_out.npz) and compressed/
(the artifact: one .tflite file). Output: /opt/ml/processing/output/metrics.json, with accuracy in 0..1 on the held-out
images, size in bytes, and the median latency of single predictions in milliseconds. PROCESSING_DIR, or the arguments,
choose other folders.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

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
        images, labels = held_out["images"], held_out["labels"]
    metrics = {
        "held_out": len(labels),
        "raw": measure(find_model(options.raw), images, labels),
        "compressed": measure(find_model(options.compressed), images, labels),
    }
    raw, compressed = metrics["raw"], metrics["compressed"]
    metrics["accuracy_change"] = round(compressed["accuracy"] - raw["accuracy"], 6)
    metrics["size_ratio"] = round(raw["bytes"] / compressed["bytes"], 4)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics), flush=True)


def find_model(folder):
    files = sorted(folder.glob("*.tflite"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .tflite file in {folder}, found {[file.name for file in files]}")
    return files[0]


def measure(path, images, labels):
    interpreter = load_interpreter()(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def predict(image):
        interpreter.set_tensor(entry, image[np.newaxis])
        interpreter.invoke()
        return interpreter.get_tensor(result)[0]

    right = sum(int(predict(image).argmax() == label) for image, label in zip(images, labels))
    times = []
    for number in range(WARM_UP + ROUNDS):
        image = images[number % len(images)]
        start = time.perf_counter()
        predict(image)
        times.append(time.perf_counter() - start)
    return {
        "accuracy": round(right / len(labels), 6),
        "bytes": path.stat().st_size,
        "latency_ms": round(float(np.median(times[WARM_UP:])) * 1000, 4),
    }


def load_interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
    return Interpreter


if __name__ == "__main__":
    main()
