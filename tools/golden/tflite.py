"""Makes what the TFLite tests compare with, by the peers' own tools, and the schema table of the format.

    python tools/golden/tflite.py goldens   # writes test/golden/tflite/*.tflite.gz: int8 and fp16 by TensorFlow's converter
                                            # (tensorflow-cpu 2.21, tf_keras 2.21), int4 by ai-edge-quantizer 0.10
    python tools/golden/tflite.py schema    # writes lambda/engine/formats/tflite/schema-tables.ts (ai-edge-litert 2.3)
"""

import gzip
import importlib.util
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / 'test' / 'golden' / 'tflite'
SCHEMA = ROOT / 'lambda' / 'engine' / 'formats' / 'tflite' / 'schema-tables.ts'

# Members that the generated code no longer tells, because the schema marks them as deprecated; old files carry them.
DEPRECATED = {
    ('ResizeBilinearOptions', 0): '4',
    ('ResizeBilinearOptions', 1): '4',
    ('SignatureDef', 3): 'string',
}
UNION_OF_FIELD = {
    'BuiltinOptions': 'BuiltinOptions',
    'BuiltinOptions2': 'BuiltinOptions2',
    'Details': 'QuantizationDetails',
    'ArraySegments': 'SparseIndexVector',
    'ArrayIndices': 'SparseIndexVector',
}
WIDTHS = {'Bool': 1, 'Int8': 1, 'Uint8': 1, 'Int16': 2, 'Uint16': 2, 'Int32': 4, 'Uint32': 4, 'Float32': 4, 'Int64': 8, 'Uint64': 8}


def field_kind(source, body, table, field, prepend):
    """What a field holds, in the words of schema.ts."""
    if prepend != 'UOffsetTRelative':
        return str(WIDTHS[prepend])
    vector = re.search(rf'^def {table}Start{field}Vector\(.*\):\n\s+return builder\.StartVector\((\d+),', source, re.M)
    accessor = re.search(rf'    def {field}\(self(?:, j)?\):\n(.*?)(?=\n    # |\n    def |\Z)', body, re.S)[1]
    child = re.search(r'obj = (\w+)\(\)', accessor)
    if 'self._tab.Union' in accessor:
        return '|' + UNION_OF_FIELD[field]
    inner = child[1] if child else 'string' if '.String(' in accessor else vector[1]
    return f'[{inner}]' if vector else inner


def packed_words(words, indent):
    """Lines of a string that holds the words with blanks between them."""
    rows = ['']
    for word in words:
        if len(rows[-1]) + len(word) > 105:
            rows.append('')
        rows[-1] += word + ' '
    rows[-1] = rows[-1].rstrip()
    return [f"{' ' * indent}'{row}'" + (' +' if row is not rows[-1] else '') for row in rows]


def write_schema():
    package = Path(importlib.util.find_spec('ai_edge_litert').origin).parent
    source = (package / 'schema_py_generated.py').read_text()
    classes = dict(re.findall(r'^class (\w+)\(object\):\n(.*?)(?=^class |\Z)', source, re.S | re.M))
    tables, unions = {}, {}
    for name, body in classes.items():
        start = re.search(rf'^def {name}Start\(builder\):\n\s+builder\.StartObject\((\d+)\)', source, re.M)
        if not start:
            continue
        adders = re.findall(rf'^def {name}Add(\w+)\(builder, [^)]*\):\n\s+builder\.Prepend(\w+)Slot\((\d+),', source, re.M)
        known = {int(slot): field_kind(source, body, name, field, prepend) for field, prepend, slot in adders}
        tables[name] = ' '.join(known.get(slot) or DEPRECATED[name, slot] for slot in range(int(start[1])))
    for name, body in re.findall(r'^def (\w+)Creator\(unionType, table\):\n(.*?)(?=^class |^def |\Z)', source, re.S | re.M):
        members = re.findall(rf'unionType == {name}\.(\w+):', body)
        numbered = {int(re.search(rf'    {member} = (\d+)', classes[name])[1]): member for member in members}
        assert sorted(numbered) == list(range(1, len(numbered) + 1)), name
        unions[name] = [numbered[number] for number in sorted(numbered)]
    lines = [
        '/**',
        " * The tables of the TFLite schema and what their fields hold, in order; a table that is not listed has no fields.",
        ' * A digit is a scalar of that many bytes; `string`; a name is a table; `|Name` is a union, whose member the field',
        ' * before it tells; brackets make it a vector. Written by `tools/golden/tflite.py schema`.',
        ' */',
        'export const SCHEMA_TABLES: Readonly<Record<string, string>> = {',
        *(f"  {name}: '{kinds}'," for name, kinds in sorted(tables.items()) if kinds),
        '};',
        '',
        '/** Members of each union, separated by blanks; the first has the number 1. */',
        'export const SCHEMA_UNIONS: Readonly<Record<string, readonly string[]>> = {',
    ]
    for name, members in sorted(unions.items()):
        lines += [f'  {name}: (', *packed_words(members, 4), "  ).split(' '),"]
    lines.append('};')
    codes = dict(re.findall(r'^    (\w+) = (\d+)$', classes['BuiltinOperator'], re.M))
    operators = [name for name, _ in sorted(codes.items(), key=lambda item: int(item[1]))]
    assert sorted(map(int, codes.values())) == list(range(len(operators)))
    lines += ['', '/** Names of the built-in operators by their code. */', 'export const OPERATOR_NAMES: readonly string[] = (']
    lines += [*packed_words(operators, 2), ").split(' ');"]
    SCHEMA.write_text('\n'.join(lines) + '\n')


def models(tf, np):
    """Small models, one for each thing that a weight can be used for. Weights are the same on every run."""
    random = np.random.default_rng(7)

    def weights(*shape, axis=-1, zero=None):
        spread = [shape[axis] if i == axis % len(shape) else 1 for i in range(len(shape))]
        values = (random.standard_normal(shape) * random.lognormal(0, 1, spread) * 0.05).astype(np.float32)
        if zero is not None:
            values[..., zero] = 0
        return tf.Variable(values)

    def spec(name, *shape, dtype=tf.float32):
        return tf.TensorSpec(shape, dtype, name=name)

    class Dense(tf.Module):
        """The classic digits network; one channel is all zeros."""

        def __init__(self):
            self.w1, self.b1 = weights(784, 128, zero=5), weights(128)
            self.w2, self.b2 = weights(128, 10), weights(10)

        @tf.function(input_signature=[spec('pixels', None, 784)])
        def serve(self, pixels):
            hidden = tf.nn.relu(tf.matmul(pixels, self.w1) + self.b1)
            return {'probabilities': tf.nn.softmax(tf.matmul(hidden, self.w2) + self.b2)}

    class Vision(tf.Module):
        """Convolution, pointwise and depthwise convolution, dense."""

        def __init__(self):
            self.c1, self.b1 = weights(3, 3, 4, 32), weights(32)
            self.c2, self.b2 = weights(1, 1, 32, 128), weights(128)
            self.d, self.bd = weights(3, 3, 128, 1, axis=2), weights(128)
            self.f, self.bf = weights(128, 10), weights(10)

        @tf.function(input_signature=[spec('image', None, 8, 8, 4)])
        def serve(self, image):
            hidden = tf.nn.relu(tf.nn.conv2d(image, self.c1, 1, 'SAME') + self.b1)
            hidden = tf.nn.relu6(tf.nn.conv2d(hidden, self.c2, 1, 'SAME') + self.b2)
            hidden = tf.nn.relu6(tf.nn.depthwise_conv2d(hidden, self.d, [1, 1, 1, 1], 'SAME') + self.bd)
            return {'scores': tf.matmul(tf.reduce_mean(hidden, [1, 2]), self.f) + self.bf}

    class Words(tf.Module):
        """Embedding and dense."""

        def __init__(self):
            self.e = weights(500, 16, axis=0)
            self.f, self.b = weights(128, 12), weights(12)

        @tf.function(input_signature=[spec('tokens', None, 8, dtype=tf.int32)])
        def serve(self, tokens):
            hidden = tf.reshape(tf.nn.embedding_lookup(self.e, tokens), [-1, 128])
            return {'scores': tf.matmul(hidden, self.f) + self.b}

    class Coder(tf.Module):
        """Two signatures, which share a weight."""

        def __init__(self):
            self.w, self.b, self.v = weights(64, 32), weights(32), weights(32, 64)

        @tf.function(input_signature=[spec('x', None, 64)])
        def encode(self, x):
            return {'code': tf.nn.tanh(tf.matmul(x, self.w) + self.b)}

        @tf.function(input_signature=[spec('x', None, 64)])
        def rebuild(self, x):
            return {'y': tf.matmul(tf.nn.tanh(tf.matmul(x, self.w) + self.b), self.v)}

    class Odd(tf.Module):
        """Transposed convolution, a constant operand, batched multiplication with a constant."""

        def __init__(self):
            self.t, self.m = weights(3, 3, 16, 16, axis=2), weights(1, 16, 16, 16)
            self.bm, self.f = weights(2, 32, 40), weights(16, 64)

        @tf.function(input_signature=[spec('x', 1, 8, 8, 16)])
        def serve(self, x):
            hidden = tf.nn.conv2d_transpose(x, self.t, [1, 16, 16, 16], 2) * self.m
            gram = tf.matmul(tf.reshape(x, [64, 16]), self.f)
            return {'y': tf.matmul(tf.reshape(hidden, [2, 64, 32]), self.bm), 'z': tf.matmul(gram, tf.transpose(gram))}

    class Narrow(tf.Module):
        """What channels of an odd length, grouped convolutions and loops do with weights."""

        def __init__(self):
            self.c, self.b = weights(3, 3, 3, 63), weights(63)
            self.g = weights(3, 3, 9, 35)
            self.f, self.o = weights(35, 35), weights(35, 33)

        @tf.function(input_signature=[spec('image', 1, 8, 8, 3)])
        def serve(self, image):
            hidden = tf.nn.relu(tf.nn.conv2d(image, self.c, 1, 'SAME') + self.b)
            hidden = tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(hidden, self.g, 1, 'SAME')), [1, 2])

            def step(turn, state):
                return turn + 1, tf.nn.tanh(tf.matmul(state, self.f))

            _, hidden = tf.while_loop(lambda turn, _: turn < 3, step, (tf.constant(0), hidden))
            return {'scores': tf.matmul(hidden, self.o)}

    class Ties(tf.Module):
        """Weights halfway between two steps of their channel, as far as float32 goes."""

        def __init__(self):
            self.f, self.d, self.e = self.ties(96, 64, axis=1), self.ties(3, 3, 128, 1, axis=2), self.ties(100, 20)

        @staticmethod
        def ties(*shape, axis=None):
            spread = [extent if i == axis else 1 for i, extent in enumerate(shape)]
            largest = random.uniform(0.1, 0.9, spread).astype(np.float32)
            # The first value of each channel is its largest magnitude.
            halves = random.integers(-127, 127, shape) + 0.5
            first = tuple(slice(None) if i == axis else 0 for i in range(len(shape)))
            halves[first] = 127
            return tf.Variable((halves * (largest / 127)).astype(np.float32))

        @tf.function(input_signature=[spec('x', 1, 96), spec('image', 1, 4, 4, 128), spec('token', 1, dtype=tf.int32)])
        def serve(self, x, image, token):
            scores = tf.matmul(x, self.f)
            return {
                'scores': scores,
                'map': tf.nn.depthwise_conv2d(image, self.d, [1, 1, 1, 1], 'SAME'),
                'row': tf.gather(self.e, token),
            }

    return {
        'dense': (Dense(), ['serve'], ['float', 'int8', 'int4']),
        'vision': (Vision(), ['serve'], ['float', 'int8', 'int4', 'fp16']),
        'words': (Words(), ['serve'], ['float', 'int8', 'fp16']),
        'coder': (Coder(), ['encode', 'rebuild'], ['float', 'int8', 'int4', 'fp16']),
        'odd': (Odd(), ['serve'], ['float', 'int8', 'int4', 'fp16']),
        'narrow': (Narrow(), ['serve'], ['float', 'int8', 'int4']),
        'speech': (speech(), ['serve'], ['float', 'int8']),
        'ties': (Ties(), ['serve'], ['float', 'int8', 'int4']),
    }


def speech():
    """Recurrent layers that the converter fuses: one whose weights are all large enough, one with some that are not."""
    import tf_keras
    import tensorflow as tf

    class Speech(tf.Module):
        def __init__(self):
            tf_keras.utils.set_random_seed(3)
            layers = tf_keras.layers
            self.model = tf_keras.Sequential(
                [
                    layers.InputLayer((7, 40), batch_size=1),
                    layers.LSTM(48, return_sequences=True),
                    layers.LSTM(24, return_sequences=True),
                    layers.Dense(64),
                ]
            )

        @tf.function(input_signature=[tf.TensorSpec((1, 7, 40), tf.float32, name='x')])
        def serve(self, x):
            return {'y': self.model(x)}

    return Speech()


def convert(tf, module, names, kind):
    functions = {name: getattr(module, name).get_concrete_function() for name in names}
    if len(names) == 1:
        functions = {'serving_default': functions[names[0]]}
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=functions)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(functions))
        if kind != 'float':
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == 'fp16':
            converter.target_spec.supported_types = [tf.float16]
        return converter.convert()


def to_int4(model):
    """What ai-edge-quantizer's recipe makes of a float model: int4 by channel, activations quantized while running."""
    from ai_edge_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(bytearray(model))
    tool.load_quantization_recipe(recipe.dynamic_wi4_afp32())
    return bytes(tool.quantize().quantized_model)


def lookup_variant(words):
    """The embedding model with EMBEDDING_LOOKUP, which the converter makes of no current function, instead of GATHER."""
    import flatbuffers
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(words, 0)
    graph = model.subgraphs[0]
    gather = graph.operators[0]
    code = model.operatorCodes[gather.opcodeIndex]
    assert code.builtinCode == schema.BuiltinOperator.GATHER
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.EMBEDDING_LOOKUP
    gather.builtinOptions, gather.builtinOptionsType = None, 0
    table, tokens = gather.inputs
    gather.inputs = [tokens, table]
    for tensor in (graph.tensors[tokens], graph.tensors[gather.outputs[0]]):
        tensor.shape, tensor.shapeSignature = [8, 16][: 1 if tensor is graph.tensors[tokens] else 2], None
    builder = flatbuffers.Builder(len(words))
    builder.Finish(model.Pack(builder), b'TFL3')
    return bytes(builder.Output())


def recurrent():
    """The recurrent operators that older converters wrote, and today's does not: RNN, SVDF, LSTM, and a sequence's RNN, in one
    direction and, as LSTM too, in both."""
    import flatbuffers
    import numpy as np
    from tensorflow.lite.python import schema_py_generated as schema

    random = np.random.default_rng(11)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.operatorCodes = 3, [schema.BufferT()], []
    graph.tensors, graph.operators, graph.name = [], [], 'main'

    def tensor(name, *shape, constant=False, variable=False):
        made = schema.TensorT()
        made.name, made.shape, made.isVariable, made.buffer = name, list(shape), variable, 0
        if constant:
            buffer = schema.BufferT()
            values = (random.standard_normal(shape) * 0.1).astype(np.float32)
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            model.buffers.append(buffer)
            made.buffer = len(model.buffers) - 1
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    def weight(name, *shape):
        return tensor(name, *shape, constant=True)

    def operator(name, options, inputs, *outputs):
        code, made = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = 1
        model.operatorCodes.append(code)
        made.opcodeIndex = len(model.operatorCodes) - 1
        made.inputs, made.outputs = inputs, list(outputs)
        made.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
        made.builtinOptions = options
        graph.operators.append(made)

    tanh = schema.ActivationFunctionType.TANH
    x, xs = tensor('x', 1, 40), tensor('xs', 1, 7, 40)
    hidden, filtered, y, ys = tensor('h', 1, 48), tensor('f', 1, 32), tensor('y', 1, 48), tensor('ys', 1, 7, 36)
    rnn = schema.RNNOptionsT()
    rnn.fusedActivationFunction = tanh
    state = tensor('rnn/state', 1, 48, variable=True)
    operator('RNN', rnn, [x, weight('rnn/w', 48, 40), weight('rnn/r', 48, 48), weight('rnn/b', 48), state], hidden)
    svdf = schema.SVDFOptionsT()
    svdf.rank, svdf.fusedActivationFunction = 2, tanh
    state = tensor('svdf/state', 1, 64 * 16, variable=True)
    weights = [weight('svdf/feature', 64, 48), weight('svdf/time', 64, 16), weight('svdf/b', 32)]
    operator('SVDF', svdf, [hidden, *weights, state], filtered)
    lstm = schema.LSTMOptionsT()
    lstm.fusedActivationFunction = tanh
    gates = [weight(f'lstm/w{gate}', 48, 32) for gate in 'ifco'] + [weight(f'lstm/r{gate}', 48, 48) for gate in 'ifco']
    biases = [weight(f'lstm/b{gate}', 48) for gate in 'ifco']
    states = [tensor(f'lstm/{name}', 1, 48, variable=True) for name in ('output', 'cell')]
    operator('LSTM', lstm, [filtered, *gates, -1, -1, -1, *biases, -1, -1, *states], y)
    sequence = schema.SequenceRNNOptionsT()
    sequence.fusedActivationFunction = tanh
    state = tensor('seq/state', 1, 36, variable=True)
    weights = [weight('seq/w', 36, 40), weight('seq/r', 36, 36), weight('seq/b', 36)]
    operator('UNIDIRECTIONAL_SEQUENCE_RNN', sequence, [xs, *weights, state], ys)

    forwards, backwards, both = tensor('fs', 1, 7, 36), tensor('bs', 1, 7, 32), tensor('zs', 1, 7, 80)
    rnns = schema.BidirectionalSequenceRNNOptionsT()
    rnns.fusedActivationFunction, rnns.timeMajor, rnns.mergeOutputs = tanh, False, False
    directions = []
    for name, size in ('bf', 36), ('bb', 32):
        directions += [weight(f'{name}/w', size, 40), weight(f'{name}/r', size, size), weight(f'{name}/b', size)]
        directions += [tensor(f'{name}/state', 1, size, variable=True)]
    operator('BIDIRECTIONAL_SEQUENCE_RNN', rnns, [xs, *directions, -1, -1, -1], forwards, backwards)
    lstms = schema.BidirectionalSequenceLSTMOptionsT()
    lstms.fusedActivationFunction, lstms.timeMajor, lstms.mergeOutputs = tanh, False, True
    directions, states = [], []
    for name in 'lf', 'lb':
        directions += [weight(f'{name}/w{gate}', 40, 40) for gate in 'ifco']
        directions += [weight(f'{name}/r{gate}', 40, 40) for gate in 'ifco'] + [-1, -1, -1]
        directions += [weight(f'{name}/b{gate}', 40) for gate in 'ifco'] + [-1, -1]
        states += [tensor(f'{name}/{state}', 1, 40, variable=True) for state in ('output', 'cell')]
    operator('BIDIRECTIONAL_SEQUENCE_LSTM', lstms, [xs, *directions, *states, *[-1] * 9], both)

    def named(name, index):
        made = schema.TensorMapT()
        made.name, made.tensorIndex = name, index
        return made

    results = {'y': y, 'ys': ys, 'fs': forwards, 'bs': backwards, 'zs': both}
    graph.inputs, graph.outputs = [x, xs], list(results.values())
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = 'serving_default', 0
    signature.inputs = [named('x', x), named('xs', xs)]
    signature.outputs = [named(name, index) for name, index in results.items()]
    model.subgraphs, model.signatureDefs = [graph], [signature]
    builder = flatbuffers.Builder(2**18)
    builder.Finish(model.Pack(builder), b'TFL3')
    return bytes(builder.Output())


def write_goldens():
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    os.environ['CUDA_VISIBLE_DEVICES'] = ''
    os.environ['TF_USE_LEGACY_KERAS'] = '1'
    import numpy as np
    import tensorflow as tf

    GOLDENS.mkdir(parents=True, exist_ok=True)
    write('recurrent.float', recurrent())
    for name, (module, signatures, kinds) in models(tf, np).items():
        made = {kind: convert(tf, module, signatures, kind) for kind in kinds if kind != 'int4'}
        if name == 'words':
            lookup = lookup_variant(made['float'])
            write('lookup.float', lookup)
            write('lookup.int4', to_int4(lookup))
        if 'int4' in kinds:
            made['int4'] = to_int4(made['float'])
        for kind, content in made.items():
            write(f'{name}.{kind}', content)


def write(name, content):
    (GOLDENS / f'{name}.tflite.gz').write_bytes(gzip.compress(content, 9, mtime=0))


if __name__ == '__main__':
    {'goldens': write_goldens, 'schema': write_schema}[sys.argv[1]]()
