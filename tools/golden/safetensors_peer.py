"""Makes reference checkpoints with compressed-tensors' own code, for the tests of the safetensors format.

    python tools/golden/safetensors_peer.py tensors test/golden/safetensors
        Writes source-<dtype>.safetensors and, for every recipe, <recipe>-<dtype>.safetensors.
    python tools/golden/safetensors_peer.py models test/golden/safetensors
        Builds tiny random models with transformers in <kind>/ and writes the SHA-256 of every tensor that
        compressed-tensors makes of them, by recipe, into <kind>.json.
    python tools/golden/safetensors_peer.py build KIND DESTINATION
        Builds one more: mixtral-fused and qwen3-moe-fused with a layer's experts in one tensor, llama4 with them input-major.
    python tools/golden/safetensors_peer.py compress SOURCE DESTINATION RECIPE...
        Compresses a checkpoint to DESTINATION/<recipe>, for each.
    python tools/golden/safetensors_peer.py logits CHECKPOINT...
        Loads checkpoints with transformers and prints a JSON list of their logits for fixed tokens.

Needs torch 2.15.0, transformers 5.23.0, compressed-tensors 0.20.0, safetensors 0.8.0.
"""
import hashlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationScheme, preset_name_to_scheme
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam
from safetensors.torch import load_file, save_file

# Recipe: compressed-tensors' preset and storage format.
RECIPES = {
    "w8a8": ("W8A8", "int-quantized"),
    "w8a16": ("W8A16", "pack-quantized"),
    "w4a16": ("W4A16", "pack-quantized"),
    "w4a16-asym": ("W4A16_ASYM", "pack-quantized"),
    "fp8": ("FP8_DYNAMIC", "float-quantized"),
    "fp8-block": ("FP8_BLOCK", "float-quantized"),
    "nvfp4a16": ("NVFP4A16", "nvfp4-pack-quantized"),
    "mxfp4a16": ("MXFP4A16", "mxfp4-pack-quantized"),
    "mxfp8": ("MXFP8", "mxfp8-quantized"),
}
FUSED = [("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"), ("w1", "w3")]
DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}


def scheme_of(recipe: str) -> QuantizationScheme:
    """The preset, with the group size of 128 that the integer recipes default to."""
    scheme = preset_name_to_scheme(RECIPES[recipe][0], ["Linear"])
    weights = scheme.weights
    if weights.strategy == "group" and weights.type == "int":
        weights.group_size = 128
    scheme.format = RECIPES[recipe][1]
    return scheme


def extremes(weight: torch.Tensor, scheme: QuantizationScheme) -> tuple[torch.Tensor, torch.Tensor]:
    """Minima and maxima of what shares a scale, in the scales' shape."""
    args = scheme.weights
    if args.strategy == "channel":
        groups = weight.unsqueeze(1)
    elif args.strategy == "block":
        high, wide = args.block_structure
        rows, columns = weight.shape
        padded = torch.nn.functional.pad(weight, (0, -columns % wide, 0, -rows % high))
        groups = padded.unflatten(0, (-1, high)).unflatten(2, (-1, wide)).transpose(1, 2).flatten(2)
    else:
        groups = weight.unflatten(-1, (-1, args.group_size))
    return groups.amin(-1), groups.amax(-1)


def compress(weight: torch.Tensor, recipe: str, fused: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """One weight's tensors. `fused` are the weights that share a global scale with it, itself included."""
    scheme = scheme_of(recipe)
    state = {"weight": weight}
    global_scale = None
    if recipe == "nvfp4a16":
        low = torch.stack([member.amin() for member in fused]).amin()
        high = torch.stack([member.amax() for member in fused]).amax()
        global_scale = generate_gparam(low, high)
        state["weight_global_scale"] = global_scale
    scale, zero_point = calculate_qparams(*extremes(weight, scheme), scheme.weights, global_scale=global_scale)
    state["weight_scale"] = scale
    state["weight_zero_point"] = zero_point
    compressor = BaseCompressor.get_value_from_registry(scheme.format)
    compressed = compressor.compress(state, scheme)
    return {name: tensor.contiguous() for name, tensor in compressed.items() if tensor is not None}


def split_experts(tensors: dict[str, torch.Tensor], model: str) -> dict[str, torch.Tensor]:
    """The tensors with each expert's projections as matrices of their own, output features first."""
    gate, up, down = ("w1", "w3", "w2") if model == "mixtral" else ("gate_proj", "up_proj", "down_proj")
    out = {}
    for name, tensor in tensors.items():
        parent, _, last = name.rpartition(".")
        if tensor.ndim != 3 or not parent.endswith(".experts"):
            out[name] = tensor
            continue
        for index, expert in enumerate(tensor):
            expert = expert.T if model.startswith("llama4") else expert
            parts = dict(zip((gate, up), expert.chunk(2))) if last == "gate_up_proj" else {down: expert}
            out |= {f"{parent}.{index}.{part}.weight": weight.contiguous() for part, weight in parts.items()}
    return out


def is_compressed(name: str, tensor: torch.Tensor, recipe: str) -> bool:
    module = name.removesuffix(".weight")
    if tensor.ndim != 2 or not name.endswith(".weight"):
        return False
    if module == "lm_head" or "embed_tokens" in module or "norm" in module or "router" in module or module.endswith(("mlp.gate", "block_sparse_moe.gate")):
        return False
    group = scheme_of(recipe).weights.group_size
    return group is None or tensor.shape[1] % group == 0


def fused_with(name: str, tensors: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    parent, _, last = name.removesuffix(".weight").rpartition(".")
    for members in FUSED:
        if last in members:
            names = [f"{parent}.{member}.weight" for member in members]
            return [tensors[other] for other in names if other in tensors]
    return [tensors[name]]


def compress_all(tensors: dict[str, torch.Tensor], recipe: str) -> dict[str, torch.Tensor]:
    out = {}
    for name, tensor in tensors.items():
        if recipe in ("fp16", "bf16"):
            out[name] = tensor.to(torch.float16 if recipe == "fp16" else torch.bfloat16)
        elif is_compressed(name, tensor, recipe):
            module = name.removesuffix(".weight")
            parts = compress(tensor, recipe, fused_with(name, tensors))
            out |= {f"{module}.{part}": value for part, value in parts.items()}
        else:
            out[name] = tensor
    return out


def edge_values(dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Weights with what goes wrong: zero rows and groups, one value a group, subnormals, ties, outliers, signed zeros."""
    generator = torch.Generator().manual_seed(7)
    normal = lambda *shape: torch.randn(*shape, generator=generator) * 0.05
    smallest = torch.finfo(dtype).tiny
    q = normal(24, 256)
    q[0] = 0
    q[1] = -0.0
    q[2, :128] = 0
    q[3] = 0
    q[3, 5] = 0.75
    q[4] = smallest * torch.arange(256) / 64
    q[5] = 0.5
    q[6, ::2], q[6, 1::2] = 1.0, -1.0
    q[7] = torch.arange(256) - 128
    q[8, 17] = 300.0
    q[9] = q[9].abs()
    q[10] = -q[10].abs()
    q[11, 0], q[11, 1] = 1.75, -1.75
    q[12] = (torch.arange(256) % 32 - 16) / 16 * 7.5
    q[13] = smallest / 4
    q[14] = (torch.arange(256) % 16 - 8) / 2
    k, v = normal(16, 256) * 3, normal(16, 256)
    odd = normal(132, 136)
    odd[:, 130] *= 40
    tail = normal(20, 384)
    tail *= torch.exp(torch.randn(20, 1, generator=generator))
    large = normal(8, 128) * (torch.finfo(dtype).max / 8 if dtype == torch.float16 else 1e30)
    return {
        "model.layers.0.self_attn.q_proj.weight": q.to(dtype),
        "model.layers.0.self_attn.k_proj.weight": k.to(dtype),
        "model.layers.0.self_attn.v_proj.weight": v.to(dtype),
        "model.layers.0.self_attn.o_proj.weight": tail.to(dtype),
        "model.layers.0.mlp.gate_proj.weight": normal(12, 128).to(dtype),
        "model.layers.0.mlp.up_proj.weight": torch.zeros(12, 128, dtype=dtype),
        "model.layers.0.mlp.down_proj.weight": odd.to(dtype),
        "model.layers.0.mlp.large.weight": large.to(dtype),
        "model.layers.0.input_layernorm.weight": normal(256).to(dtype),
        "model.layers.0.zero.weight": torch.zeros(8, 128, dtype=dtype),
        "lm_head.weight": normal(10, 128).to(dtype),
    }


def write_tensors(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, dtype in DTYPES.items():
        tensors = edge_values(dtype)
        save_file(tensors, folder / f"source-{name}.safetensors", metadata={"format": "pt"})
        for recipe in RECIPES:
            compressed = {key: value for key, value in compress_all(tensors, recipe).items() if value is not tensors.get(key)}
            save_file(compressed, folder / f"{recipe}-{name}.safetensors", metadata={"format": "pt"})


def config_of(recipe: str) -> dict:
    """`quantization_config` as compressed-tensors itself writes it."""
    scheme = scheme_of(recipe)
    group = json.loads(scheme.model_dump_json(exclude={"format"}))
    return {
        "quant_method": "compressed-tensors",
        "format": scheme.format,
        "quantization_status": "compressed",
        "ignore": ["lm_head", "re:.*(mlp|block_sparse_moe)\\.gate$", "re:.*router.*"],
        "config_groups": {"group_0": group},
    }


def build_model(kind: str, folder: Path) -> None:
    from transformers import (
        Llama4ForCausalLM, Llama4TextConfig, LlamaConfig, LlamaForCausalLM,
        MixtralConfig, MixtralForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM,
    )

    torch.manual_seed(11)
    common = dict(hidden_size=128, intermediate_size=256, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=2, vocab_size=96)
    if kind == "llama":
        model = LlamaForCausalLM(LlamaConfig(**common, tie_word_embeddings=False))
    elif kind.startswith("mixtral"):
        model = MixtralForCausalLM(MixtralConfig(**common, num_local_experts=2, num_experts_per_tok=1))
    elif kind.startswith("qwen3-moe"):
        experts = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=128)
        model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**common, **experts, head_dim=32))
    else:
        experts = dict(num_local_experts=2, num_experts_per_tok=1, interleave_moe_layer_step=1, intermediate_size_mlp=256)
        model = Llama4ForCausalLM(Llama4TextConfig(**common, **experts, head_dim=32))
        for parameter in model.parameters():
            if parameter.ndim == 3:  # transformers leaves half of these zero
                torch.nn.init.normal_(parameter, std=0.02)
    fused = {"save_original_format": False} if kind.endswith("-fused") else {}
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="200KB", **fused)


def load_all(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for shard in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(shard)
    return tensors


def write_models(folder: Path) -> None:
    for kind in ("llama", "mixtral"):
        build_model(kind, folder / kind)
        tensors = load_all(folder / kind)
        digests = {recipe: {name: digest(value) for name, value in compress_all(tensors, recipe).items()} for recipe in RECIPES}
        (folder / f"{kind}.json").write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")


def digest(tensor: torch.Tensor) -> str:
    return hashlib.sha256(tensor.reshape(-1).clone().view(torch.uint8).numpy().tobytes()).hexdigest()


def compress_checkpoint(source: Path, target: Path, recipe: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    tensors = split_experts(load_all(source), config["model_type"])
    save_file(compress_all(tensors, recipe), target / "model.safetensors", metadata={"format": "pt"})
    config |= {"quantization_config": config_of(recipe)}
    (target / "config.json").write_text(json.dumps(config, indent=2))


def load_model(checkpoint: Path, folder: Path):
    """The model as transformers loads it; `folder` is for a copy without quantization, where it cannot by itself."""
    from transformers import AutoModelForCausalLM, CompressedTensorsConfig

    config = json.loads((checkpoint / "config.json").read_text())
    groups = config.get("quantization_config", {}).get("config_groups", {}).values()
    merges = config["model_type"] in ("mixtral", "qwen3_moe")
    options = {}
    if any(merges and not merged_by_transformers(group["weights"]) for group in groups):
        from compressed_tensors.entrypoints.convert import CompressedTensorsDequantizer, convert_checkpoint

        # It takes every tensor that ends in .weight for a compressed one, unless told otherwise.
        kept = ["re:.*embed_tokens.*", "re:.*norm.*"]
        convert_checkpoint(checkpoint, folder, CompressedTensorsDequantizer(checkpoint, ignore=kept))
        checkpoint = folder
    elif groups and (merges or any(not group["weights"]["symmetric"] for group in groups)):
        # compressed-tensors' own modules know neither transformers' fused experts nor packed zero points.
        options = {"quantization_config": CompressedTensorsConfig(dequantize=True)}
    model, loading = AutoModelForCausalLM.from_pretrained(checkpoint, output_loading_info=True, **options)
    left = {name: keys for name, keys in loading.items() if keys}
    if left:
        sys.exit(f"{checkpoint}: {left}")
    return model.eval()


def merged_by_transformers(weights: dict) -> bool:
    """Whether transformers merges experts of this scheme into its fused ones: packed ones, and fp8 with a scale a row."""
    merged = {("int", 4, "group"), ("int", 8, "group"), ("float", 4, "group"), ("float", 8, "channel")}
    return (weights["type"], weights["num_bits"], weights["strategy"]) in merged


def print_logits(checkpoints: list[str]) -> None:
    tokens = torch.arange(48).reshape(2, 24) % 96
    results = []
    for checkpoint in checkpoints:
        with TemporaryDirectory() as folder, torch.no_grad():
            results.append(load_model(Path(checkpoint), Path(folder))(tokens).logits.float().flatten().tolist())
    print(json.dumps(results))


def main() -> None:
    command, *arguments = sys.argv[1:] or ["help"]
    if command == "tensors" and len(arguments) == 1:
        write_tensors(Path(arguments[0]))
    elif command == "models" and len(arguments) == 1:
        write_models(Path(arguments[0]))
    elif command == "build" and len(arguments) == 2:
        build_model(arguments[0], Path(arguments[1]))
    elif command == "compress" and len(arguments) >= 3 and all(recipe in RECIPES for recipe in arguments[2:]):
        for recipe in arguments[2:]:
            compress_checkpoint(Path(arguments[0]), Path(arguments[1]) / recipe, recipe)
    elif command == "logits" and arguments:
        print_logits(arguments)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
