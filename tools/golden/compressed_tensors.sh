#!/bin/sh
# Makes every golden file of compressed-tensors anew: what its kernels, its formats and whole checkpoints are.
#   sh tools/golden/compressed_tensors.sh <python with what safetensors_peer.py needs>
set -eu
cd "$(dirname "$0")/../.."
"$1" tools/golden/kernel_weights.py
"$1" tools/golden/safetensors_peer.py tensors test/golden/safetensors
"$1" tools/golden/safetensors_peer.py models test/golden/safetensors
