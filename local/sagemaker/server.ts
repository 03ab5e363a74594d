import { mkdirSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { tagOperations } from './api/tags';
import { InferenceComponents } from './components/inference-components';
import { AsyncInvocations } from './endpoints/async-invocations';
import { DataCapture } from './endpoints/data-capture';
import { EndpointConfigs } from './endpoints/endpoint-configs';
import { EndpointMetrics } from './endpoints/endpoint-metrics';
import { Endpoints } from './endpoints/endpoints';
import { invokeEndpoint } from './endpoints/invocation';
import { Models } from './endpoints/models';
import { ScalableTargets } from './endpoints/scalable-targets';
import { createHandler } from './http-handler';
import { ProcessingJobs } from './jobs/processing-jobs';
import { TrainingJobs } from './jobs/training-jobs';
import { ModelPackageGroups } from './registry/model-package-groups';
import { ModelPackages } from './registry/model-packages';
import { LocalSageMaker, LocalSageMakerOptions } from './options';
import { Context } from './system/context';
import { lockState } from './system/state-lock';

const DEFAULT_HOST = '127.0.0.1';

/**
 * Starts a SageMaker on this machine: the real API's protocol and states, with processes for containers.
 *
 * @throws Error when the port or the state folder is in use.
 */
export async function startLocalSageMaker(given: LocalSageMakerOptions): Promise<LocalSageMaker> {
  const options = { ...given, stateDir: resolve(given.stateDir) };
  const host = options.host ?? DEFAULT_HOST;
  mkdirSync(options.stateDir, { recursive: true });
  const server = createServer();
  await listen(server, host, options.port ?? 0);
  let unlock: () => void;
  try {
    unlock = lockState(`${options.stateDir}/server.pid`);
  } catch (error) {
    server.close();
    throw error;
  }
  const port = (server.address() as AddressInfo).port;
  const parts = assemble(new Context(options));
  parts.attach(server);
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host}:${port}`,
    port,
    close: () => {
      closing ??= parts.close().finally(() => {
        server.closeAllConnections();
        server.close();
        unlock();
      });
      return closing;
    },
  };
}

function assemble(context: Context): { attach(server: Server): void; close(): Promise<void> } {
  const log = (line: string): void => context.log(line);
  const trainingJobs = new TrainingJobs(context);
  const processingJobs = new ProcessingJobs(context);
  const models = new Models(context);
  const groups = new ModelPackageGroups(context);
  const packages = new ModelPackages(context, groups);
  const configs = new EndpointConfigs(context, models);
  const endpoints = new Endpoints(context, configs);
  const metrics = new EndpointMetrics(context.cloudWatch, log);
  const capture = new DataCapture(context);
  const components = new InferenceComponents(context, endpoints, models);
  const targets = new ScalableTargets(context, endpoints, components);
  const later = new AsyncInvocations(context, endpoints, metrics, targets);
  const operations = {
    ...trainingJobs.operations,
    ...processingJobs.operations,
    ...models.operations,
    ...configs.operations,
    ...endpoints.operations,
    ...components.operations,
    ...groups.operations,
    ...packages.operations,
    ...targets.operations,
    ...tagOperations(context),
  };
  const handler = createHandler(
    operations,
    (name, headers, body) =>
      invokeEndpoint({ context, endpoints, components, targets, metrics, capture }, name, headers, body),
    (name, headers) => later.accept(name, headers),
    log,
    context.options.host ?? DEFAULT_HOST,
  );
  return {
    attach: (server) => void server.on('request', (request, response) => void handler(request, response)),
    close: async () => {
      await Promise.all([
        later.close(),
        trainingJobs.close(),
        processingJobs.close(),
        components.close(),
        endpoints.close(),
        packages.close(),
        metrics.close(),
      ]);
      context.save();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      fail(
        isTaken
          ? new Error(`port ${port} of ${host} is in use; stop what listens there or choose another port`)
          : error,
      );
    });
    // A caller may leave a connection idle for long; it must not be cut just as the next request is on its way.
    server.keepAliveTimeout = 0;
    server.listen(port, host, done);
  });
}
