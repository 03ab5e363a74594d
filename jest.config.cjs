// The AWS SDK announces to every test file what later versions will need; this project's version is pinned.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** @type {import('jest').Config} */
module.exports = {
  // By default one core of the machine is left idle, which is half of a small one.
  maxWorkers: '100%',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  testEnvironment: 'node',
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
