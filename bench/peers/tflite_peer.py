"""Runs the TFLite peers' own tools, one job a process, and prints as JSON how long the work took, without the imports, and
the most memory that the process had. Needs what tflite-requirements.txt installs.

    python tflite_peer.py convert float|int8 LAYERS FILE   # TensorFlow's converter, from a network of random weights
    python tflite_peer.py quantize int8|int4 SOURCE FILE   # ai-edge-quantizer, from a float model
"""

import json
import os
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

# What the libraries print must not get before the answer.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

WIDTH, INNER = 2048, 8192


def convert(kind: str, layers: str, file: str) -> float:
    """Dense layers that widen and narrow in turns, as those of a transformer do; 67 MB each."""
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(1)
    shapes = [(WIDTH, INNER) if layer % 2 == 0 else (INNER, WIDTH) for layer in range(int(layers))]
    weights = [tf.Variable(random.standard_normal(shape, dtype=np.float32) * np.float32(0.02)) for shape in shapes]

    @tf.function(input_signature=[tf.TensorSpec([1, WIDTH], tf.float32)])
    def serve(x):
        for weight in weights:
            x = tf.nn.relu(tf.matmul(x, weight))
        return x

    function = serve.get_concrete_function()
    start = time.perf_counter()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    if kind == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    content = converter.convert()
    with open(file, "wb") as target:
        target.write(content)
    return time.perf_counter() - start


def quantize(kind: str, source: str, file: str) -> float:
    from ai_edge_quantizer import quantizer, recipe

    start = time.perf_counter()
    tool = quantizer.Quantizer(source)
    tool.load_quantization_recipe(recipe.dynamic_wi8_afp32() if kind == "int8" else recipe.dynamic_wi4_afp32())
    tool.quantize().export_model(file)
    return time.perf_counter() - start


def peak_bytes() -> int:
    """Linux's own counter, because the one of getrusage begins with what the parent had when it forked."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def versions() -> dict:
    found = {}
    for name in ("tensorflow-cpu", "tensorflow", "ai-edge-quantizer"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found


seconds = {"convert": convert, "quantize": quantize}[sys.argv[1]](*sys.argv[2:])
print(json.dumps({"seconds": seconds, "peakBytes": peak_bytes(), "versions": versions()}), file=answer)
