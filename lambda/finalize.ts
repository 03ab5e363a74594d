import { finalizeBuild } from './engine/finalizer';
import { parseS3Address } from './engine/io/location';
import { Manifest } from './engine/manifest';
import { readPlan } from './engine/plan-store';
import { abortOpenUploads } from './left-behind/open-uploads';
import { fields, InvalidEventError, text } from './support/fields';
import { readServingCode } from './support/serving-code';
import { openStore, s3 } from './support/stores';
import { VERSION } from './support/version';

/** Completes the artifact, adds the code that serves it, and writes the manifest. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const work = openStore(text(event, 'work'));
  const plan = await readPlan(work);
  if (plan === undefined) throw new InvalidEventError(`${work.root} holds no plan; run Plan first`);
  const code = fields(event, 'code');
  const manifest = await finalizeBuild({
    artifact: openStore(plan.artifactRoot),
    work,
    plan,
    extraFiles: Object.keys(code).length === 0 ? [] : await readServingCode(text(code, 'bucket'), text(code, 'key')),
    provenance: provenance(fields(event, 'provenance')),
    version: VERSION,
  });
  // All of the plan's uploads are complete: what is open was begun by a Plan that was cut off before it had a plan.
  await abortOpenUploads(s3, parseS3Address(plan.artifactRoot));
  return { artifact: plan.artifactRoot, format: manifest.format, ...summary(manifest) };
}

function summary({ totals }: Manifest): Record<string, unknown> {
  return { ...totals };
}

function provenance(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
