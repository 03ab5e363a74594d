import { createHash } from 'node:crypto';
import { ReleaseSpecification } from './release-specification';

/** SageMaker's longest name. */
const LONGEST = 63;

/** Names of what one release makes; the same artifact and specification give the same names, so a repeat finds them. */
export interface ReleaseNames {
  readonly modelName: string;
  readonly endpointConfigName: string;
}

/** Tag that says which endpoint a model or config was made for; names may be cut short, the tag is not. */
export const ENDPOINT_TAG = 'modelpress:endpoint';

const DIGEST_LENGTH = 16;

/** What all names of an endpoint's releases begin with, so that permissions and clean-up can be limited to them. */
export function releasePrefix(endpointName: string): string {
  return `${endpointName.slice(0, LONGEST - DIGEST_LENGTH - 1)}-`;
}

/** Names what a release of this artifact with this specification makes. */
export function releaseNames(
  endpointName: string,
  artifact: string,
  specification: ReleaseSpecification,
): ReleaseNames {
  const { component, deploymentConfig: _howNotWhat, ...what } = specification;
  if (component !== undefined) return namesApart(endpointName, artifact, specification);
  const name = nameOf(endpointName, [endpointName, artifact, canonical(what)]);
  return { modelName: name, endpointConfigName: name };
}

/** With an inference component, another model runs on the same instances, and the same model on others. */
function namesApart(endpointName: string, artifact: string, specification: ReleaseSpecification): ReleaseNames {
  const { component, environment, image, deploymentConfig: _howNotWhat, ...hosting } = specification;
  const { executionRoleArn, networkIsolation, tags, vpc } = hosting;
  const { computeResourceRequirements, startupParameters } = component!;
  const copy = { computeResourceRequirements, startupParameters };
  const model = { environment, executionRoleArn, image, networkIsolation, tags, vpc, copy };
  return {
    modelName: nameOf(endpointName, [endpointName, artifact, canonical(model)]),
    endpointConfigName: nameOf(endpointName, [endpointName, canonical(hosting)]),
  };
}

function nameOf(endpointName: string, content: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return releasePrefix(endpointName) + digest.slice(0, DIGEST_LENGTH);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, canonical(entry)]),
  );
}
