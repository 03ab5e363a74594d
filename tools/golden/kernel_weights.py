"""Makes test/golden/kernels: what PyTorch and compressed-tensors make of weights with edge values.

Usage: python tools/golden/kernel_weights.py   (torch, compressed-tensors and safetensors installed; any CPU)

One safetensors file a source type. `in.<case>` are the weights; `<recipe>.<case>.<part>` is what the peer makes of them.
"""

import pathlib

import compressed_tensors
import torch
from compressed_tensors.compressors import (
    IntQuantizationCompressor,
    MXFP4PackedCompressor,
    MXFP8QuantizationCompressor,
    NaiveQuantizationCompressor,
    NVFP4PackedCompressor,
    PackedQuantizationCompressor,
)
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam, maybe_pad_tensor_for_block_quant
from safetensors.torch import save_file

TARGET = pathlib.Path(__file__).resolve().parents[2] / "test" / "golden" / "kernels"
E4M3 = torch.float8_e4m3fn


def edge_weights(dtype: torch.dtype) -> torch.Tensor:
    """24 rows of 256: ordinary weights and everything that rounding, clamping and scaling may trip over."""
    generator = torch.Generator().manual_seed(7)
    w = torch.randn(24, 256, generator=generator) * 0.05
    info = torch.finfo(dtype)
    w[1] = 0
    w[2] = w[2] * info.smallest_normal * 16
    w[3] = info.smallest_normal * (torch.arange(256) % 9 - 4) / 64
    w[4, ::7], w[4, 3::7] = 0.25, -0.25
    w[5] = torch.arange(-128, 128) / 128 * 0.75
    w[6] = w[6].abs()
    w[7] = -w[7].abs()
    w[8] = 0.375
    w[9] = -0.0
    w[10, 100] = 30.0
    w[11] = torch.arange(256) / 4.0
    w[12] = torch.where(torch.arange(256) % 2 == 0, 1.0, -1.0)
    w[13] = (torch.arange(256) % 31 - 15) / 2
    w[14] = 448.0 * (torch.arange(256) - 128) / 128
    w[15] = (torch.arange(256) % 25 - 12) / 4
    w[16, :128] = 0
    w[17] = torch.where(torch.arange(256) % 5 == 0, -0.0, w[17])
    w[18] = w[18] * 1e-6
    w[19] = info.tiny * (torch.arange(256) % 2)
    w[20] = torch.exp2(torch.arange(256) % 14 - 10.0)
    w[21] = -torch.exp2(torch.arange(256) % 12 - 8.0) * 1.75
    w[22, :16] = w[22, :16] * 100
    w[23] = w[23] * 1e3
    return w.to(dtype)


def odd_weights(dtype: torch.dtype, rows: int, columns: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(rows * columns)
    return (torch.randn(rows, columns, generator=generator) * 0.02).to(dtype)


def extremes(w: torch.Tensor, args: QuantizationArgs) -> tuple[torch.Tensor, torch.Tensor]:
    """Smallest and largest of what shares a scale, as the peer's observers see them."""
    if args.strategy == "block":
        height, width = args.block_structure
        w = maybe_pad_tensor_for_block_quant(w, (height, width))
        blocks = w.reshape(w.shape[0] // height, height, w.shape[1] // width, width).transpose(1, 2)
        return blocks.amin((2, 3)), blocks.amax((2, 3))
    if args.group_size:
        groups = w.unflatten(-1, (-1, args.group_size))
        return groups.amin(-1), groups.amax(-1)
    return w.amin(-1, keepdim=True), w.amax(-1, keepdim=True)


def quantize(compressor: type, args: QuantizationArgs, w: torch.Tensor) -> dict[str, torch.Tensor]:
    low, high = extremes(w, args)
    state = {"weight": w}
    gparam = generate_gparam(w.amin(), w.amax()) if args.strategy == "tensor_group" else None
    scale, zero_point = calculate_qparams(low, high, args, global_scale=gparam)
    state["weight_scale"], state["weight_zero_point"] = scale, zero_point
    if gparam is not None:
        state["weight_global_scale"] = gparam
    return compressor.compress(state, QuantizationScheme(targets=["Linear"], weights=args))


def recipes() -> dict[str, tuple[type, QuantizationArgs]]:
    def integer(bits: int, symmetric: bool, size: int) -> QuantizationArgs:
        return QuantizationArgs(num_bits=bits, type="int", symmetric=symmetric, strategy="group", group_size=size)

    floats = dict(type="float", symmetric=True)
    made = {
        "w8a8": (IntQuantizationCompressor, QuantizationArgs(num_bits=8, type="int", strategy="channel")),
        "fp8": (NaiveQuantizationCompressor, QuantizationArgs(num_bits=8, strategy="channel", **floats)),
        "fp8-block": (
            NaiveQuantizationCompressor,
            QuantizationArgs(num_bits=8, strategy="block", block_structure=[128, 128], **floats),
        ),
        "nvfp4a16": (
            NVFP4PackedCompressor,
            QuantizationArgs(num_bits=4, strategy="tensor_group", group_size=16, scale_dtype=E4M3, **floats),
        ),
        "mxfp4a16": (
            MXFP4PackedCompressor,
            QuantizationArgs(num_bits=4, strategy="group", group_size=32, scale_dtype=torch.uint8, **floats),
        ),
        "mxfp8": (
            MXFP8QuantizationCompressor,
            QuantizationArgs(num_bits=8, strategy="group", group_size=32, scale_dtype=torch.uint8, **floats),
        ),
    }
    for size in (16, 128):
        made[f"w8a16-{size}"] = (PackedQuantizationCompressor, integer(8, True, size))
        made[f"w4a16-{size}"] = (PackedQuantizationCompressor, integer(4, True, size))
        made[f"w4a16-asym-{size}"] = (PackedQuantizationCompressor, integer(4, False, size))
    return made


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, dtype in (("bf16", torch.bfloat16), ("f16", torch.float16), ("f32", torch.float32)):
        cases = {"edges": edge_weights(dtype), "odd": odd_weights(dtype, 5, 37), "blocks": odd_weights(dtype, 140, 150)}
        tensors = {f"in.{case}": w for case, w in cases.items()}
        for recipe, (compressor, args) in recipes().items():
            chosen = {"fp8-block": ("edges", "blocks"), "w8a8": ("edges", "odd"), "fp8": ("edges", "odd")}
            for case in chosen.get(recipe, ("edges",)):
                for part, value in quantize(compressor, args, cases[case].clone()).items():
                    tensors[f"{recipe}.{case}.{part}"] = value.contiguous()
        tensors["fp16.edges"] = cases["edges"].to(torch.float16, copy=True)
        tensors["bf16.edges"] = cases["edges"].to(torch.bfloat16, copy=True)
        peers = {"torch": torch.__version__, "compressed-tensors": compressed_tensors.__version__}
        save_file(tensors, TARGET / f"{name}.safetensors", metadata=peers)


if __name__ == "__main__":
    main()
