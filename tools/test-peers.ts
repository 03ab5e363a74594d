/**
 * Loads what we write with transformers and compressed-tensors and compares logits with the peers' own checkpoints; runs
 * it in vLLM as well where MODELPRESS_VLLM_PYTHON names a Python that has it (tools/golden/vllm_peer.py tells how), and loads
 * it with SGLang's code where MODELPRESS_SGLANG_PYTHON does (tools/golden/sglang_peer.py).
 * Apart from `npm test`, because the peers take gigabytes; there, golden files made by them stand in.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { ensurePeers } from '../bench/peers/ensure-peers';
import { buildAll } from './build';
import { runTool } from './run-tool';

const root = resolve(__dirname, '..');

async function main(): Promise<number> {
  await buildAll();
  const python = await ensurePeers((line) => console.log(line));
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), 'test/lambda/engine/formats/safetensors/(loaders|vllm|sglang)'],
    { cwd: root, stdio: 'inherit', env: { ...process.env, MODELPRESS_PEER_PYTHON: python } },
  );
  return status ?? 1;
}

runTool(main);
