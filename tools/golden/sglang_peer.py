"""Gives the layers of checkpoints to SGLang's own code for compressed-tensors, for the tests of the safetensors format.

    python tools/golden/sglang_peer.py FOUND CHECKPOINT...
        Writes a JSON list to the file FOUND: for each checkpoint, by layer of its first block, the scheme that SGLang
        chooses, and by parameter whether its loader put the checkpoint's tensors there as they are; or SGLang's refusal.

SGLang's kernels need a GPU, so nothing is computed, and the choice of a scheme is told of a card of compute capability 9.0.
Needs sglang 0.5.23 without what belongs to GPUs, beside what the benchmarks' peers have:

    python3 -m venv sglang && sglang/bin/pip install -r bench/peers/requirements.txt && sglang/bin/pip install --no-deps \\
      sglang==0.5.23 aiohttp==3.14.5 apache-tvm-ffi==0.1.11 gguf==0.19.0 httpx2==2.16.2 msgspec==0.22.0 openai==3.57.0 \\
      orjson==3.13.0 partial-json-parser==0.2.1.1.post7 pybase64==1.5.1 pyzmq==27.3.0 sentencepiece==0.2.3 sniffio==1.3.1 \\
      starlette==1.10.0 torchvision==0.29.2 && sglang/bin/pip install ipython==9.18.1 aiohttp==3.14.5
"""
import json
import os
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

# What a server would be asked to run on.
torch.cuda.get_device_capability = lambda *_: (9, 0)
os.environ |= {"HF_HUB_OFFLINE": "1"}

from sglang.srt.distributed import init_distributed_environment, initialize_model_parallel  # noqa: E402
from sglang.srt.layers.linear import MergedColumnParallelLinear, QKVParallelLinear, RowParallelLinear  # noqa: E402
from sglang.srt.layers.quantization.compressed_tensors.compressed_tensors import CompressedTensorsConfig  # noqa: E402
from sglang.srt.runtime_context import publish  # noqa: E402
from sglang.srt.server_args import ServerArgs  # noqa: E402

FUSED = {"qkv_proj": ["q_proj", "k_proj", "v_proj"], "gate_up_proj": ["gate_proj", "up_proj"]}


def make_layer(name: str, config: dict, quantization: CompressedTensorsConfig) -> torch.nn.Module:
    hidden, inner, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    settings = {"bias": False, "quant_config": quantization, "prefix": f"model.layers.0.{name}", "params_dtype": torch.bfloat16}
    head = config.get("head_dim") or hidden // heads
    if name.endswith("qkv_proj"):
        return QKVParallelLinear(hidden, head, heads, config["num_key_value_heads"], **settings)
    if name.endswith("gate_up_proj"):
        return MergedColumnParallelLinear(hidden, [inner, inner], **settings)
    return RowParallelLinear(heads * head if name.endswith("o_proj") else inner, hidden, **settings)


def load(layer: torch.nn.Module, name: str, tensors: dict[str, torch.Tensor]) -> dict[str, bool]:
    place, _, own = name.rpartition(".")
    parameters = dict(layer.named_parameters())
    sources: dict[str, list[torch.Tensor]] = {}
    for index, member in enumerate(FUSED.get(own, [own])):
        prefix = f"model.layers.0.{place}.{member}."
        for key in [key for key in tensors if key.startswith(prefix)]:
            parameter = parameters[key[len(prefix) :]]
            shard = {"qkv_proj": ["qkv"[index]], "gate_up_proj": [index]}.get(own, [])
            parameter.weight_loader(parameter, tensors[key], *shard)
            sources.setdefault(key[len(prefix) :], []).append(tensors[key])
    # Of the shapes, which none of its kernels reads, SGLang keeps one.
    return {
        key: torch.equal(parameter.float().flatten(), torch.cat(sources[key]).float().flatten())
        for key, parameter in parameters.items()
        if key != "weight_shape"
    }


def judge(checkpoint: str) -> dict[str, object]:
    config = json.loads(Path(checkpoint, "config.json").read_text())
    quantization = CompressedTensorsConfig.from_config(config["quantization_config"])
    quantization.packed_modules_mapping = FUSED
    tensors = {key: value for file in Path(checkpoint).glob("*.safetensors") for key, value in load_file(file).items()}
    found: dict[str, object] = {}
    for name in ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"]:
        try:
            layer = make_layer(name, config, quantization)
            found[name] = {"scheme": type(layer.scheme).__name__, "parameters": load(layer, name, tensors)}
        except (ValueError, NotImplementedError) as error:
            found[name] = {"refusal": str(error)}
    return found


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    publish(ServerArgs(model_path=sys.argv[2], device="cpu"), role="scheduler")
    with tempfile.NamedTemporaryFile() as store:
        init_distributed_environment(
            world_size=1, rank=0, local_rank=0, backend="gloo", distributed_init_method=f"file://{store.name}"
        )
        initialize_model_parallel()
        Path(sys.argv[1]).write_text(json.dumps([judge(checkpoint) for checkpoint in sys.argv[2:]]))


if __name__ == "__main__":
    main()
