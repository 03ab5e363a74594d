"""Serves an example's model from each of some folders, as the container would, and prints what came of it.

usage: pytorch_serving.py <example's folder> <count> <folder with a model>...
"""

import json
import subprocess
import sys
from pathlib import Path

example, count, folders = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
sys.path.insert(0, str(example / "serving"))

import inference  # noqa: E402

printed = subprocess.run(
    [sys.executable, str(example / "samples.py"), "--count", count], check=True, capture_output=True, text=True
)
samples = json.loads(printed.stdout)


def answer(model, body, kind="application/json"):
    try:
        prediction = inference.predict_fn(inference.input_fn(body, kind), model)
        return json.loads(inference.output_fn(prediction, "application/json"))["predictions"]
    except inference.BadRequest as error:
        return f"{error.status_code} {error}"


def accuracy(folder):
    model = inference.model_fn(folder)
    answers = [answer(model, json.dumps(sample["request"]))[0]["label"] for sample in samples]
    return sum(got == sample["label"] for got, sample in zip(answers, samples)) / len(samples)


model = inference.model_fn(folders[-1])
instances = [sample["request"]["instances"][0] for sample in samples[:3]]
single = [answer(model, json.dumps([instance]))[0]["label"] for instance in instances]
mistakes = ["{", "{}", "[]", "[[1]]", '{"instances": 7}']
print(
    json.dumps(
        {
            "accuracies": [accuracy(folder) for folder in folders],
            "batch": [one["label"] for one in answer(model, json.dumps(instances))] == single,
            "mistakes": [answer(model, body) for body in mistakes] + [answer(model, "x", "image/png")],
        }
    )
)
