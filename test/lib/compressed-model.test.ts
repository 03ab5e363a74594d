import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  CompressedModel,
  CompressedModelProps,
  CompressionRecipe,
  ModelBucket,
  ModelFormat,
  ModelSource,
} from '../../lib';
import { EXAMPLE, newStack } from './support/pipelines';

const folder = mkdtempSync(join(tmpdir(), 'modelpress-model-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'model.tflite'), 'weights');
writeFileSync(join(folder, 'assets', 'labels.txt'), 'one\ntwo\n');
writeFileSync(join(folder, '.hidden'), 'not part of it');
afterAll(() => rmSync(folder, { recursive: true }));

function model(stack: Stack, changes: Partial<CompressedModelProps> = {}): CompressedModel {
  return new CompressedModel(stack, 'Model', {
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
    source: ModelSource.fromAsset(folder),
    recipe: CompressionRecipe.int8(),
    ...changes,
  });
}

interface Properties {
  readonly files?: { readonly name: string }[];
  readonly specification: string;
  readonly source: unknown;
}

function propertiesOf(changes: Partial<CompressedModelProps> = {}): Properties {
  const stack = newStack();
  model(stack, changes);
  const [resource] = Object.values(Template.fromStack(stack).findResources('Custom::ModelpressCompressedModel'));
  return (resource as { Properties: Properties }).Properties;
}

test('hands every file of a folder over, hidden ones aside', () => {
  expect(propertiesOf().files!.map(({ name }) => name)).toEqual(['assets/labels.txt', 'model.tflite']);
});

test('takes a single file', () => {
  const source = ModelSource.fromAsset(join(folder, 'model.tflite'));
  expect(propertiesOf({ source }).files!.map(({ name }) => name)).toEqual(['model.tflite']);
});

test('is another artifact for every other model, recipe, or code, and for nothing else', () => {
  const specifications = [
    {},
    { recipe: CompressionRecipe.fp16() },
    { source: ModelSource.fromAsset(join(folder, 'model.tflite')) },
    { codeDirectory: join(EXAMPLE, 'serving') },
    { removalPolicy: RemovalPolicy.DESTROY },
  ].map((changes) => propertiesOf(changes).specification);
  expect(new Set(specifications).size).toBe(specifications.length);
  const same = [{ memorySize: 4096 }, { maxConcurrency: 7 }, { sourceVersion: '2' }].map(propertiesOf);
  expect(same.map(({ specification }) => specification)).toEqual([1, 2, 3].map(() => specifications[0]));
});

test('reads a model in a bucket where it lies', () => {
  const stack = newStack();
  const bucket = Bucket.fromBucketName(stack, 'Raw', 'raw-models');
  model(stack, { source: ModelSource.fromBucket(bucket, 'digits/') });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('Custom::ModelpressCompressedModel', {
    source: 's3://raw-models/digits/',
    files: Match.absent(),
  });
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const readers = policies.filter(([, policy]) => JSON.stringify(policy).includes(':s3:::raw-models/digits/*'));
  expect(readers.map(([name]) => name.replace(/RoleDefaultPolicy.*/, '')).sort()).toEqual([
    'ModelCompressorCompress',
    'ModelCompressorPlan',
  ]);
});

test('may delete artifacts only where it shall', () => {
  const deletes = (changes: Partial<CompressedModelProps>): number => {
    const stack = newStack();
    model(stack, changes);
    const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    const own = policies.filter(([name]) => /CompressOnDeploy(Start|Wait)/.test(name));
    expect(own).toHaveLength(2);
    return JSON.stringify(own).split('s3:DeleteObject').length - 1;
  };
  expect([deletes({}), deletes({ removalPolicy: RemovalPolicy.DESTROY })]).toEqual([0, 1]);
});

test.each([15, 4])(
  'is deleted when no function of %d minutes can go on any more, before all that it needs',
  (minutes) => {
    const stack = newStack();
    model(stack, { timeout: Duration.minutes(minutes) });
    const template = Template.fromStack(stack);
    const functions = Object.entries(template.findResources('AWS::Lambda::Function')).map(([name, { Properties }]) => ({
      name,
      ...(Properties as { Timeout: number; Environment?: { Variables: Record<string, string> } }),
    }));
    const variables = functions.find(({ name }) => name.includes('CompressOnDeployWait'))!.Environment!.Variables;
    const makers = functions.filter(({ name }) => /Compressor(Plan|Compress|Finalize|Compression)/.test(name));
    expect(makers).toHaveLength(4);
    for (const { Timeout } of makers) expect(Timeout).toBeLessThan(Number(variables.LINGER_SECONDS));
    const start = functions.find(({ name }) => name.includes('CompressOnDeployStart'))!;
    expect(start.Timeout).toBeLessThan(Number(variables.START_SECONDS));
    // Both at most, and CDK's framework asks for an hour.
    expect(Number(variables.LINGER_SECONDS) + Number(variables.START_SECONDS)).toBeLessThan(3600);

    const [resource] = Object.values(template.findResources('Custom::ModelpressCompressedModel')) as {
      DependsOn: string[];
    }[];
    for (const part of [
      'CompressionMachine',
      'CompressionMachineRoleDefaultPolicy',
      'Finalize',
      'PlanRoleDefaultPolicy',
    ]) {
      expect(resource.DependsOn).toContainEqual(expect.stringContaining(part));
    }
  },
);

test.each([
  [{ recipe: CompressionRecipe.w4a16() }, 'The recipe w4a16 is not for tflite models'],
  [{ codeDirectory: folder }, 'must hold inference.py'],
  [{ modelName: 'Digits' }, 'modelName must be 1 to 24 lower-case'],
])('refuses %j', (changes, message) => {
  expect(() => model(newStack(), changes)).toThrow(message);
});

test.each([
  [() => ModelSource.fromAsset('nowhere'), 'The model nowhere does not exist'],
  [() => ModelSource.fromBucket(Bucket.fromBucketName(newStack(), 'Raw', 'raw'), 'digits'), 'must end in a slash'],
])('refuses a source: %#', (make, message) => {
  expect(make).toThrow(message);
});

test('refers to an artifact that exists', () => {
  const stack = newStack();
  const attributes = {
    artifact: 's3://models/compressed/digits/build/',
    models: new ModelBucket(stack, 'Models'),
    modelName: 'digits',
    modelFormat: ModelFormat.TFLITE,
  };
  const imported = CompressedModel.fromCompressedModelAttributes(stack, 'Imported', attributes);
  expect(imported).toMatchObject({ artifact: attributes.artifact, modelName: 'digits', hasServingCode: false });
  expect(() =>
    CompressedModel.fromCompressedModelAttributes(stack, 'Wrong', { ...attributes, artifact: 's3://models' }),
  ).toThrow('received: s3://models');
});
