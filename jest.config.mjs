import { availableParallelism } from 'node:os';

// The AWS SDK announces to every test file what later versions will need; this project's version is pinned.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// CloudFormation's rules take half of the time of a synthesis; `test/lib/scanners.test.ts` holds every app to them.
process.env.CDK_VALIDATION = 'false';

/** @type {import('jest').Config} */
export default {
  // Long suites spend a good part of their time waiting for the processes that they start.
  maxWorkers: availableParallelism() + 2,
  // What the CDK's apps leave in a worker slows down all that comes after them.
  workerIdleMemoryLimit: '1GB',
  setupFilesAfterEnv: ['<rootDir>/test/support/short-stacks.ts'],
  testSequencer: '<rootDir>/test/support/long-suites-first.mjs',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  testEnvironment: 'node',
  // Looked up in a test's own global object, as Math is a million times for random weights, they take more than the rest.
  // Names that a module of a test may declare for itself, as the CDK does Map, cannot be among them.
  sandboxInjectedGlobals: [
    ...['Array', 'BigInt', 'Boolean', 'Error', 'JSON', 'Math', 'Number', 'Object', 'Set', 'String', 'Symbol'],
    ...['ArrayBuffer', 'DataView', 'Float32Array', 'Float64Array', 'Int32Array', 'Int8Array'],
    ...['Uint16Array', 'Uint32Array', 'Uint8Array', 'WeakMap'],
  ],
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false, tsconfig: '<rootDir>/test/tsconfig.json' }] },
  moduleFileExtensions: ['ts', 'js', 'json', 'node'],
  // As users of the package import it.
  moduleNameMapper: { '^modelpress$': '<rootDir>/lib/index.ts' },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/.modelpress', '<rootDir>/.venv'],
  watchPathIgnorePatterns: ['<rootDir>/.modelpress', '<rootDir>/cdk.out'],
  // Ends what hangs, whatever the machine: nothing here is a matter of speed.
  testTimeout: 300000,
};
