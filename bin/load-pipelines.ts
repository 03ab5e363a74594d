import { join } from 'node:path';
import { ExamplePipeline } from '../examples/example-pipeline';

/** Loads how an example that exists is deployed: one entry for each format that it can be exported in. */
export function loadPipelines(example: string): readonly ExamplePipeline[] {
  const file = join(__dirname, '..', 'examples', example, 'pipeline');
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the setting says which one, and no other is loaded
  return (require(file) as { pipelines: readonly ExamplePipeline[] }).pipelines;
}
