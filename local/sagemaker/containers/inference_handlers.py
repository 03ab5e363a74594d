"""The inference contract: finds model_fn, input_fn, predict_fn and output_fn in the user's script and chains them."""

import importlib.util
import inspect
import json
import sys
from pathlib import Path

TEXT_TYPES = ("application/json", "text/csv", "text/plain", "application/jsonlines")


class UnsupportedContentType(Exception):
    """The request's or the response's content type is not one that the handlers know."""

    status_code = 415


class InferenceHandlers:
    """Loads the script and the model.

    Raises what the script raises, and SystemExit with a plain sentence when the script or model_fn is missing.
    """

    def __init__(self, model_dir, code_dir, program):
        module = _load_script(Path(code_dir) / program)
        self._transform = getattr(module, "transform_fn", None)
        self._input = getattr(module, "input_fn", _default_input)
        self._predict = getattr(module, "predict_fn", _default_predict)
        self._output = getattr(module, "output_fn", _default_output)
        load_model = getattr(module, "model_fn", None)
        if load_model is None:
            sys.exit(f"{program} has no model_fn(model_dir), which must load the model and return it")
        self._model = _call(load_model, [model_dir])

    def respond(self, body, content_type, accept):
        """Answers one request. Returns the body as bytes and its content type."""
        if content_type.split(";")[0].strip() in TEXT_TYPES:
            body = body.decode("utf-8")
        if self._transform is not None:
            answer = _call(self._transform, [self._model, body, content_type, accept])
        else:
            data = _call(self._input, [body, content_type])
            answer = _call(self._output, [_call(self._predict, [data, self._model]), accept])
        if isinstance(answer, tuple):
            answer, accept = answer
        return (answer.encode("utf-8") if isinstance(answer, str) else bytes(answer)), accept


def _load_script(path):
    if not path.is_file():
        sys.exit(f"the serving script {path.name} is not in {path.parent}; put it there or set SAGEMAKER_PROGRAM")
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _call(function, arguments):
    """Newer toolkits hand a context to functions that take one more argument; there is none here."""
    try:
        wanted = len(inspect.signature(function).parameters)
    except ValueError:
        wanted = len(arguments)
    return function(*arguments, *([None] if wanted == len(arguments) + 1 else []))


def _default_input(body, content_type):
    kind = content_type.split(";")[0].strip()
    if kind == "application/json":
        return json.loads(body)
    if kind == "text/csv":
        return [[float(cell) for cell in line.split(",")] for line in body.splitlines() if line.strip()]
    raise UnsupportedContentType(f"content type {content_type} is not supported; send application/json or text/csv")


def _default_predict(data, model):
    return model(data)


def _default_output(prediction, accept):
    if accept not in ("application/json", "*/*", ""):
        raise UnsupportedContentType(f"cannot answer in {accept}; accept application/json")
    plain = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    return json.dumps(plain), "application/json"
