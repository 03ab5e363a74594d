import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testPython } from '../support/python';
import { countTypes, initApp, readTemplate, requireCompiled, ROOT, run, synthApp } from './support';

const folder = mkdtempSync(join(tmpdir(), 'modelpress-python-'));

afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Installs the package into an environment of its own. What it depends on comes from the project's, by a path file:
 * the installation of aws-cdk-lib alone would take longer than the test.
 */
async function install(): Promise<string> {
  requireCompiled();
  const python = testPython({ withTestPeers: true });
  const pacmak = join(ROOT, 'node_modules', 'jsii-pacmak', 'bin', 'jsii-pacmak');
  run(process.execPath, [pacmak, '--targets', 'python', '--code-only', '--outdir', folder, '--no-npmignore'], ROOT, {
    npm_config_ignore_scripts: 'true',
  });
  const environment = join(folder, 'venv');
  run(python, ['-m', 'venv', '--without-pip', environment], folder);
  const executable = join(environment, 'bin', 'python');
  const ask = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
  const [shared, own] = [python, executable].map((each) => run(each, ['-c', ask], folder).trim());
  writeFileSync(join(own, 'shared.pth'), `${shared}\n`);
  const options = ['--no-deps', '--no-build-isolation', '--disable-pip-version-check'];
  run(python, ['-m', 'pip', '--python', executable, 'install', ...options, join(folder, 'python')], folder);
  expect(readdirSync(own)).toContain('modelpress');
  expect(readdirSync(shared)).not.toContain('modelpress');
  return executable;
}

test('an empty Python app makes a pipeline', async () => {
  const python = await install();
  const app = join(folder, 'app');
  initApp(app, 'python');
  cpSync(join(__dirname, 'fixtures', 'app_stack.py'), join(app, 'app', 'app_stack.py'));
  // `cdk.json` starts it with `python3`, as after `source .venv/bin/activate`.
  const PATH = [dirname(python), process.env.PATH].join(':');
  const template = readTemplate(synthApp(app, { PATH, JSII_RUNTIME_PACKAGE_CACHE: 'disabled' }), 'AppStack');
  expect(countTypes(template)).toMatchObject({ 'AWS::StepFunctions::StateMachine': 4, 'AWS::S3::Bucket': 2 });
  const definitions = JSON.stringify(template);
  expect(definitions).toContain('\\"prune\\":0.5');
  expect(definitions).toContain('\\"MaxConcurrency\\":7');
});
