import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CompressionRecipe, DeepLearningContainer, MlInstanceType, ModelFormat, ModelPipeline } from '../../lib';
import { devDependencies } from '../../package.json';
import { readTensors } from '../lambda/engine/formats/safetensors/run-layout';
import { initApp, readTemplate, requireCompiled, ROOT, run, synthApp } from './support';

/** An empty app of `cdk init` with the tarball, and nothing of the checkout. */
const folder = mkdtempSync(join(tmpdir(), 'modelpress-package-'));
const app = join(folder, 'app');
const installed = join(app, 'node_modules', 'modelpress');

beforeAll(() => {
  requireCompiled();
  run('npm', ['pack', '--pack-destination', folder], ROOT);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  initApp(app, 'typescript');
  // The versions that this project is made with: others may make other templates.
  const versions = (['aws-cdk-lib', 'constructs'] as const).map((name) => `${name}@${devDependencies[name]}`);
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...versions, `../${tarball}`], app);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('brings nothing but itself', () => {
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(installed, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string> | undefined>;
  expect(dependencies).toBeUndefined();
  expect(Object.keys(peerDependencies ?? {})).toEqual(['aws-cdk-lib', 'constructs']);
  expect(existsSync(join(installed, 'node_modules'))).toBe(false);
  expect(existsSync(join(installed, 'dist', 'THIRD-PARTY-LICENSES.txt'))).toBe(true);
  const library = readdirSync(join(installed, 'dist', 'lib'));
  expect(library).toContain('model-pipeline.d.ts');
  expect(library.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
});

test('type-checks and synthesizes to what the sources do, functions included', () => {
  cpSync(join(__dirname, 'fixtures', 'app-stack.ts'), join(app, 'lib', 'app-stack.ts'));
  run('npm', ['run', 'build'], app);
  const out = synthApp(app);

  const { context } = JSON.parse(readFileSync(join(app, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  const own = new App({ outdir: join(folder, 'own'), context });
  new ModelPipeline(new Stack(own, 'AppStack'), 'Digits', {
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    compression: { recipe: CompressionRecipe.int8() },
    endpoint: { image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU, instanceType: MlInstanceType.C7I_LARGE },
  });
  own.synth();
  const [theirs, ours] = [out, join(folder, 'own')].map((place) => readTemplate(place, 'AppStack'));
  expect(theirs).toEqual(ours);
  expect(readdirSync(out).filter((name) => name.startsWith('asset.')).length).toBeGreaterThan(7);
});

test('has the command line', () => {
  const bin = join(app, 'node_modules', '.bin');
  expect(run('npx', ['--no-install', 'modelpress', '--help'], app)).toContain('modelpress compress');
  const golden = join(ROOT, 'test', 'golden', 'safetensors', 'llama');
  run(join(bin, 'modelpress'), ['compress', golden, 'out', '--recipe', 'fp8', '--mode', 'exact'], app);
  const shards = readdirSync(join(app, 'out')).filter((name) => name.endsWith('.safetensors'));
  const digests = shards.flatMap((name) =>
    [...readTensors(readFileSync(join(app, 'out', name)))].map(([tensor, { bytes }]) => [
      tensor,
      createHash('sha256').update(bytes).digest('hex'),
    ]),
  );
  const peers = JSON.parse(readFileSync(`${golden}.json`, 'utf8')) as Record<string, Record<string, string>>;
  expect(Object.fromEntries(digests)).toEqual(peers.fp8);
});
