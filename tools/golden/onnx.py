"""Makes the golden ONNX files: small models, and what onnxruntime's own quantizers make of them.

    python tools/golden/onnx.py test/golden/onnx

Needs onnx, onnxruntime, onnx_ir and numpy. The same versions make the same bytes.
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
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

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


def four_bits(model, symmetric):
    quantizer = MatMulNBitsQuantizer(model, block_size=32, is_symmetric=symmetric, accuracy_level=4)
    quantizer.process()
    return quantizer.model.model


def main(folder):
    os.makedirs(folder, exist_ok=True)
    model = mixed()
    save(folder, 'mixed', model)
    save(folder, 'mixed.dynamic', dynamic(model, per_channel=False))
    save(folder, 'mixed.dynamic-per-channel', dynamic(model, per_channel=True))
    save(folder, 'products', products(transposed=False))
    save(folder, 'products.transposed', products(transposed=True))
    save(folder, 'products.w4a16', four_bits(products(transposed=False), symmetric=True))
    save(folder, 'products.w4a16-asym', four_bits(products(transposed=False), symmetric=False))


if __name__ == '__main__':
    main(sys.argv[1])
