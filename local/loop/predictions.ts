import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describeComponent } from '../../lambda/release/components';
import { Clients } from './clients';
import { Sample } from './examples';
import { Answer, readAnswer } from './read-answer';
import { formatTable } from './table';

export interface Prediction extends Answer {
  readonly label: string;
  /** Milliseconds of the whole call. */
  readonly milliseconds: number;
}

/** Sends each sample through the endpoint, or the inference component on it, with the unmodified SageMaker runtime client. */
export async function predict(
  { runtime, sageMaker }: Pick<Clients, 'runtime' | 'sageMaker'>,
  endpointName: string,
  samples: readonly Sample[],
): Promise<Prediction[]> {
  const component = await describeComponent(sageMaker, endpointName);
  const predictions: Prediction[] = [];
  for (const sample of samples) {
    const started = performance.now();
    const response = await runtime.send(
      new InvokeEndpointCommand({
        EndpointName: endpointName,
        InferenceComponentName: component?.InferenceComponentName,
        ContentType: sample.contentType,
        Accept: sample.contentType,
        Body: Buffer.from(sample.body),
      }),
    );
    const milliseconds = performance.now() - started;
    predictions.push({
      label: sample.label,
      ...readAnswer(Buffer.from(response.Body ?? []).toString('utf8')),
      milliseconds,
    });
  }
  return predictions;
}

/** A table; with a column for each feature where the answers are explained, for how much it moved the confidence. */
export function formatPredictions(predictions: readonly Prediction[]): string {
  const features = predictions[0]?.attributions?.map(({ feature }) => feature) ?? [];
  return formatTable([
    ['label', 'predicted', 'confidence', ...features, '', 'time'],
    ...predictions.map(({ label, predicted, confidence, attributions = [], milliseconds }) => [
      label,
      predicted,
      `${(confidence * 100).toFixed(1)} %`,
      ...attributions.map(({ value }) => `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)}`),
      label === predicted ? 'right' : 'wrong',
      `${milliseconds.toFixed(1)} ms`,
    ]),
  ]);
}
