import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { IRole } from 'aws-cdk-lib/aws-iam';
import { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function, IDestination, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge';
import { createFunctionRole } from './function-role';

export interface HandlerFunctionProps {
  /** The bundle's folder in dist/lambda. */
  readonly handler: string;
  readonly description: string;
  readonly timeout: Duration;
  /** @default 256 */
  readonly memorySize?: number;
  /** @default - CloudWatch Logs' own encryption */
  readonly logEncryptionKey?: IKey;
  /** @default - none; most handlers get all they need with each call */
  readonly environment?: Record<string, string>;
  /** Where an event goes that the function failed on to the end. @default - none; it is called synchronously */
  readonly onFailure?: IDestination;
}

/** One of this package's functions, with a role of its own that may only write its own log until more is granted. */
export class HandlerFunction extends Construct {
  public readonly function: Function;
  public readonly role: IRole;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      encryptionKey: props.logEncryptionKey,
      retention: RetentionDays.SIX_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = createFunctionRole(this, 'Role', logGroup);
    this.role = role;
    this.function = new Function(this, 'Function', {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundle(props.handler),
      timeout: props.timeout,
      memorySize: props.memorySize ?? 256,
      role,
      logGroup,
      environment: props.environment,
      onFailure: props.onFailure,
      loggingFormat: LoggingFormat.JSON,
    });
    acknowledge(this.function, {
      'NIST.800.53.R5-LambdaConcurrency':
        'Only one state machine, rule or custom resource calls it, and the Distributed Map bounds how often at once.',
      'NIST.800.53.R5-LambdaDLQ':
        props.onFailure === undefined
          ? 'It is called synchronously; the caller sees every failure, retries it and reports it. No event can be lost.'
          : 'It has a destination for events that it fails on, which gets the reason with the event; a dead-letter queue would not.',
      'NIST.800.53.R5-LambdaInsideVPC':
        'It opens no port and only calls AWS APIs over TLS with its own narrow role; a VPC would add nothing but a NAT to guard.',
    });
  }
}

/** Where the bundles lie, seen from the sources in `lib/private` and from the package's `dist/lib/private`. */
const BUNDLES = ['../../dist/lambda', '../../lambda'].map((folder) => resolve(__dirname, folder));

function bundle(name: string): Code {
  const folder = BUNDLES.map((place) => resolve(place, name)).find((place) => existsSync(resolve(place, 'index.js')));
  if (folder === undefined) {
    throw new Error(
      `The bundle of the function "${name}" is missing: ${resolve(BUNDLES[0], name)}/index.js. Run: npm run build`,
    );
  }
  return Code.fromAsset(folder);
}
