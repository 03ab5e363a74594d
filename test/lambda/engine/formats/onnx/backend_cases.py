"""Runs onnx's own backend test models, as they are and compressed, against their reference outputs.

Reads commands as lines of JSON and answers each with one:

    {"write": FOLDER, "modules": [...] or null}    writes every model as FOLDER/N/model.onnx; answers their names
    {"run": [[N, FOLDER, RECIPE], ...]}            checks and runs models; answers what each one's outputs are like

Beside the models as they are, there are ones whose float inputs became constants, where an operator has weights, and ones
of whole networks whose weights became constants, where they are made anew at each run.
"""

import importlib
import json
import os
import sys
import warnings

warnings.filterwarnings('ignore')
os.environ['ORT_LOGGING_LEVEL'] = '4'

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, numpy_helper

WITH_WEIGHTS = ['MatMul', 'Gemm', 'Conv', 'ConvTranspose', 'Gather', 'LSTM', 'GRU', 'RNN']
DATA = os.path.join(os.path.dirname(onnx.__file__), 'backend', 'test', 'data')
KINDS = ['simple', 'pytorch-converted', 'pytorch-operator']

# Networks of more weights than this are only run as they are.
MOST_FILLED_BYTES = 40_000_000

options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1

cases = []


def shipped():
    """Models with files of inputs and outputs."""
    for kind in KINDS:
        for name in sorted(os.listdir(os.path.join(DATA, kind))):
            folder = os.path.join(DATA, kind, name)
            model = onnx.load(os.path.join(folder, 'model.onnx'))
            tests = os.path.join(folder, 'test_data_set_0')
            values = {'input': [], 'output': []}
            for key, types in (('input', model.graph.input), ('output', model.graph.output)):
                files = sorted(
                    (file for file in os.listdir(tests) if file.startswith(key)),
                    key=lambda file: int(file.split('_')[1].split('.')[0]),
                )
                for file, info in zip(files, types):
                    values[key].append(read_value(os.path.join(tests, file), info.type))
            yield f'{kind}/{name}', model, values['input'], values['output']


def light():
    """Whole networks without their weights: they are filled in when they run. Inputs are those of the package's own runner."""
    folder = os.path.join(DATA, 'light')
    for file in sorted(os.listdir(folder)):
        if not file.endswith('.onnx'):
            continue
        name = file[: -len('.onnx')]
        model = onnx.load(os.path.join(folder, file))
        given = {tensor.name for tensor in model.graph.initializer}
        inputs = [dummy(info) for info in model.graph.input if info.name not in given]
        outputs = [
            read_value(os.path.join(folder, f'{name}_output_{at}.pb'), info.type)
            for at, info in enumerate(model.graph.output)
        ]
        yield f'light/{name}', model, inputs, outputs


def dummy(info):
    shape = [size.dim_value or 1 for size in info.type.tensor_type.shape.dim]
    count = int(np.prod(shape))
    return (np.arange(count).reshape(shape) / count).astype(np.float32)


def filled(name, model, inputs, outputs):
    """The same network with its weights in it; undefined where none are made at each run, or where they are many."""
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    makers = [node for node in model.graph.node if node.op_type == 'ConstantOfShape' and node.input[0] in constants]
    shapes = [numpy_helper.to_array(constants[node.input[0]]) for node in makers]
    if not makers or sum(4 * int(np.prod(shape)) for shape in shapes) > MOST_FILLED_BYTES:
        return None
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept = [node for node in model.graph.node if node not in makers]
    del copy.graph.node[:]
    copy.graph.node.extend(kept)
    for node, shape in zip(makers, shapes):
        value = numpy_helper.to_array(node.attribute[0].t)
        copy.graph.initializer.append(numpy_helper.from_array(np.full(shape, value[0]), node.output[0]))
    copy.ir_version = max(copy.ir_version, 4)
    return f'{name} with constants', copy, inputs, outputs


def read_value(path, type):
    with open(path, 'rb') as file:
        content = file.read()
    if type.WhichOneof('value') == 'sequence_type':
        return numpy_helper.to_list(onnx.SequenceProto.FromString(content))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


def generated(modules):
    """Models of one operator, which the package makes itself with reference implementations; of all where none are named."""
    from onnx.backend.test.case import node

    if modules is None:
        node.collect_testcases(None)
    for module in modules or []:
        importlib.import_module(f'onnx.backend.test.case.node.{module}')
    for case in node._NodeTestCases:
        if case.model is not None:
            inputs, outputs = case.data_sets[0]
            yield f'node/{case.name}', case.model, list(inputs), list(outputs)


def frozen(name, model, inputs, outputs):
    """The same model with constants where a weight came in; undefined where there is none."""
    operators = {node.op_type for node in model.graph.node}
    if not operators.intersection(WITH_WEIGHTS) or len(inputs) < 2 or len(model.graph.initializer) > 0:
        return None
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept = []
    del copy.graph.input[:]
    for at, (info, value) in enumerate(zip(model.graph.input, inputs)):
        is_table = 'Gather' in operators
        weight = isinstance(value, np.ndarray) and value.dtype == np.float32 and (at == 0 if is_table else at > 0)
        if weight:
            copy.graph.initializer.append(numpy_helper.from_array(value, info.name))
        else:
            copy.graph.input.append(info)
            kept.append(value)
    copy.ir_version = max(copy.ir_version, 4)
    return f'{name} with constants', copy, kept, outputs


def write(folder, modules):
    for case in [*shipped(), *light(), *generated(modules)]:
        for made in (case, frozen(*case), filled(*case)):
            if made is None:
                continue
            own = os.path.join(folder, str(len(cases)))
            os.makedirs(own)
            with open(os.path.join(own, 'model.onnx'), 'wb') as file:
                file.write(made[1].SerializeToString())
            cases.append((own, *made))
    return [case[1] for case in cases]


def outputs_of(path, inputs):
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    names = [value.name for value in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs)))


def numbers(values):
    flat = []
    for value in values:
        if isinstance(value, list):
            flat.extend(numbers(value))
        elif isinstance(value, np.ndarray) and value.dtype.kind in 'fc':
            flat.append(value.astype(np.float64).ravel())
    return flat


def difference(found, expected):
    """Norm of the difference over norm of what is expected; 0 where both are NaN or infinite alike."""
    found, expected = numbers(found), numbers(expected)
    if not expected:
        return 0.0
    found, expected = np.concatenate(found), np.concatenate(expected)
    if found.shape != expected.shape:
        return float('inf')
    alike = (found == expected) | (np.isnan(found) & np.isnan(expected))
    with np.errstate(all='ignore'):
        missed = np.where(alike, 0, found - expected)
        size = np.linalg.norm(np.where(np.isfinite(expected), expected, 0))
        result = np.linalg.norm(missed) / max(size, 1e-6)
    return float(result) if np.isfinite(result) else 1e30


def run(jobs):
    report = []
    references = {}
    for number, folder in jobs:
        own, name, model, inputs, outputs = cases[number]
        if number not in references:
            references[number] = attempt(os.path.join(own, 'model.onnx'), inputs)
        before = references[number]
        after = attempt(os.path.join(folder, 'model.onnx'), inputs)
        if isinstance(before, str):
            # What cannot be run before need not run after, but must be as valid as it was.
            report.append({'unrunnable': before[:200]})
            continue
        if isinstance(after, str):
            report.append({'failure': after[:500]})
            continue
        checked = check(os.path.join(folder, 'model.onnx'), os.path.join(own, 'model.onnx'))
        report.append({'difference': difference(after, outputs), 'before': difference(before, outputs), 'check': checked})
    return report


def attempt(path, inputs):
    try:
        return outputs_of(path, inputs)
    except Exception as error:
        return f'{type(error).__name__}: {error}'


def check(path, original):
    """What the checker finds wrong that was not wrong before."""
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as error:
        try:
            onnx.checker.check_model(original, full_check=True)
        except Exception:
            return None
        return str(error)[:500]
    return None


for line in sys.stdin:
    command = json.loads(line)
    answer = write(command['write'], command['modules']) if 'write' in command else run(command['run'])
    print(json.dumps(answer), flush=True)
