"""Runs a .tflite file on one thread, in LiteRT where it is installed, otherwise in TensorFlow's own interpreter."""


def load(folder):
    files = sorted(folder.glob("*.tflite"))
    if len(files) != 1:
        raise FileNotFoundError(f"expected one .tflite file in {folder}, found {[file.name for file in files]}")
    return Model(files[0])


class Model:
    def __init__(self, path):
        self.bytes = path.stat().st_size
        self._interpreter = load_interpreter()(model_path=str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._entries = self._interpreter.get_input_details()
        self._result = self._interpreter.get_output_details()[0]["index"]

    def predict(self, inputs):
        """Probabilities, float32 [1, classes]. One input goes by any name, several by those in the model's signature."""
        for entry in self._entries:
            name = entry["name"].removeprefix("serving_default_").split(":")[0]
            values = inputs[name] if len(self._entries) > 1 else next(iter(inputs.values()))
            self._interpreter.set_tensor(entry["index"], values)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._result)


def load_interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tensorflow.lite import Interpreter
    return Interpreter
