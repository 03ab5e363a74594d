"""Makes the golden ONNX files: small models, what onnxruntime's own quantizers make of them, and what exporters write.

    python tools/golden/onnx.py quantizers test/golden/onnx  # onnx 1.23, onnxruntime 1.32, onnx_ir 1.1
    python tools/golden/onnx.py torch test/golden/onnx       # torch 2.15, onnxscript 0.7, both of its exporters
    python tools/golden/onnx.py keras test/golden/onnx       # tensorflow 2.21, tf2onnx 1.17
    python tools/golden/onnx.py sklearn test/golden/onnx     # scikit-learn 1.7, skl2onnx 1.20
"""

import gzip
import logging
import os
import sys
import tempfile

# The folder of this script has a module of the name `onnx`: itself.
sys.path.pop(0)

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

logging.disable(logging.WARNING)


def save(folder, name, model):
    with open(os.path.join(folder, f'{name}.onnx.gz'), 'wb') as file:
        file.write(gzip.compress(model.SerializeToString(deterministic=True), mtime=0))


def weights(random, name, *shape):
    return numpy_helper.from_array((random.standard_normal(shape) * 0.2).astype(np.float32), name)


def mixed():
    """A table, products in all their forms, and convolutions."""
    random = np.random.default_rng(1)
    initializers = [
        weights(random, 'table', 100, 32),
        weights(random, 'matmul', 32, 96),
        weights(random, 'bias', 96),
        weights(random, 'gemm.transposed', 128, 96),
        weights(random, 'gemm.bias', 128),
        weights(random, 'gemm', 128, 256),
        numpy_helper.from_array(np.array([-1, 4, 8, 8], np.int64), 'shape'),
        weights(random, 'conv', 32, 4, 3, 3),
        weights(random, 'conv.bias', 32),
        weights(random, 'deconv', 32, 16, 2, 2),
    ]
    nodes = [
        helper.make_node('Gather', ['table', 'ids'], ['rows'], 'gather'),
        helper.make_node('MatMul', ['rows', 'matmul'], ['product'], 'product'),
        helper.make_node('Add', ['product', 'bias'], ['sum'], 'sum'),
        helper.make_node('Relu', ['sum'], ['positive'], 'relu'),
        helper.make_node('ReduceMean', ['positive'], ['mean'], 'mean', axes=[1], keepdims=0),
        helper.make_node('Gemm', ['mean', 'gemm.transposed', 'gemm.bias'], ['first'], 'first', transB=1),
        helper.make_node('Gemm', ['first', 'gemm'], ['second'], 'second'),
        helper.make_node('Reshape', ['second', 'shape'], ['image'], 'reshape'),
        helper.make_node('Conv', ['image', 'conv', 'conv.bias'], ['features'], 'conv', pads=[1, 1, 1, 1]),
        helper.make_node('ConvTranspose', ['features', 'deconv'], ['larger'], 'deconv', strides=[2, 2]),
        helper.make_node('GlobalAveragePool', ['larger'], ['pooled'], 'pool'),
        helper.make_node('Flatten', ['pooled'], ['scores'], 'flatten'),
    ]
    graph = helper.make_graph(
        nodes,
        'mixed',
        [helper.make_tensor_value_info('ids', TensorProto.INT64, ['batch', 7])],
        [helper.make_tensor_value_info('scores', TensorProto.FLOAT, ['batch', 16])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def dynamic(model, per_channel):
    from onnxruntime.quantization import quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        before, after = os.path.join(folder, 'before.onnx'), os.path.join(folder, 'after.onnx')
        onnx.save(model, before)
        quantize_dynamic(before, after, per_channel=per_channel)
        return onnx.load(after)


def products(transposed):
    """Products whose sizes do not divide by the blocks', as MatMul or as Gemm with the weights' rows and columns exchanged."""
    random = np.random.default_rng(2)
    sizes = [200, 24, 131, 64, 32]
    initializers, nodes = [], []
    for at, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        values = random.standard_normal((inputs, outputs)).astype(np.float32)
        values[: inputs // 2, 0] = 0
        values[:24, 1] = (np.arange(24) - 12) / 2
        values[:2, 2] = [3.5, -3.5]
        initializers.append(numpy_helper.from_array(values.T.copy() if transposed else values, f'weight{at}'))
        operator = ('Gemm', {'transB': 1}) if transposed else ('MatMul', {})
        names = [f'value{at}', f'weight{at}'], [f'value{at + 1}']
        nodes.append(helper.make_node(operator[0], *names, f'product{at}', **operator[1]))
    graph = helper.make_graph(
        nodes,
        'products',
        [helper.make_tensor_value_info('value0', TensorProto.FLOAT, ['batch', sizes[0]])],
        [helper.make_tensor_value_info(f'value{len(sizes) - 1}', TensorProto.FLOAT, ['batch', sizes[-1]])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 21)], ir_version=10)


def ties():
    """Products of weights in quarters, whose quotients by their scales often lie halfway: of an odd size both ways, and even."""
    random = np.random.default_rng(3)
    sizes = [101, 67, 64]
    initializers, nodes = [], []
    for at, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        values = (random.integers(-8, 9, (inputs, outputs)) / 4).astype(np.float32)
        # A scale of a quarter without zero points for some, and with them for others; positive numbers; negative ones.
        values[::32, 0::4] = -2
        values[1::32, 0::4] = 1.75
        values[:, 1::4] = np.clip(values[:, 1::4] * 2 - 0.125, -4, 3.75) + 0.125
        values[:, 2::8] = np.abs(values[:, 2::8])
        values[:, 6::8] = -np.abs(values[:, 6::8])
        initializers.append(numpy_helper.from_array(values, f'weight{at}'))
        nodes.append(helper.make_node('MatMul', [f'value{at}', f'weight{at}'], [f'value{at + 1}'], f'product{at}'))
    graph = helper.make_graph(
        nodes,
        'ties',
        [helper.make_tensor_value_info('value0', TensorProto.FLOAT, ['batch', sizes[0]])],
        [helper.make_tensor_value_info(f'value{len(sizes) - 1}', TensorProto.FLOAT, ['batch', sizes[-1]])],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 21)], ir_version=10)


def four_bits(model, symmetric, form='QOperator'):
    from onnxruntime.quantization import QuantFormat
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        model, block_size=32, is_symmetric=symmetric, accuracy_level=4, quant_format=QuantFormat[form]
    )
    quantizer.process()
    return quantizer.model.model


def half(model):
    """float16 with inputs and outputs kept float32."""
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    made = OnnxModel(convert_float_to_float16(model, keep_io_types=True))
    # It puts casts of inputs last, which the checker refuses.
    made.topological_sort()
    return made.model


def quantizers(folder):
    model = mixed()
    save(folder, 'mixed', model)
    save(folder, 'mixed.dynamic', dynamic(model, per_channel=False))
    save(folder, 'mixed.dynamic-per-channel', dynamic(model, per_channel=True))
    save(folder, 'mixed.fp16', half(mixed()))
    save(folder, 'products', products(transposed=False))
    save(folder, 'products.fp16', half(products(transposed=False)))
    save(folder, 'products.transposed', products(transposed=True))
    save(folder, 'products.w4a16', four_bits(products(transposed=False), symmetric=True))
    save(folder, 'products.w4a16-asym', four_bits(products(transposed=False), symmetric=False))
    save(folder, 'ties', ties())
    for name, made in (('products', lambda: products(transposed=False)), ('ties', ties)):
        save(folder, f'{name}.int4', four_bits(made(), symmetric=True, form='QDQ'))
        save(folder, f'{name}.w4a16-asym-qdq', four_bits(made(), symmetric=False, form='QDQ'))


def torch_exporters(folder):
    """A text classifier with attention, a network of convolutions, and one that recurs, by both exporters."""
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(100, 32)
            self.encoder = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
            self.head = nn.Linear(32, 40)

        def forward(self, ids):
            return self.head(self.encoder(self.embedding(ids)).mean(dim=1))

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(32, 24, bidirectional=True, batch_first=True)
            self.gru = nn.GRU(48, 32, batch_first=True)

        def forward(self, x):
            return self.gru(self.lstm(x)[0])[0]

    convolutions = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3, groups=2), nn.GELU(),
        nn.ConvTranspose2d(16, 16, 2, stride=2), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(256, 10),
    )  # fmt: skip
    made = {
        'text': (Classifier(), (torch.arange(14).reshape(2, 7),)),
        'recurrent': (Recurrent(), (torch.zeros(2, 5, 32),)),
        'images': (convolutions, (torch.zeros(2, 3, 12, 12),)),
    }
    torch.backends.mha.set_fastpath_enabled(False)
    for name, (module, arguments) in made.items():
        torch.manual_seed(1)
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.2)
        for exporter in ('dynamo', 'torchscript'):
            with tempfile.TemporaryDirectory() as place:
                path = os.path.join(place, 'model.onnx')
                options = {'external_data': False} if exporter == 'dynamo' else {}
                torch.onnx.export(module.eval(), arguments, path, dynamo=exporter == 'dynamo', **options)
                model = onnx.load(path)
            for node in model.graph.node:
                # Where in which file on this machine an operator comes from.
                del node.metadata_props[:]
            save(folder, f'torch.{name}.{exporter}', model)


def keras_exporter(folder):
    import keras
    import tensorflow as tf
    import tf2onnx

    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [
            keras.Input((12, 12, 3), name='x'),
            keras.layers.Conv2D(16, 3, activation='relu'),
            keras.layers.DepthwiseConv2D(3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(40, activation='relu'),
            keras.layers.Dense(10),
        ]
    )
    signature = [tf.TensorSpec([None, 12, 12, 3], tf.float32, name='x')]
    function = tf.function(lambda x: network(x, training=False), input_signature=signature)
    model, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=17)
    save(folder, 'keras.images', model)


def sklearn_exporter(folder):
    from skl2onnx import to_onnx
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPClassifier

    pixels, digits = load_digits(return_X_y=True)
    pixels = pixels[:300].astype(np.float32) / 16
    network = MLPClassifier((40,), max_iter=30, random_state=1).fit(pixels, digits[:300])
    forest = RandomForestClassifier(5, max_depth=5, random_state=1).fit(pixels, digits[:300])
    for name, estimator in (('network', network), ('forest', forest)):
        save(folder, f'sklearn.{name}', to_onnx(estimator, pixels[:1], options={'zipmap': False}, target_opset=17))


if __name__ == '__main__':
    os.makedirs(sys.argv[2], exist_ok=True)
    makers = {'quantizers': quantizers, 'torch': torch_exporters, 'keras': keras_exporter, 'sklearn': sklearn_exporter}
    makers[sys.argv[1]](sys.argv[2])
