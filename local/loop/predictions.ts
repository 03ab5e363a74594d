import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { describeComponent } from '../../lambda/release/components';
import { Clients } from './clients';
import { readAnswer, Sample } from './examples';
import { formatTable } from './table';

export interface Prediction {
  readonly label: string;
  readonly predicted: string;
  readonly confidence: number;
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
        ContentType: 'application/json',
        Accept: 'application/json',
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

export function formatPredictions(predictions: readonly Prediction[]): string {
  return formatTable([
    ['label', 'predicted', 'confidence', '', 'time'],
    ...predictions.map(({ label, predicted, confidence, milliseconds }) => [
      label,
      predicted,
      `${(confidence * 100).toFixed(1)} %`,
      label === predicted ? 'right' : 'wrong',
      `${milliseconds.toFixed(1)} ms`,
    ]),
  ]);
}
