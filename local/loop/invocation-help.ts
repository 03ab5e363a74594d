import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { awsEnvironment, REGION } from '../aws/local-aws';
import { Sample } from './examples';

/** How to call the endpoint from another terminal; the request's body is put into a file, being long. */
export function invocationHelp(
  url: string,
  endpointName: string,
  samples: readonly Sample[],
  stateDir: string,
): string {
  const { contentType } = samples[0];
  const file = contentType === 'text/csv' ? 'request.csv' : 'request.json';
  const body = join(stateDir, file);
  writeFileSync(body, samples[0].body);
  return `
Invoke it (the request in ${file} is a ${samples[0].label}):

  curl -s -X POST ${url}/endpoints/${endpointName}/invocations \\
    -H 'Content-Type: ${contentType}' --data-binary @${body}

  AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws sagemaker-runtime invoke-endpoint \\
    --endpoint-url ${url} --region ${REGION} --endpoint-name ${endpointName} \\
    --content-type ${contentType} --body fileb://${body} /dev/stdout`;
}

/** How to see and steer the deployed pipeline from another terminal. */
export function pipelineHelp(awsUrl: string, sageMakerUrl: string, stackName: string): string {
  const variables = Object.entries(awsEnvironment(awsUrl, sageMakerUrl)).map(([name, value]) => `${name}=${value}`);
  return `
See and steer it, in a shell of its own:

  export ${variables.join(' ')}
  npm run -s modelpress -- status --stack ${stackName}     # also: history, run, release <build>`;
}
