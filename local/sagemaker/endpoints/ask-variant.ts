import { ApiError } from '../api/api-error';
import { LiveVariant } from './fleet';
import { ContainerAnswer, NoAnswerError } from './serving-process';

export const ENABLE_EXPLANATIONS = 'x-amzn-sagemaker-enable-explanations';
const MAX_EXPRESSION_CHARACTERS = 64;

/**
 * Sends a request to the model's container or, where predictions are explained, to the explainer's, which asks the model's.
 *
 * @param expression which records are explained, if the caller says so
 * @throws ApiError ValidationError; NoAnswerError when a container does not answer.
 */
export async function askVariant(
  { name, process, explainer }: LiveVariant,
  headers: Readonly<Record<string, string>>,
  expression: string | undefined,
  body: Buffer,
): Promise<ContainerAnswer> {
  if (explainer === undefined) {
    if (expression === undefined) return process.invoke(headers, body);
    throw new ApiError(
      'ValidationError',
      `EnableExplanations needs an endpoint whose config has an ExplainerConfig; variant ${name} has no explainer.`,
    );
  }
  if (expression !== undefined && (expression.length < 1 || expression.length > MAX_EXPRESSION_CHARACTERS)) {
    throw new ApiError(
      'ValidationError',
      `EnableExplanations must have 1 to ${MAX_EXPRESSION_CHARACTERS} characters, received: ${expression.length}.`,
    );
  }
  if (process.address === undefined) throw new NoAnswerError('the container is being restarted', true);
  return explainer.invoke(
    {
      ...headers,
      'x-model-address': process.address,
      ...(expression === undefined ? {} : { [ENABLE_EXPLANATIONS]: expression }),
    },
    body,
  );
}

/** Which container's error an answer is; the explainer tells when it is the model's. */
export function failedContainer({ explainer }: LiveVariant, { headers }: ContainerAnswer): 'primary' | 'explainer' {
  return explainer === undefined || headers['x-failed-container'] === 'primary' ? 'primary' : 'explainer';
}
