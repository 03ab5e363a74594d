import { mkdir, writeFile } from 'node:fs/promises';
import { ClarifyExplainerConfig } from '@aws-sdk/client-sagemaker';
import { Context } from '../system/context';
import { ServingProcess } from './serving-process';

/** Bounds what is read into memory; far more than 60 seconds suffice for. */
const MAX_BASELINE_BYTES = 16 * 1024 * 1024;

/**
 * Puts into a folder what the explainer works on and returns its container, which is not started yet. It runs in the local
 * environment whatever image the model has, as Clarify's is an image of its own.
 *
 * @throws TransferError or the service's error when the baseline cannot be downloaded.
 */
export async function explainerContainer(
  context: Context,
  config: ClarifyExplainerConfig,
  folder: string,
  logFile: string,
  log: (line: string) => void,
): Promise<ServingProcess> {
  const { ShapBaseline, ShapBaselineUri, MimeType } = config.ShapConfig!.ShapBaselineConfig!;
  const baseline = ShapBaseline ?? (await context.s3.getBytes(ShapBaselineUri!, MAX_BASELINE_BYTES)).toString('utf8');
  const complete = {
    ...config,
    ShapConfig: { ...config.ShapConfig, ShapBaselineConfig: { MimeType, ShapBaseline: baseline } },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/configuration.json`, JSON.stringify(complete));
  const { python } = context.options;
  const env = context.containerEnvironment(python, {});
  return new ServingProcess({ python, program: 'explain.py', root: folder, env, logFile, log });
}
