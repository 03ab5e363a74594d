"""Runs models on the same inputs in onnxruntime and tells, as JSON, by how much each differs from the first.

    echo '[["reference.onnx", "other.onnx"]]' | python run_onnx.py
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime

options = onnxruntime.SessionOptions()
options.log_severity_level = 3
options.intra_op_num_threads = 1


def inputs_for(session):
    random = np.random.default_rng(1)
    made = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else 3 for size in value.shape]
        if 'float' in value.type:
            made[value.name] = random.standard_normal(shape).astype(np.float32)
        elif value.type == 'tensor(bool)':
            made[value.name] = random.integers(0, 2, shape).astype(bool)
        else:
            made[value.name] = random.integers(0, 100, shape).astype(np.int64)
    return made


def outputs_of(path):
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs_for(session))))


def compare(reference, others):
    expected = outputs_of(reference)
    report = []
    for other in others:
        found = outputs_of(other)
        assert found.keys() == expected.keys(), (sorted(found), sorted(expected))
        differences = {}
        for name, value in expected.items():
            assert found[name].dtype == value.dtype and found[name].shape == value.shape, name
            difference = np.linalg.norm((found[name] - value).astype(np.float64))
            differences[name] = float(difference / max(np.linalg.norm(value.astype(np.float64)), 1e-30))
        report.append(differences)
    return report


print(json.dumps([compare(paths[0], paths[1:]) for paths in json.load(sys.stdin)]))
