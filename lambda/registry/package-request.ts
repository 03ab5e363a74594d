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
  /** Digest of all that it was judged by: limits, and the evaluation with its own. */
  readonly gatesDigest: string;
  /** Digest of the evaluation without its limits; undefined when the pipeline has none. */
  readonly evaluationDigest?: string;
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

/** The name of the build that made an artifact: the last folder of its address. */
export function buildOf(artifact: string): string {
  return artifact.split('/').at(-2)!;
}

/** What the description of a build's version begins with. */
export function describedBuild(build: string): string {
  return `Build ${build} of `;
}

function describe({ model, build, manifest: { recipe, totals } }: Registration): string {
  const ratio = (totals.bytesBefore / totals.bytesAfter).toFixed(2);
  return `${describedBuild(build)}${model}: ${recipe.method}, ${ratio} times smaller, relative error ${totals.relativeError}`;
}

/** Where the model came from and how good it is: what a person, or a search, wants to know. */
function notes({ model, build, manifest, ...rest }: Registration): Record<string, string> {
  const { totals, recipe, source } = manifest;
  const all: Notes = {
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
    ...verdict(rest),
  };
  return written(all);
}

type Notes = Readonly<Record<string, string | number | undefined>>;

/** What is noted anew when an artifact that is registered already is judged again. */
export function verdictNotes(
  judged: Pick<Registration, 'gatesDigest' | 'evaluationDigest' | 'evaluation' | 'metrics'>,
): Record<string, string> {
  return written(verdict(judged));
}

function verdict(judged: Parameters<typeof verdictNotes>[0]): Notes {
  return {
    gatesDigest: judged.gatesDigest,
    evaluationDigest: judged.evaluationDigest,
    evaluation: judged.evaluation,
    ...Object.fromEntries(
      judged.metrics.flatMap(({ metric, raw, compressed }) => [
        [`raw.${metric}`, raw],
        [`compressed.${metric}`, compressed],
      ]),
    ),
  };
}

function written(notes: Notes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(notes)
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
