import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compressFolder } from './compress-folder';

const ROOT = resolve(__dirname, '../../../../..');
const GOLDEN = join(ROOT, 'test/golden/safetensors');
const PEER = join(ROOT, 'tools/golden/safetensors_peer.py');

/**
 * Python with torch, transformers and compressed-tensors. They take gigabytes, so only who sets the variable runs this;
 * golden.test.ts holds the same tensors to the peers' digests everywhere.
 */
const python = process.env.MODELPRESS_PEER_PYTHON;
const withPeers = python === undefined ? describe.skip : describe;

/** Asymmetric experts are refused. */
const FOR_EXPERTS = ['w8a8', 'w8a16', 'w4a16', 'fp8', 'fp8-block', 'nvfp4a16', 'mxfp4a16', 'mxfp8'];
const RECIPES: Readonly<Record<string, readonly string[]>> = {
  llama: [...FOR_EXPERTS, 'w4a16-asym'],
  mixtral: FOR_EXPERTS,
  'mixtral-fused': FOR_EXPERTS,
  'qwen3-moe-fused': FOR_EXPERTS,
  llama4: FOR_EXPERTS,
};

withPeers.each(Object.keys(RECIPES))('transformers loads the %s that we compress', (kind) => {
  const methods = RECIPES[kind];
  const logits = new Map<string, number[]>();
  const run = (...argv: string[]) =>
    execFileSync(python!, [PEER, ...argv], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });

  const compress = (recipe: object, target: string) => compressFolder(source, recipe, join(folder, target));

  let source = join(GOLDEN, kind);
  let folder: string;

  // Not before: the body of a suite runs when it is skipped, too.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'modelpress-loaders-'));
    if (!existsSync(source)) {
      source = join(folder, 'source');
      run('build', kind, source);
    }
    for (const method of methods) {
      await compress({ method, mode: 'exact' }, `exact/${method}`);
      await compress({ method, mode: 'best' }, `best/${method}`);
    }
    const overrides = [
      { match: 're:.*o_proj', method: 'none' },
      { match: 're:.*self_attn.*', method: 'fp8' },
    ];
    // transformers reads a mixture's experts and its other weights with one and the same scheme.
    await compress({ method: kind === 'llama' ? 'w4a16' : 'fp8', overrides }, 'mixed');
    run('compress', source, join(folder, 'peer'), ...methods);
    const names = ['mixed', ...methods.flatMap((method) => [`exact/${method}`, `best/${method}`, `peer/${method}`])];
    const found = JSON.parse(run('logits', source, ...names.map((name) => join(folder, name)))) as number[][];
    ['source', ...names].forEach((name, i) => logits.set(name, found[i]));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const distance = (name: string) => {
    const expected = logits.get('source')!;
    return Math.hypot(...logits.get(name)!.map((value, i) => value - expected[i])) / Math.hypot(...expected);
  };

  test.each(methods)('%s: in exact mode the logits are those of the checkpoint that the peer made', (method) => {
    expect(logits.get(`exact/${method}`)).toEqual(logits.get(`peer/${method}`));
    expect(distance(`exact/${method}`)).toBeGreaterThan(0);
  });

  test.each(methods)("%s: in best mode the logits are as near to the source's", (method) => {
    expect(distance(`best/${method}`)).toBeLessThan(1.1 * distance(`exact/${method}`) + 0.01);
  });

  test('mixed precision is read as it was written', () => {
    expect(distance('mixed')).toBeGreaterThan(0);
    expect(distance('mixed')).toBeLessThan(0.4);
  });
});
