import { Compared } from '../gates/evaluation-limits';
import { fields } from '../support/fields';
import { Message, message, Pipeline } from './message';
import { StatusEvent } from './status-event';

/** Asks a person to decide on a build; undefined when this one does not wait for anybody. */
export function approvalMessage(pipeline: Pipeline, event: StatusEvent): Message | undefined {
  const { modelPackageArn, approval } = fields(event.output, 'registered');
  if (typeof modelPackageArn !== 'string' || approval !== 'PendingManualApproval') return undefined;
  const decide = (status: string): string =>
    `aws sagemaker update-model-package --model-package-arn ${modelPackageArn} --model-approval-status ${status}`;
  return message(pipeline, event, 'waiting-for-approval', [
    ['model package', modelPackageArn],
    ...numbers(event.output),
    ['to release it', decide('Approved')],
    ['to refuse it', decide('Rejected')],
  ]);
}

/** What the decision can be based on. */
function numbers(output: StatusEvent['output']): [string, string][] {
  const { bytesBefore, bytesAfter, relativeError } = fields(output, 'compression');
  const metrics = (fields(output, 'evaluated').metrics ?? []) as Compared[];
  return [
    ['size', `${String(bytesBefore)} bytes before compression, ${String(bytesAfter)} after`],
    ['relative error', String(relativeError)],
    ...metrics.map(({ metric, raw, compressed }): [string, string] => [
      metric,
      `${raw} before compression, ${compressed} after`,
    ]),
  ];
}
