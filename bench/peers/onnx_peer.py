"""Runs onnxruntime's own quantizers, one job a process, and prints as JSON how long the work took, without the imports, and
the most memory that the process had. Needs what onnx-requirements.txt installs.

    python onnx_peer.py make products|convolutions COUNT FILE   # a model of random weights
    python onnx_peer.py beside COUNT FILE                       # products with their weights in a file beside the model
    python onnx_peer.py dynamic SOURCE FILE                     # quantize_dynamic with its defaults
    python onnx_peer.py four-bit SOURCE FILE                    # MatMulNBitsQuantizer with its defaults, symmetric
    python onnx_peer.py compare OURS THEIRS                     # the weights and scales of two compressed models
    python onnx_peer.py answers OURS FLOAT                      # checks a compressed model, and runs it and the float one
"""

import json
import logging
import os
import resource
import sys
import time
from importlib.metadata import version
from typing import BinaryIO

# What the libraries print must not get before the answer.
answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
logging.disable(logging.WARNING)

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WIDTH, INNER, CHANNELS = 2048, 8192, 512
found = {}


class Weights:
    """Random weights of a size: one draw, begun at another place each time, because drawing takes far longer than writing."""

    def __init__(self, size: int) -> None:
        self.pool = np.random.default_rng(1).standard_normal(size, dtype=np.float32) * np.float32(0.02)
        self.begin = 0

    def write(self, out: BinaryIO) -> None:
        self.begin = (self.begin + 1_000_003) % len(self.pool)
        out.write(self.pool[self.begin :].data)
        out.write(self.pool[: self.begin].data)


def make(kind: str, count: str, file: str) -> None:
    """Layers that widen and narrow in turns, as those of a transformer do, or that convolve 3 by 3. The file is put together
    field by field, because onnx.save takes several times the model's size in memory."""
    values = WIDTH * INNER if kind == "products" else CHANNELS * CHANNELS * 9
    random = Weights(values)
    nodes, heads = [], []
    for layer in range(int(count)):
        if kind == "products":
            shape = (WIDTH, INNER) if layer % 2 == 0 else (INNER, WIDTH)
            node = ("MatMul", {})
        else:
            shape = (CHANNELS, CHANNELS, 3, 3)
            node = ("Conv", {"pads": [1, 1, 1, 1]})
        head = TensorProto(name=f"w{layer}", data_type=TensorProto.FLOAT, dims=shape).SerializeToString()
        heads.append(head + head_of(TensorProto.RAW_DATA_FIELD_NUMBER, 4 * values))
        names = [f"x{layer}", f"w{layer}"], [f"x{layer + 1}"]
        nodes.append(helper.make_node(node[0], *names, f"layer{layer}", **node[1]))
    shape = ["batch", WIDTH] if kind == "products" else ["batch", CHANNELS, 8, 8]
    inputs = [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)]
    outputs = [helper.make_tensor_value_info(f"x{count}", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, kind, inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    model.ClearField("graph")
    heads = [head_of(onnx.GraphProto.INITIALIZER_FIELD_NUMBER, len(head) + 4 * values) + head for head in heads]
    structure = graph.SerializeToString()
    size = len(structure) + sum(len(head) + 4 * values for head in heads)
    with open(file, "wb") as out:
        out.write(model.SerializeToString() + head_of(onnx.ModelProto.GRAPH_FIELD_NUMBER, size) + structure)
        for head in heads:
            out.write(head)
            random.write(out)


def head_of(number: int, length: int) -> bytes:
    """What comes before a field of so many bytes."""
    head = bytearray()
    for value in (number << 3 | 2, length):
        while value > 127:
            head.append(value & 127 | 128)
            value >>= 7
        head.append(value)
    return bytes(head)


def beside(count: str, file: str) -> None:
    """Products that share an input and are added up, so that errors do not. One weight at a time is in memory."""
    random = Weights(WIDTH * INNER)
    weights, nodes = [], []
    data = os.path.basename(file) + ".data"
    with open(file + ".data", "wb") as out:
        for layer in range(int(count)):
            weight = TensorProto(
                name=f"w{layer}",
                data_type=TensorProto.FLOAT,
                dims=(WIDTH, INNER),
                data_location=TensorProto.EXTERNAL,
            )
            entries = {"location": data, "offset": str(out.tell()), "length": str(4 * WIDTH * INNER)}
            for key, value in entries.items():
                weight.external_data.add(key=key, value=value)
            random.write(out)
            weights.append(weight)
            nodes.append(helper.make_node("MatMul", ["x", f"w{layer}"], [f"y{layer}"], f"layer{layer}"))
    nodes.append(helper.make_node("Sum", [f"y{layer}" for layer in range(int(count))], ["y"], "sum"))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", WIDTH])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", INNER])]
    graph = helper.make_graph(nodes, "beside", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), file)


def answers(ours: str, theirs: str) -> None:
    """How far the answers of a compressed model are from the float one's, as a share of their norm."""
    import onnxruntime

    onnx.checker.check_model(ours)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_prepacking", "1")
    x = np.random.default_rng(2).standard_normal((4, WIDTH), dtype=np.float32)
    mine, other = [
        onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for file in (ours, theirs)
    ]
    found["difference"] = float(np.linalg.norm(mine - other) / np.linalg.norm(other))


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


JOBS = {
    "make": make,
    "beside": beside,
    "dynamic": dynamic,
    "four-bit": four_bit,
    "compare": compare,
    "answers": answers,
}

# The imports of the quantizers are not their work.
if sys.argv[1] in ("dynamic", "four-bit"):
    import onnxruntime.quantization.matmul_nbits_quantizer

start = time.perf_counter()
JOBS[sys.argv[1]](*sys.argv[2:])
taken = time.perf_counter() - start
versions = {name: version(name) for name in ("onnx", "onnxruntime")}
print(json.dumps({"seconds": taken, "peakBytes": peak_bytes(), "versions": versions, **found}), file=answer)
