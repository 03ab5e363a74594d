"""Serves the review classifier's .onnx file with onnxruntime, in SageMaker's inference contract.

Takes JSON or plain text: reviews.
    application/json: ["…", …] or {"instances": ["…", …]}
    text/plain: one review a line
Answers JSON: {"predictions": [{"label": "mixed", "probabilities": [… one for each class …]}, …]}
"""

import json
import re
from pathlib import Path

import numpy as np
import onnxruntime

PADDING, UNKNOWN = 0, 1
MAX_REVIEWS = 256


class BadRequest(ValueError):
    """The caller's mistake, not the model's."""

    status_code = 400


class Classifier:
    """Labels and vocabulary come from the model's metadata. A session may be used by many threads at once."""

    def __init__(self, path):
        available = onnxruntime.get_available_providers()
        wanted = ["CUDAExecutionProvider", "CPUExecutionProvider"]
        providers = [provider for provider in wanted if provider in available]
        self._session = onnxruntime.InferenceSession(path, providers=providers)
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.labels, self._vocabulary = json.loads(metadata["labels"]), json.loads(metadata["vocabulary"])
        self._length = self._session.get_inputs()[0].shape[1]

    def encode(self, texts):
        """Numbers of words, int64 [count, length]; longer texts lose their end, shorter ones are padded."""
        ids = np.full((len(texts), self._length), PADDING, np.int64)
        for row, text in zip(ids, texts):
            words = re.findall(r"[a-z]+|[.,]", text.lower())[: self._length]
            row[: len(words)] = [self._vocabulary.get(word, UNKNOWN) for word in words]
        return ids

    def predict(self, texts):
        """Probabilities, float32 [count, classes]."""
        return self._session.run(["probabilities"], {"input_ids": self.encode(texts)})[0]


def model_fn(model_dir):
    files = sorted(Path(model_dir).glob("*.onnx"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .onnx file in {model_dir}, found {[file.name for file in files]}")
    classifier = Classifier(files[0])
    classifier.predict(["warm up"])
    return classifier


def input_fn(body, content_type):
    kind = content_type.split(";")[0].strip()
    text = body.decode() if isinstance(body, (bytes, bytearray)) else body
    if kind == "text/plain":
        return [line for line in text.splitlines() if line.strip()]
    if kind != "application/json":
        raise BadRequest(f"content type {content_type} is not supported; send application/json or text/plain")
    try:
        data = json.loads(text)
        return data["instances"] if isinstance(data, dict) else data
    except (KeyError, ValueError) as error:
        raise BadRequest(f"the body is not a list of reviews: {error}")


def predict_fn(texts, model):
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadRequest("the body is not a list of reviews: every one must be a text")
    if not 1 <= len(texts) <= MAX_REVIEWS:
        raise BadRequest(f"expected 1 to {MAX_REVIEWS} reviews, received: {len(texts)}")
    empty = [number for number, text in enumerate(texts) if not re.search("[a-zA-Z]", text)]
    if empty:
        raise BadRequest(f"every review must have a word in it; number {empty[0]} has none")
    return model.labels, model.predict(texts)


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
