import { createHash } from 'node:crypto';
import { CreateModelPackageCommandInput, ModelApprovalStatus } from '@aws-sdk/client-sagemaker';
import { Manifest } from '../engine/manifest';
import { Compared } from '../gates/evaluation-limits';

export interface Registration {
  readonly group: string;
  /** `Approved`, or `PendingManualApproval` for a person to decide. */
  readonly approval: ModelApprovalStatus;
  /** Address of the artifact, ending in `/`. */
  readonly artifact: string;
  readonly manifest: Manifest;
  /** SHA-256 of `manifest.json`, which has the digests of all else. */
  readonly manifestSha256: string;
  readonly model: string;
  readonly build: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  /** ARN of the build's execution. */
  readonly execution: string;
  readonly trainingJobArn?: string;
  /** Address of the evaluation's output, ending in `/`. */
  readonly evaluation?: string;
  readonly metrics: readonly Compared[];
}

/** SageMaker's limits on what a customer may note on a package. */
const MAX_PROPERTIES = 50;
const MAX_TEXT = 256;

/** The request that registers an artifact. The same artifact gives the same token, so a retry registers nothing twice. */
export function packageRequest(registration: Registration): CreateModelPackageCommandInput {
  const { group, approval, artifact, evaluation, manifestSha256 } = registration;
  return {
    ModelPackageGroupName: group,
    ModelPackageDescription: describe(registration),
    ModelApprovalStatus: approval,
    ClientToken: sha256([group, artifact, manifestSha256]).slice(0, 32),
    InferenceSpecification: {
      Containers: [
        {
          Image: registration.image,
          Environment: { ...registration.environment },
          ModelDataSource: { S3DataSource: { S3Uri: artifact, S3DataType: 'S3Prefix', CompressionType: 'None' } },
        },
      ],
    },
    MetadataProperties: { GeneratedBy: registration.execution },
    CustomerMetadataProperties: notes(registration),
    ...(evaluation === undefined
      ? {}
      : {
          ModelMetrics: {
            ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: `${evaluation}metrics.json` } },
          },
        }),
  };
}

function describe({ model, build, manifest: { recipe, totals } }: Registration): string {
  const ratio = (totals.bytesBefore / totals.bytesAfter).toFixed(2);
  return `Build ${build} of ${model}: ${recipe.method}, ${ratio} times smaller, relative error ${totals.relativeError}`;
}

/** Where the model came from and how good it is: what a person, or a search, wants to know. */
function notes({ model, build, manifest, ...rest }: Registration): Record<string, string> {
  const { totals, recipe, source } = manifest;
  const all: Record<string, string | number | undefined> = {
    model,
    build,
    format: manifest.format,
    recipe: recipe.method,
    prune: recipe.prune,
    artifact: rest.artifact,
    manifestSha256: rest.manifestSha256,
    source: source.root,
    sourceSha256: sha256(source.files),
    trainingJob: rest.trainingJobArn,
    execution: rest.execution,
    generator: `${manifest.generator.name} ${manifest.generator.version}`,
    bytesBefore: totals.bytesBefore,
    bytesAfter: totals.bytesAfter,
    relativeError: totals.relativeError,
    sqnrDb: totals.sqnrDb,
    sparsity: totals.sparsity,
    ...Object.fromEntries(
      rest.metrics.flatMap(({ metric, raw, compressed }) => [
        [`raw.${metric}`, raw],
        [`compressed.${metric}`, compressed],
      ]),
    ),
  };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== undefined && value !== null)
      .slice(0, MAX_PROPERTIES)
      .map(([name, value]) => [name, plain(String(value))]),
  );
}

/** SageMaker takes letters, digits, spaces and a few signs. */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_').slice(0, MAX_TEXT);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
