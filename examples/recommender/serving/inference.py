"""Serves the recommender's .tflite file in SageMaker's inference contract.

Takes pairs of a user and a film, by their numbers.
    application/json: [{"user": 7, "film": 9}, …] or {"instances": [{"user": 7, "film": 9}, …]}
    text/csv: 7,9 and so on, a pair a line, which is what an explainer asks in
Answers for disliked and liked, as is accepted.
    application/json: {"predictions": [{"label": "liked", "probabilities": [0.2, 0.8]}, …]}
    text/csv: 0.2,0.8 and so on, a pair a line
"""

import csv
import io
import json
import threading
from pathlib import Path

import numpy as np

LABELS = ["disliked", "liked"]
MAX_PAIRS = 10_000


class BadRequest(ValueError):
    """The caller's mistake, not the model's."""

    status_code = 400


class Recommender:
    """An interpreter holds its tensors' memory, so every thread has one of its own."""

    def __init__(self, path):
        self._content = path.read_bytes()
        self._local = threading.local()
        self._interpreter()

    def _interpreter(self):
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = load_interpreter()(model_content=self._content, num_threads=1)
            self._local.count = None
        return self._local.interpreter

    def predict(self, pairs):
        """Probabilities, float32 [count, 2], for {"user": int32 [count, 1], "film": int32 [count, 1]}.

        Raises RuntimeError for a number that has no row in its table.
        """
        interpreter = self._interpreter()
        entries = {
            entry["name"].removeprefix("serving_default_").split(":")[0]: entry["index"]
            for entry in interpreter.get_input_details()
        }
        count = len(pairs["user"])
        if self._local.count != count:
            for entry in entries.values():
                interpreter.resize_tensor_input(entry, [count, 1])
            interpreter.allocate_tensors()
            self._local.count = count
        for name, entry in entries.items():
            interpreter.set_tensor(entry, pairs[name])
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def load_interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
    return Interpreter


def model_fn(model_dir):
    files = sorted(Path(model_dir).glob("*.tflite"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .tflite file in {model_dir}, found {[file.name for file in files]}")
    recommender = Recommender(files[0])
    recommender.predict({name: np.zeros((1, 1), np.int32) for name in ("user", "film")})
    return recommender


def input_fn(body, content_type):
    kind = content_type.split(";")[0].strip()
    if kind not in ("application/json", "text/csv"):
        raise BadRequest(f"content type {content_type} is not supported; send application/json or text/csv")
    numbers = read_csv(body) if kind == "text/csv" else read_json(body)
    for name, values in numbers.items():
        wrong = [value for value in values if type(value) is not int or not 0 <= value < 2**31]
        if wrong:
            raise BadRequest(f"every {name} must be given by its number, 0 or more; received: {wrong[0]!r}")
    return {name: np.array(values, np.int32).reshape(-1, 1) for name, values in numbers.items()}


def read_json(body):
    try:
        data = json.loads(body)
        rows = data["instances"] if isinstance(data, dict) else data
        return {name: [row[name] for row in rows] for name in ("user", "film")}
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(f'the body is not a list of pairs such as {{"user": 7, "film": 9}}: {error}')


def read_csv(body):
    try:
        text = body.decode() if isinstance(body, (bytes, bytearray)) else body
        # An explainer may write a whole number as 7.0.
        pairs = [tuple(map(float, row)) for row in csv.reader(io.StringIO(text)) if row]
        users, films = zip(*((user, film) for user, film in pairs))
    except (ValueError, csv.Error) as error:
        raise BadRequest(f"the body is not lines of a user and a film such as 7,9: {error}")
    whole = [[int(value) if value.is_integer() else value for value in values] for values in (users, films)]
    return dict(zip(("user", "film"), whole))


def predict_fn(pairs, model):
    count = len(pairs["user"])
    if not 1 <= count <= MAX_PAIRS:
        raise BadRequest(f"expected 1 to {MAX_PAIRS} pairs, received: {count}")
    try:
        return model.predict(pairs)
    except RuntimeError as error:
        if "out of bounds" not in str(error):
            raise
        raise BadRequest("a user or a film is not one of those that the model was trained with")


def output_fn(probabilities, accept):
    if accept == "text/csv":
        return "\n".join(",".join(f"{p:.6f}" for p in row) for row in probabilities)
    if accept not in ("application/json", "*/*", None, ""):
        raise BadRequest(f"cannot answer in {accept}; accept application/json or text/csv")
    return json.dumps(
        {
            "predictions": [
                {"label": LABELS[row.argmax()], "probabilities": [round(float(p), 6) for p in row]}
                for row in probabilities
            ]
        }
    )
