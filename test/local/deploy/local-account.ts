import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, AppProps } from 'aws-cdk-lib';
import { context } from '../../../cdk.json';
import { ACCOUNT, REGION } from '../../../local/aws/local-aws';
import { runCdk } from '../../../local/deploy/cdk';
import { Clients, makeClients } from '../../../local/loop/clients';
import { choosePorts, Services, startServices } from '../../../local/loop/services';
import { testPython } from '../../support/python';
import { inventory, isRecord, Thing } from './inventory';

const ROOT = resolve(__dirname, '../../..');
/** Milliseconds for one command on a busy machine. */
const LIMIT = 240_000;
/** Every account has it; the local one has it from its first rule on. */
const DEFAULT_BUS = 'eventbridge buses default';

/** An account of AWS of its own, bootstrapped, into which the unmodified CDK command line deploys. */
export class LocalAccount {
  clients!: Clients;
  private services!: Services;
  private readonly known = new Set([DEFAULT_BUS]);

  private constructor(
    readonly stateDir: string,
    private readonly python: string,
  ) {}

  /** Call it in `beforeAll`, and `close` in `afterAll`. */
  static async open(): Promise<LocalAccount> {
    const account = new LocalAccount(mkdtempSync(join(tmpdir(), 'modelpress-deploy-')), testPython());
    try {
      await account.start();
      await account.cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`]);
      await account.left();
    } catch (error) {
      await account.close();
      throw error;
    }
    return account;
  }

  async close(): Promise<void> {
    await this.services?.close();
    rmSync(this.stateDir, { recursive: true, force: true });
  }

  /** Until the next look at what is left. */
  get sageMakerUrl(): string {
    return this.services.sageMakerUrl;
  }

  /** Synthesizes an app. @returns the assembly's folder */
  synthesize(make: (props: AppProps) => App): string {
    return make({ context, outdir: mkdtempSync(join(this.stateDir, 'assembly-')) }).synth().directory;
  }

  /** Deploys an assembly. @returns the only stack's outputs, and whether anything was changed */
  async deploy(assembly: string): Promise<{ readonly outputs: Record<string, string>; readonly changed: boolean }> {
    const file = join(this.stateDir, 'outputs.json');
    const options = ['--method', 'direct', '--require-approval', 'never', '--outputs-file', file];
    await this.cdk(['deploy', '--app', assembly, '--all', ...options]);
    const [outputs] = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>);
    const log = readFileSync(join(this.stateDir, 'logs', 'cdk-deploy.log'), 'utf8');
    return { outputs, changed: !log.includes('(no changes)') };
  }

  async destroy(assembly: string): Promise<void> {
    await this.cdk(['destroy', '--app', assembly, '--all', '--force']);
  }

  /**
   * What is there and was not at the last look, records of what is over left out. The services write down all that they
   * hold when they end; so they end, and start again with it at other addresses.
   */
  async left(): Promise<Thing[]> {
    await this.services.close();
    const things = inventory(this.stateDir).filter((thing) => !isRecord(thing) && !this.known.has(nameOf(thing)));
    for (const thing of things) this.known.add(nameOf(thing));
    await this.start();
    return things;
  }

  private async start(): Promise<void> {
    const { stateDir, python } = this;
    this.services = await startServices({ stateDir, python, report: () => undefined, ...(await choosePorts()) });
    this.clients = makeClients(this.services.awsUrl, this.services.sageMakerUrl);
  }

  private async cdk(args: string[]): Promise<void> {
    // Away from `cdk.json`, so that nothing is built.
    const empty = join(this.stateDir, 'empty');
    mkdirSync(empty, { recursive: true });
    await runCdk({ root: ROOT, stateDir: this.stateDir, awsUrl: this.services.awsUrl }, args, LIMIT, empty);
  }
}

function nameOf({ kind, name }: Thing): string {
  return `${kind} ${name}`;
}
