#!/bin/sh
# Trains small versions of the PyTorch examples' models by their own scripts, for tests that must do without torch.
#   sh tools/golden/example_models.sh <python with local/python/requirements-torch.txt>
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
"$1" examples/pytorch-cnn/training/train.py --filters 8 --epochs 6 --model-dir "$folder/pytorch-cnn"
"$1" examples/pytorch-text/training/train.py --hidden-size 48 --layers 1 --epochs 3 --model-dir "$folder/pytorch-text"
for example in pytorch-cnn pytorch-text; do
  gzip -9nc "$folder/$example/model.onnx" > "test/golden/examples/$example.onnx.gz"
done
rm -r "$folder"
