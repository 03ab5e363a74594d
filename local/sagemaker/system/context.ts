import { devNull } from 'node:os';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { RecentRequests } from '../endpoints/recent-requests';
import { LocalSageMakerOptions } from '../options';
import { repositoryOf } from './images';
import { S3Files } from './s3-files';
import { State, StateFile } from './state-file';

/** What all parts of one server share. */
export class Context {
  readonly state: State;
  readonly s3: S3Files;
  readonly cloudWatch: CloudWatchClient;
  readonly events: EventBridgeClient;
  readonly sns: SNSClient;
  /** For alarms on the endpoints' metrics. */
  readonly requests = new RecentRequests();
  readonly region: string;
  readonly account: string;
  private readonly file: StateFile;

  constructor(readonly options: LocalSageMakerOptions) {
    this.region = options.region ?? 'us-east-1';
    this.account = options.account ?? '123456789012';
    this.file = new StateFile(`${options.stateDir}/state.json`);
    this.state = this.file.state;
    const shared = { region: this.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
    this.s3 = new S3Files(
      new S3Client({
        ...shared,
        endpoint: options.s3Endpoint,
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }),
    );
    this.cloudWatch = new CloudWatchClient({
      ...shared,
      endpoint: options.cloudWatchEndpoint ?? options.s3Endpoint,
      maxAttempts: 2,
    });
    this.sns = new SNSClient({ ...shared, endpoint: options.s3Endpoint, maxAttempts: 3 });
    this.events = new EventBridgeClient({ ...shared, endpoint: options.s3Endpoint, maxAttempts: 3 });
  }

  arn(kind: string, name: string): string {
    return `arn:aws:sagemaker:${this.region}:${this.account}:${kind}/${name}`;
  }

  log(line: string): void {
    this.options.log?.(line);
  }

  save(): void {
    this.file.save();
  }

  /** The interpreter that stands in for an image. */
  async pythonFor(image: string | undefined): Promise<string> {
    return (await this.options.pythonFor?.(repositoryOf(image ?? ''))) ?? this.options.python;
  }

  /**
   * The environment a container starts from: this machine's, less what would lead a Python program astray, and with
   * the local AWS in the place of any account of the user's own.
   */
  containerEnvironment(python: string, own: Readonly<Record<string, string>>): Record<string, string> {
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && !/^(AWS_|NODE_|npm_|PYTHON|SM_|SAGEMAKER_|JEST_)/i.test(entry[0]),
    );
    const pythonFolder = python.includes('/') ? python.replace(/\/[^/]*$/, '') : undefined;
    return {
      ...Object.fromEntries(inherited),
      PATH: [...(pythonFolder === undefined ? [] : [pythonFolder]), process.env.PATH ?? ''].join(':'),
      PYTHONUNBUFFERED: '1',
      AWS_ENDPOINT_URL: this.options.s3Endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
      ...own,
    };
  }
}

/** Now, in seconds since 1970: the time format of the JSON protocol. */
export const now = (): number => Date.now() / 1000;
