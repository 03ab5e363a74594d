import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CompressionRecipe, DeepLearningContainer, MlInstanceType, ModelFormat, ModelPipeline } from '../../lib';
import { devDependencies } from '../../package.json';
import { readTensors } from '../lambda/engine/formats/safetensors/run-layout';
import { readTemplate, requireCompiled, ROOT, run } from './support';

/** An app as a user has it: its own aws-cdk-lib and constructs, the tarball, and nothing of the checkout. */
const folder = mkdtempSync(join(tmpdir(), 'modelpress-package-'));
const app = join(folder, 'app');
const installed = join(app, 'node_modules', 'modelpress');

beforeAll(() => {
  requireCompiled();
  run('npm', ['pack', '--pack-destination', folder], ROOT);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  mkdirSync(app);
  writeFileSync(
    join(app, 'package.json'),
    JSON.stringify({
      name: 'consumer',
      private: true,
      dependencies: {
        'aws-cdk-lib': devDependencies['aws-cdk-lib'],
        constructs: devDependencies.constructs,
        modelpress: `file:../${tarball}`,
      },
    }),
  );
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], app);
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
  cpSync(join(__dirname, 'fixtures', 'app.ts'), join(app, 'app.ts'));
  const compilerOptions = {
    strict: true,
    skipLibCheck: true,
    module: 'commonjs',
    moduleResolution: 'bundler',
    target: 'es2022',
    types: [],
  };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
  run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')], app);
  run(process.execPath, ['app.js'], app);

  const own = new App({ outdir: join(folder, 'own') });
  new ModelPipeline(new Stack(own, 'Consumer'), 'Digits', {
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    compression: { recipe: CompressionRecipe.int8() },
    endpoint: { image: DeepLearningContainer.PYTORCH_INFERENCE_2_6_CPU, instanceType: MlInstanceType.C7I_LARGE },
  });
  own.synth();
  const [theirs, ours] = [join(app, 'cdk.out'), join(folder, 'own')].map((out) => readTemplate(out, 'Consumer'));
  expect(theirs).toEqual(ours);
  expect(readdirSync(join(app, 'cdk.out')).filter((name) => name.startsWith('asset.')).length).toBeGreaterThan(7);
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
