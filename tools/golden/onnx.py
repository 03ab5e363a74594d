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


def main(folder):
    os.makedirs(folder, exist_ok=True)
    model = mixed()
    save(folder, 'mixed', model)
    save(folder, 'mixed.dynamic', dynamic(model, per_channel=False))
    save(folder, 'mixed.dynamic-per-channel', dynamic(model, per_channel=True))


if __name__ == '__main__':
    main(sys.argv[1])
