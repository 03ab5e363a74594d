"""Runs models on the same inputs in an interpreter and tells, as JSON, by how much each differs from the first.

    echo '[["reference.tflite", "other.tflite"]]' | python run_tflite.py tensorflow|litert|reference

`litert` computes with XNNPACK where it can, `reference` with the plain kernels.
"""

import functools
import json
import os
import sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''

import numpy as np


def interpreter_class(name):
    if name == 'litert':
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter
    if name == 'reference':
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        return functools.partial(Interpreter, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    import tensorflow as tf

    return tf.lite.Interpreter


def inputs_for(details):
    random = np.random.default_rng(1)
    made = {}
    for name, detail in sorted(details.items()):
        shape = [4 if size == -1 else size for size in detail['shape_signature']]
        if detail['dtype'] == np.float32:
            made[name] = random.standard_normal(shape).astype(np.float32)
        else:
            made[name] = random.integers(0, 500, shape).astype(detail['dtype'])
    return made


def outputs_of(interpreter):
    outputs = {}
    for key in sorted(interpreter.get_signature_list()):
        runner = interpreter.get_signature_runner(key)
        for name, value in runner(**inputs_for(runner.get_input_details())).items():
            outputs[f'{key}/{name}'] = value
    return outputs


def compare(interpreter, reference, others):
    expected = outputs_of(interpreter(model_path=reference))
    report = []
    for other in others:
        found = outputs_of(interpreter(model_path=other))
        assert found.keys() == expected.keys(), (sorted(found), sorted(expected))
        with open(other, 'rb') as file:
            in_memory = outputs_of(interpreter(model_content=file.read()))
        assert all(np.array_equal(found[key], in_memory[key]) for key in found), 'from memory it runs differently'
        report.append(
            {
                key: {
                    'difference': float(np.abs(found[key] - expected[key]).max()),
                    'magnitude': float(np.abs(expected[key]).max()),
                }
                for key in expected
            }
        )
    return report


interpreter = interpreter_class(sys.argv[1])
print(json.dumps([compare(interpreter, paths[0], paths[1:]) for paths in json.load(sys.stdin)]))
