"""Runs an .onnx file on one thread of the CPU in onnxruntime."""

import onnxruntime


def load(folder):
    files = sorted(folder.glob("*.onnx"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .onnx file in {folder}, found {[file.name for file in files]}")
    return Model(files[0])


class Model:
    def __init__(self, path):
        self.bytes = path.stat().st_size
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(self, inputs):
        """Probabilities, float32 [1, classes]; inputs go by the names of the model's."""
        return self._session.run(["probabilities"], inputs)[0]
