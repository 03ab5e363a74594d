"""Serves the surface inspector's .tflite file in SageMaker's inference contract.

Takes JSON: one image or several, 32 rows of 32 numbers in 0..1 each.
    application/json: [[[…32…], … 32 …], …] or [[…32…], … 32 …] or {"instances": [[[…32…], … 32 …], …]}
Answers JSON: {"predictions": [{"label": "crack", "probabilities": [… 6, in the order of LABELS …]}, …]}
"""

import json
import threading
from pathlib import Path

import numpy as np

LABELS = ["sound", "scratch", "crack", "spot", "ring", "stripes"]
MAX_IMAGES = 1024


class BadRequest(ValueError):
    """The caller's mistake, not the model's."""

    status_code = 400


class Classifier:
    """An interpreter holds its tensors' memory, so every thread has one of its own."""

    def __init__(self, path):
        self._content = path.read_bytes()
        self._local = threading.local()
        self.image_shape = tuple(int(side) for side in self._interpreter().get_input_details()[0]["shape"][1:])

    def _interpreter(self):
        if not hasattr(self._local, "interpreter"):
            self._local.interpreter = load_interpreter()(model_content=self._content, num_threads=1)
            self._local.count = None
        return self._local.interpreter

    def predict(self, images):
        """Probabilities, float32 [count, 6], for float32 images [count, 32, 32, 1]."""
        interpreter = self._interpreter()
        entry, result = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        if self._local.count != len(images):
            interpreter.resize_tensor_input(entry, images.shape)
            interpreter.allocate_tensors()
            self._local.count = len(images)
        interpreter.set_tensor(entry, images)
        interpreter.invoke()
        return interpreter.get_tensor(result)


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
    classifier = Classifier(files[0])
    classifier.predict(np.zeros((1, *classifier.image_shape), np.float32))
    return classifier


def input_fn(body, content_type):
    if content_type.split(";")[0].strip() != "application/json":
        raise BadRequest(f"content type {content_type} is not supported; send application/json")
    try:
        data = json.loads(body)
        images = np.asarray(data["instances"] if isinstance(data, dict) else data, np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise BadRequest(f"the body is not a list of images: {error}")
    return (images[np.newaxis] if images.ndim == 2 else images)[..., np.newaxis]


def predict_fn(images, model):
    rows, columns, _ = model.image_shape
    if images.shape[1:] != model.image_shape or not 1 <= len(images) <= MAX_IMAGES:
        raise BadRequest(
            f"expected 1 to {MAX_IMAGES} images of {rows} rows of {columns} numbers, received shape {images.shape[:-1]}"
        )
    if not np.isfinite(images).all():
        raise BadRequest("every pixel must be a finite number")
    return model.predict(images)


def output_fn(probabilities, accept):
    if accept not in ("application/json", "*/*", None, ""):
        raise BadRequest(f"cannot answer in {accept}; accept application/json")
    return json.dumps(
        {
            "predictions": [
                {"label": LABELS[row.argmax()], "probabilities": [round(float(p), 6) for p in row]}
                for row in probabilities
            ]
        }
    )
