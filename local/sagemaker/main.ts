import { parseArgs } from 'node:util';
import { startLocalSageMaker } from './server';

const USAGE = `usage: tsx local/sagemaker/main.ts --python <interpreter> [--port 4600] [--state .modelpress/sagemaker]
       [--s3 <address>] [--cloudwatch <address>] [--region us-east-1] [--account 123456789012]

Runs a SageMaker on this machine. S3 and CloudWatch default to AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_CLOUDWATCH and
AWS_ENDPOINT_URL, the interpreter to MODELPRESS_PYTHON.`;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      python: text,
      port: text,
      state: text,
      s3: text,
      cloudwatch: text,
      region: text,
      account: text,
      help: { type: 'boolean' },
    },
  });
  const python = values.python ?? process.env.MODELPRESS_PYTHON;
  const s3Endpoint = values.s3 ?? process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const port = Number(values.port ?? 4600);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (python === undefined || s3Endpoint === undefined || !Number.isInteger(port)) {
    console.error(USAGE);
    return 2;
  }
  const server = await startLocalSageMaker({
    python,
    port,
    s3Endpoint,
    cloudWatchEndpoint: values.cloudwatch ?? process.env.AWS_ENDPOINT_URL_CLOUDWATCH ?? process.env.AWS_ENDPOINT_URL,
    stateDir: values.state ?? '.modelpress/sagemaker',
    region: values.region,
    account: values.account,
    log: (line) => console.log(line),
  });
  console.log(`the local SageMaker listens on ${server.url}`);
  await new Promise((stop) => ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach((signal) => process.once(signal, stop)));
  await server.close();
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
