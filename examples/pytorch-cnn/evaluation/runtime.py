"""Runs an .onnx file in onnxruntime, or a safetensors checkpoint in torch, on one thread of the CPU."""

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
    """The network's state. Where layers are compressed, compressed-tensors turns them back into float32."""

    def __init__(self, path):
        import network
        import torch
        from safetensors.torch import load_file

        torch.set_num_threads(1)
        self.bytes = path.stat().st_size
        config = json.loads((path.parent / "config.json").read_text())
        self._model = network.build(config["filters"], len(config["labels"]))
        quantization = config.get("quantization_config")
        compressor = None if quantization is None else self._compressor(quantization)
        self._model.load_state_dict(load_file(path))
        if compressor is not None:
            compressor.decompress_model(self._model)
        self._model.float().eval()

    def _compressor(self, quantization):
        """Gives the layers the form that their compressed weights have."""
        from compressed_tensors import ModelCompressor
        from compressed_tensors.quantization import QuantizationConfig, apply_quantization_config

        config = QuantizationConfig.model_validate(quantization)
        apply_quantization_config(self._model, config)
        compressor = ModelCompressor(quantization_config=config)
        compressor.compress_model(self._model)
        return compressor

    def predict(self, inputs):
        """Probabilities, float32 [1, classes]."""
        import torch

        with torch.no_grad():
            return self._model(torch.from_numpy(inputs["image"])).softmax(dim=1).numpy()
