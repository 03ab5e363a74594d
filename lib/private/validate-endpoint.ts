import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CompressionRecipe } from '../compression-recipe';
import { ContainerImageConfig } from '../container-image';
import { EndpointSpecification } from '../endpoint-specification';
import { ModelFormat } from '../model-format';
import { ensure, requireCount, requireDuration, requireWhole } from './validate';
import { validateComponent } from './validate-component';
import { validateFeatures } from './render-features';
import { validateShadow } from './render-shadow';
import { validateScaling } from './validate-scaling';

/** What each format can become, and `none` to prune only. */
const METHODS: Readonly<Record<ModelFormat, readonly string[]>> = {
  [ModelFormat.TFLITE]: ['none', 'int8', 'int4', 'fp16'],
  [ModelFormat.ONNX]: ['none', 'int8', 'int8-dynamic', 'int4', 'w4a16', 'w4a16-asym', 'fp16'],
  [ModelFormat.SAFETENSORS]: [
    'none',
    'fp16',
    'bf16',
    'w8a8',
    'w8a16',
    'w4a16',
    'w4a16-asym',
    'fp8',
    'fp8-block',
    'nvfp4a16',
    'mxfp4a16',
    'mxfp8',
  ],
};

/** Images that load safetensors onto GPUs, and nothing else. */
const LLM_IMAGES = ['vllm', 'djl-inference'];

/** Checks everything about an endpoint that SageMaker would only say once a model is released. */
export function validateEndpoint(spec: EndpointSpecification): void {
  requireWhole(spec.instanceCount, 'instanceCount', 1, 10000);
  requireWhole(spec.keepReleases, 'keepReleases', 1, 100);
  requireWhole(spec.volumeSizeInGb, 'volumeSizeInGb', 1, 512);
  requireDuration(spec.startupTimeout, 'startupTimeout', 60, 3600);
  requireDuration(spec.downloadTimeout, 'downloadTimeout', 60, 3600);
  requireCount(spec.securityGroups, 'securityGroups', 5);
  ensure(
    spec.endpointName === undefined ||
      (/^[a-z0-9](-?[a-z0-9])*$/.test(spec.endpointName) && spec.endpointName.length <= 46),
    'endpointName must be 1 to 46 lower-case letters, digits and single hyphens between them, so that the names of its models, ' +
      `which begin with it, fit into 63 characters; received: ${spec.endpointName}`,
  );
  ensure(
    !spec.instanceType.hasLocalDisk || (spec.volumeSizeInGb === undefined && spec.volumeEncryptionKey === undefined),
    `${spec.instanceType.name} has a disk of its own, encrypted by itself; leave volumeSizeInGb and volumeEncryptionKey out`,
  );
  ensure(
    spec.vpc !== undefined || (spec.vpcSubnets === undefined && spec.securityGroups === undefined),
    'vpcSubnets and securityGroups need a vpc',
  );
  const variables = Object.entries(spec.environment ?? {});
  ensure(variables.length <= 90, `environment must have at most 90 entries, received: ${variables.length}`);
  variables.forEach(([name, value]) =>
    ensure(
      /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && value.length <= 1024,
      `environment needs names of letters, digits and underscores, and values of at most 1024 characters; look at: ${name}`,
    ),
  );
  validateScaling(spec);
  validateFeatures(spec);
  validateShadow(spec);
  validateComponent(spec);
  if (spec.inferenceComponent === undefined) {
    const fewest = spec.scaling === undefined ? spec.instanceCount : spec.scaling.minInstanceCount;
    spec.updatePolicy?._requireInstances(fewest ?? 1);
  }
  validateCode(spec);
}

/** Checks the folder with the code that serves a model. */
export function requireServingCode(codeDirectory: string | undefined): void {
  ensure(
    codeDirectory === undefined || existsSync(join(codeDirectory, 'inference.py')),
    `The code directory ${codeDirectory} must hold inference.py`,
  );
}

/** Checks that the code can be served in the network that it gets. */
export function validateCode({
  codeDirectory,
  networkIsolation,
}: Pick<EndpointSpecification, 'codeDirectory' | 'networkIsolation'>): void {
  requireServingCode(codeDirectory);
  if (codeDirectory === undefined) return;
  ensure(
    !networkIsolation || !existsSync(join(codeDirectory, 'requirements.txt')),
    `networkIsolation forbids installing ${join(codeDirectory, 'requirements.txt')} when the container starts; vendor the packages ` +
      'into the folder (pip install --target) and delete the file, or leave networkIsolation out',
  );
}

/** Refuses a recipe that the format has no words for. */
export function requireMethod(format: ModelFormat, recipe: CompressionRecipe): void {
  ensure(
    METHODS[format].includes(recipe.method),
    `The recipe ${recipe.method} is not for ${format} models; choose one of: ${METHODS[format].join(', ')}`,
  );
}

/** Refuses what could be deployed but never serve. */
export function validatePairing(
  format: ModelFormat,
  recipe: CompressionRecipe,
  spec: Pick<EndpointSpecification, 'instanceType'>,
  image: ContainerImageConfig,
): void {
  const instance = spec.instanceType;
  requireMethod(format, recipe);
  const isLlmImage = image.repositoryName !== undefined && LLM_IMAGES.includes(image.repositoryName);
  if (format === ModelFormat.TFLITE) {
    ensure(
      !instance.hasGpu,
      `TFLite models run on CPUs, so the GPU of ${instance.name} would idle; choose a CPU instance such as ml.c7i.large, or another model format`,
    );
    ensure(
      !isLlmImage,
      `The image ${image.repositoryName} serves no TFLite models; choose one that runs inference.py, such as pytorch-inference`,
    );
  }
  if (format === ModelFormat.ONNX) {
    ensure(
      !isLlmImage,
      `The image ${image.repositoryName} serves no ONNX models; choose pytorch-inference with an inference.py that runs onnxruntime, or Triton`,
    );
    ensure(
      recipe.method !== 'int8-dynamic' || !instance.hasGpu,
      `onnxruntime multiplies the integers of int8-dynamic on CPUs alone, so the GPU of ${instance.name} would idle; choose a CPU instance such as ml.c7i.large, or fp16`,
    );
  }
  ensure(
    !isLlmImage || instance.hasGpu,
    `The image ${image.repositoryName} needs a GPU, which ${instance.name} has not; choose for example ml.g6.xlarge`,
  );
}
