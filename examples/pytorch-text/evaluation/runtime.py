"""Runs an .onnx file in onnxruntime, or a safetensors checkpoint in transformers, on one thread of the CPU."""

import json
from pathlib import Path


def load(folder):
    models = {".onnx": OnnxModel, ".safetensors": Checkpoint}
    files = [file for file in sorted(Path(folder).iterdir()) if file.suffix in models]
    if len(files) != 1:
        raise FileNotFoundError(
            f"expected one .onnx or .safetensors file in {folder}, found {[file.name for file in files]}"
        )
    return models[files[0].suffix](files[0])


class OnnxModel:
    def __init__(self, path):
        import onnxruntime

        self.bytes = path.stat().st_size
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def predict(self, inputs):
        """Probabilities, float32 [1, classes]; inputs go by the names of the model's."""
        return self._session.run(["probabilities"], inputs)[0]


class Checkpoint:
    """Compressed ones are decoded by compressed-tensors, which transformers asks for."""

    def __init__(self, path):
        import torch
        from transformers import AutoModelForSequenceClassification

        torch.set_num_threads(1)
        self.bytes = path.stat().st_size
        options = {"dtype": torch.float32, **self._decoding(path.parent / "config.json")}
        self._model = AutoModelForSequenceClassification.from_pretrained(path.parent, **options).eval()

    def _decoding(self, path):
        """Where weights alone are quantized, they become floats at once: modules that decode four-bit floats as they run
        compute in bfloat16 only, and those for zero points do not know packed ones."""
        from transformers import CompressedTensorsConfig

        groups = json.loads(path.read_text()).get("quantization_config", {}).get("config_groups", {}).values()
        weights_alone = len(groups) > 0 and all(group["input_activations"] is None for group in groups)
        return {"quantization_config": CompressedTensorsConfig(dequantize=True)} if weights_alone else {}

    def predict(self, inputs):
        """Probabilities, float32 [1, classes]; number 0 is padding."""
        import torch

        ids = torch.from_numpy(inputs["input_ids"])
        with torch.no_grad():
            logits = self._model(input_ids=ids, attention_mask=(ids != 0).long()).logits
        return logits.softmax(dim=-1).numpy()
