import { Duration } from 'aws-cdk-lib';
import {
  CompressionRecipe,
  DeepLearningContainer,
  EndpointSpecification,
  EndpointUpdatePolicy,
  MlInstanceType,
  ModelFormat,
  ModelPipeline,
  ModelPipelineProps,
} from '../../lib';
import { FIXTURES, newStack, pipelineProps } from './support/pipelines';

describe('refuses at synthesis', () => {
  const endpoint = pipelineProps().endpoint;
  const gpu = MlInstanceType.G6_XLARGE;
  const vllm = DeepLearningContainer.VLLM_0_27;
  const large = { modelFormat: ModelFormat.SAFETENSORS, compression: { recipe: CompressionRecipe.fp8() } };
  const spec = (changes: Partial<EndpointSpecification>): Partial<ModelPipelineProps> => ({
    endpoint: { ...endpoint, ...changes },
  });

  test.each<[string, () => Partial<ModelPipelineProps>, string]>([
    [
      'TFLite on a GPU',
      () => spec({ instanceType: gpu }),
      'TFLite models run on CPUs, so the GPU of ml.g6.xlarge would idle',
    ],
    ['TFLite in vLLM', () => spec({ image: vllm, codeDirectory: undefined }), 'The image vllm serves no TFLite models'],
    [
      'ONNX in vLLM',
      () => ({ modelFormat: ModelFormat.ONNX, ...spec({ image: vllm, instanceType: gpu, codeDirectory: undefined }) }),
      'The image vllm serves no ONNX models',
    ],
    [
      'integer products of ONNX on a GPU',
      () => ({
        modelFormat: ModelFormat.ONNX,
        compression: { recipe: CompressionRecipe.int8Dynamic() },
        ...spec({ instanceType: gpu }),
      }),
      'onnxruntime multiplies the integers of int8-dynamic on CPUs alone, so the GPU of ml.g6.xlarge would idle',
    ],
    [
      'int4 for TFLite',
      () => ({ compression: { recipe: CompressionRecipe.w4a16() } }),
      'The recipe w4a16 is not for tflite models; choose one of: none, int8, int4, fp16',
    ],
    [
      'int8 for safetensors',
      () => ({ modelFormat: ModelFormat.SAFETENSORS }),
      'The recipe int8 is not for safetensors models',
    ],
    [
      'vLLM without a GPU',
      () => ({ ...large, ...spec({ image: vllm, codeDirectory: undefined }) }),
      'The image vllm needs a GPU, which ml.c7i.large has not',
    ],
    [
      'an unknown CUDA',
      () => ({ ...large, ...spec({ image: DeepLearningContainer.of('x', '1-gpu-cu118-y'), instanceType: gpu }) }),
      'No host image is known for CUDA 118',
    ],
    ['code without inference.py', () => spec({ codeDirectory: FIXTURES }), 'must hold inference.py'],
    ['requirements in isolation', () => spec({ networkIsolation: true }), 'vendor the packages into the folder'],
    [
      'no instances',
      () => spec({ instanceCount: 0 }),
      'instanceCount must be a whole number from 1 to 10000, received: 0',
    ],
    ['upper case', () => spec({ endpointName: 'Digits' }), 'endpointName must be 1 to 46 lower-case letters'],
    ['a long name', () => spec({ endpointName: 'x'.repeat(47) }), 'endpointName must be 1 to 46'],
    [
      'a short start',
      () => spec({ startupTimeout: Duration.seconds(59) }),
      'startupTimeout must be from 60 to 3600 whole seconds, received: 59',
    ],
    [
      'a long download',
      () => spec({ downloadTimeout: Duration.hours(2) }),
      'downloadTimeout must be from 60 to 3600 whole seconds, received: 7200',
    ],
    [
      'a big volume',
      () => spec({ volumeSizeInGb: 513 }),
      'volumeSizeInGb must be a whole number from 1 to 512, received: 513',
    ],
    [
      'a volume beside a disk',
      () => spec({ instanceType: MlInstanceType.of('ml.m5d.large'), volumeSizeInGb: 10 }),
      'ml.m5d.large has a disk of its own',
    ],
    ['groups without a vpc', () => spec({ securityGroups: [] }), 'vpcSubnets and securityGroups need a vpc'],
    ['a bad variable', () => spec({ environment: { 'A B': 'x' } }), 'environment needs names of letters'],
    [
      'a long wait',
      () => spec({ updatePolicy: EndpointUpdatePolicy.allAtOnce({ terminationWait: Duration.hours(2) }) }),
      'terminationWait must be from 0 to 3600',
    ],
    [
      'a wait longer than all',
      () =>
        spec({
          updatePolicy: EndpointUpdatePolicy.allAtOnce({
            terminationWait: Duration.hours(1),
            maximumExecutionTimeout: Duration.minutes(30),
          }),
        }),
      'maximumExecutionTimeout (1800 s) must exceed the waits of the update (3600 s)',
    ],
    [
      'too many alarms',
      () => spec({ updatePolicy: EndpointUpdatePolicy.allAtOnce({ alarms: Array<never>(11).fill({} as never) }) }),
      'at most 10 alarms, received: 13',
    ],
    ['rare looks', () => ({ statusInterval: Duration.minutes(6) }), 'statusInterval must be from 1 to 300'],
    [
      'little memory',
      () => ({ compression: { recipe: CompressionRecipe.int8(), memorySize: 128 } }),
      'memorySize must be a whole number from 512 to 10240',
    ],
    [
      'long functions',
      () => ({ compression: { recipe: CompressionRecipe.int8(), timeout: Duration.minutes(16) } }),
      'timeout must be from 30 to 900',
    ],
    [
      'wide maps',
      () => ({ compression: { recipe: CompressionRecipe.int8(), maxConcurrency: 10001 } }),
      'maxConcurrency must be a whole number from 1 to 10000',
    ],
    [
      'no instances',
      () => spec({ instanceType: MlInstanceType.of('serverless') }),
      'SageMaker serves no uncompressed model without instances',
    ],
    [
      'an instance type',
      () => spec({ instanceType: MlInstanceType.of('g5.xlarge') }),
      'An instance type looks like ml.g5.xlarge, received: g5.xlarge',
    ],
  ])('%s', (_, changes, message) => {
    expect(() => new ModelPipeline(newStack(), 'Pipeline', pipelineProps(changes()))).toThrow(message);
  });
});
