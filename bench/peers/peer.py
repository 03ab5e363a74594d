"""Runs the peers' own code for the benchmarks: one JSON request a line on standard input, one JSON answer a line on
standard output. Needs what requirements.txt installs.
"""
import hashlib
import json
import os
import sys
import time
import traceback

# What the libraries print must not get among the answers.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

import numpy
import torch
from compressed_tensors.compressors import compress_module
from compressed_tensors.quantization import preset_name_to_scheme
from importlib.metadata import version
from llmcompressor.entrypoints.model_free import model_free_ptq
from llmcompressor.entrypoints.model_free.lifecycle import calibrate_weight, initialize_quantized_linear
from llmcompressor.entrypoints.model_free.validate import validate_config

loaded: dict[str, torch.Tensor] = {}


def set_threads(threads: int) -> dict:
    torch.set_num_threads(threads)
    return {}


def versions() -> dict:
    names = ("llmcompressor", "compressed-tensors", "torch")
    return {"versions": {name: version(name) for name in names}}


def load(file: str, rows: int, columns: int) -> dict:
    bits = numpy.fromfile(file, dtype=numpy.int16, count=rows * columns)
    loaded["weight"] = torch.from_numpy(bits).view(torch.bfloat16).reshape(rows, columns)
    return {}


def prepared_scheme(name: str, observer: str | None):
    """The preset as model_free_ptq prepares it: with the storage format, and another observer if one is asked for."""
    scheme = preset_name_to_scheme(name, ["Linear"])
    if observer is not None:
        scheme.weights.observer = observer
    config = validate_config(None, scheme, [])
    return next(iter(config.config_groups.values()))


def compress(scheme: str, observer: str | None = None, digests: bool = False) -> dict:
    """What model_free_ptq does with one weight that is in memory."""
    chosen = prepared_scheme(scheme, observer)
    start = time.perf_counter()
    module = initialize_quantized_linear(loaded["weight"], chosen, "cpu")
    calibrate_weight(module)
    compress_module(module)
    tensors = module.state_dict()
    seconds = time.perf_counter() - start
    if not digests:
        return {"seconds": seconds}
    return {"seconds": seconds, "digests": {name: digest(tensor) for name, tensor in tensors.items()}}


def digest(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().flatten().view(torch.uint8).numpy()).hexdigest()


def whole_job(source: str, destination: str, scheme: str, ignore: list[str], workers: int) -> dict:
    start = time.perf_counter()
    model_free_ptq(source, destination, scheme=scheme, ignore=ignore, max_workers=workers, device="cpu")
    return {"seconds": time.perf_counter() - start}


REQUESTS = {
    "threads": set_threads,
    "versions": versions,
    "load": load,
    "compress": compress,
    "model_free_ptq": whole_job,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = REQUESTS[request.pop("do")](**request)
    except Exception:
        answer = {"error": traceback.format_exc()}
    answers.write(json.dumps(answer) + "\n")
