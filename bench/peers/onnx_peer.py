"""Runs onnxruntime's own quantizers, one job a process, and prints as JSON how long the work took, without the imports, and
the most memory that the process had. Needs what onnx-requirements.txt installs.

    python onnx_peer.py make products|convolutions COUNT FILE   # a model of random weights
    python onnx_peer.py dynamic SOURCE FILE                     # quantize_dynamic with its defaults
    python onnx_peer.py four-bit SOURCE FILE                    # MatMulNBitsQuantizer with its defaults, symmetric
    python onnx_peer.py compare OURS THEIRS                     # the weights and scales of two compressed models
"""

import json
import logging
import os
import resource
import sys
import time
from importlib.metadata import version

# What the libraries print must not get before the answer.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
logging.disable(logging.WARNING)

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, INNER, CHANNELS = 2048, 8192, 512
found = {}


def make(kind: str, count: str, file: str) -> None:
    """Layers that widen and narrow in turns, as those of a transformer do, or that convolve 3 by 3."""
    random = np.random.default_rng(1)
    nodes, weights = [], []
    for layer in range(int(count)):
        if kind == "products":
            shape = (WIDTH, INNER) if layer % 2 == 0 else (INNER, WIDTH)
            node = ("MatMul", {})
        else:
            shape = (CHANNELS, CHANNELS, 3, 3)
            node = ("Conv", {"pads": [1, 1, 1, 1]})
        weights.append(
            numpy_helper.from_array(random.standard_normal(shape, dtype=np.float32) * np.float32(0.02), f"w{layer}")
        )
        names = [f"x{layer}", f"w{layer}"], [f"x{layer + 1}"]
        nodes.append(helper.make_node(node[0], *names, f"layer{layer}", **node[1]))
    shape = ["batch", WIDTH] if kind == "products" else ["batch", CHANNELS, 8, 8]
    inputs = [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(f"x{count}", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, kind, inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), file)


def dynamic(source: str, file: str) -> None:
    from onnxruntime.quantization import quantize_dynamic

    quantize_dynamic(source, file)


def four_bit(source: str, file: str) -> None:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(onnx.load(source), block_size=128, is_symmetric=True, accuracy_level=4)
    quantizer.process()
    quantizer.model.save_model_to_file(file)


def compare(ours: str, theirs: str) -> None:
    """Tensors of the same names, byte by byte."""
    mine, other = [
        {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer}
        for file in (ours, theirs)
    ]
    names = sorted(name for name in other if name.endswith(("_quantized", "_scale", "_Q4", "_scales")))
    pairs = [(mine[name].tobytes(), other[name].tobytes()) for name in names]
    found["compared"] = sum(len(b) for _, b in pairs)
    found["differences"] = sum(
        max(len(a), len(b)) if len(a) != len(b) else int((np.frombuffer(a, np.uint8) != np.frombuffer(b, np.uint8)).sum())
        for a, b in pairs
    )


def peak_bytes() -> int:
    """Linux's own counter, because the one of getrusage begins with what the parent had when it forked."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


JOBS = {"make": make, "dynamic": dynamic, "four-bit": four_bit, "compare": compare}

# The imports of the quantizers are not their work.
if sys.argv[1] in ("dynamic", "four-bit"):
    import onnxruntime.quantization.matmul_nbits_quantizer

start = time.perf_counter()
JOBS[sys.argv[1]](*sys.argv[2:])
taken = time.perf_counter() - start
versions = {name: version(name) for name in ("onnx", "onnxruntime")}
print(json.dumps({"seconds": taken, "peakBytes": peak_bytes(), "versions": versions, **found}), file=answer)
