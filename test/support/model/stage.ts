import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { zipSync } from 'fflate';
import {
  CompressionRecipe,
  ModelBucket,
  ModelCompressor,
  ModelPipeline,
  ModelPipelineProps,
  SmokeTest,
} from '../../../lib';
import { definitionOf, MachineDefinition } from '../../lib/support/definition';
import { newStack, pipelineProps } from '../../lib/support/pipelines';

export const BUCKET = 'models';
export const ENDPOINT = 'digits-live';

export type Machine = 'build' | 'release' | 'left-behind';

/** The machines of a pipeline as they are deployed, and what a deployment puts into the bucket of assets. */
export interface Stage {
  readonly machines: Readonly<Partial<Record<Machine, MachineDefinition>>>;
  /** Content by place, `bucket/key`. */
  readonly assets: ReadonlyMap<string, Uint8Array>;
  /** Digest of what builds are named after besides the model; none without a pipeline. */
  readonly inputsDigest?: string;
}

/** Synthesizes a compressor that is used alone. */
export function makeCompressorStage(): Stage {
  const stack = newStack();
  const models = new ModelBucket(stack, 'Models');
  new ModelCompressor(stack, 'Compressor', { modelName: 'digits', models, recipe: CompressionRecipe.int8() });
  const read = (name: string): MachineDefinition =>
    JSON.parse(JSON.stringify(definitionOf(stack, name)).replaceAll(/<ModelsBucket\w+>/g, BUCKET)) as MachineDefinition;
  return { machines: { build: read('Compression'), 'left-behind': read('LeftBehind') }, assets: new Map() };
}

/** Synthesizes a pipeline for ENDPOINT whose answers are compared with 0.9. */
export function makeStage(changes: Partial<ModelPipelineProps> = {}): Stage {
  const stack = newStack();
  const smokeTest = SmokeTest.fromRequests([
    { name: 'value', body: '{}', expected: '{"value": 0.9}', absoluteTolerance: 0.05 },
  ]);
  const props = pipelineProps(changes);
  new ModelPipeline(stack, 'Pipeline', {
    ...props,
    endpoint: { ...props.endpoint, endpointName: ENDPOINT, smokeTest, keepReleases: 3 },
  });
  const read = (name: string): MachineDefinition =>
    JSON.parse(
      JSON.stringify(definitionOf(stack, name))
        .replaceAll(/<PipelineModelsBucket\w+>/g, BUCKET)
        .replaceAll(/<PipelineRegistrationGroup\w+\.ModelPackageGroupName>/g, ENDPOINT)
        .replaceAll('${AWS::AccountId}', '111122223333')
        .replaceAll('${AWS::Region}', 'us-east-1')
        .replaceAll('<AWS::Region>', 'us-east-1'),
    ) as MachineDefinition;
  const machines = {
    build: read('BuildMachine'),
    release: read('ReleaseMachine'),
    'left-behind': read('LeftBehind'),
  };
  const golden = machines.release.States.SmokeTest.Parameters.golden as unknown as { bucket: string; key: string };
  const code = machines.build.States.Finalize.Parameters.code as unknown as { bucket: string; key: string };
  const assets = new Map<string, Uint8Array>([
    [`${golden.bucket}/${golden.key}`, readFileSync(smokeTest._pack())],
    [`${code.bucket}/${code.key}`, zipSync({ 'inference.py': Buffer.from('# serves\n') })],
  ]);
  return { machines, assets, inputsDigest: inputsDigestOf(stack) };
}

/** The one that every function gets that names builds. */
function inputsDigestOf(stack: Stack): string {
  const functions = Template.fromStack(stack).findResources('AWS::Lambda::Function') as Record<
    string,
    { Properties: { Environment?: { Variables: Record<string, string> } } }
  >;
  const all = Object.values(functions).flatMap(
    ({ Properties: { Environment } }) => Environment?.Variables.INPUTS_DIGEST ?? [],
  );
  const [digest, ...others] = new Set(all);
  if (digest === undefined || others.length > 0) throw new Error(`one digest was expected, found: ${all.join(', ')}`);
  return digest;
}
