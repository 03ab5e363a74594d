import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { Ask } from './ask';

/** Asks an endpoint that answers at once, or the inference component on it. */
export function askAtOnce(client: SageMakerRuntimeClient, endpointName: string, component?: string): Ask {
  return async ({ body, contentType, accept }) => {
    try {
      const { Body } = await client.send(
        new InvokeEndpointCommand({
          EndpointName: endpointName,
          InferenceComponentName: component,
          ContentType: contentType,
          Accept: accept,
          Body: Buffer.from(body, 'base64'),
        }),
      );
      return { body: Buffer.from(Body) };
    } catch (error) {
      if ((error as Error).name === 'ModelError') return { problem: (error as Error).message };
      throw error;
    }
  };
}
