"""Serves the shape classifier's .onnx file with onnxruntime, in SageMaker's inference contract.

Takes JSON: one picture or several, 3 channels of 32 rows of 32 numbers in 0..1 each.
    application/json: [… one or several …] or {"instances": [… several …]}
Answers JSON: {"predictions": [{"label": "star", "probabilities": [… one for each class …]}, …]}
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime

MAX_IMAGES = 256


class BadRequest(ValueError):
    """The caller's mistake, not the model's."""

    status_code = 400


class Classifier:
    """A session may be used by many threads at once."""

    def __init__(self, path):
        available = onnxruntime.get_available_providers()
        wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        providers = [provider for provider in wanted if provider in available]
        self._session = onnxruntime.InferenceSession(path, providers=providers)
        self.labels = json.loads(self._session.get_modelmeta().custom_metadata_map["labels"])
        self.image_shape = tuple(self._session.get_inputs()[0].shape[1:])

    def predict(self, images):
        """Probabilities, float32 [count, classes], for float32 images [count, 3, 32, 32]."""
        return self._session.run(["probabilities"], {"image": images})[0]


def model_fn(model_dir):
    files = sorted(Path(model_dir).glob("*.onnx"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .onnx file in {model_dir}, found {[file.name for file in files]}")
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
        raise BadRequest(f"the body is not a list of pictures: {error}")
    return images[np.newaxis] if images.ndim == 3 else images


def predict_fn(images, model):
    if images.shape[1:] != model.image_shape or not 1 <= len(images) <= MAX_IMAGES:
        raise BadRequest(
            f"expected 1 to {MAX_IMAGES} pictures of shape {list(model.image_shape)}, received shape {list(images.shape)}"
        )
    if not np.isfinite(images).all():
        raise BadRequest("every pixel must be a finite number")
    return model.labels, model.predict(images)


def output_fn(prediction, accept):
    if accept not in ("application/json", "*/*", None, ""):
        raise BadRequest(f"cannot answer in {accept}; accept application/json")
    labels, probabilities = prediction
    return json.dumps(
        {
            "predictions": [
                {"label": labels[row.argmax()], "probabilities": [round(float(p), 6) for p in row]}
                for row in probabilities
            ]
        }
    )
