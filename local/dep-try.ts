import { startLocalAws, awsEnvironment } from '/work/main/local/aws/local-aws';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
(async () => {
  const stateDir = '/tmp/cdkh/state'; mkdirSync(stateDir, { recursive: true });
  const aws = await startLocalAws({ python: '/work/main/.venv/bin/python', stateDir, persist: false });
  const env = { ...process.env, ...awsEnvironment(aws.url), HOME: '/tmp/cdkh', CDK_DISABLE_VERSION_CHECK: '1' };
  const cdk = (...a: string[]) => { console.log('>>', a.join(' ')); const r = spawnSync('node_modules/.bin/cdk', [...a, '--app', 'npx tsx bin/app.ts', '--build', 'true', '--output', '/tmp/cdkh/out'], { cwd: '/work/main', env: env as any, stdio: 'pipe', timeout: 150000 }); console.log(String(r.stdout).slice(-1500), String(r.stderr).slice(-2500), r.status); };
  cdk('bootstrap', '--no-notices', 'aws://123456789012/us-east-1');
  cdk('deploy', '--method', 'direct', '--require-approval', 'never', '--no-notices', '-c', 'modelpress:runOnDeploy=true');
  cdk('deploy', '--method', 'direct', '--require-approval', 'never', '--no-notices', '-c', 'modelpress:runOnDeploy=true');
  cdk('deploy', '--method', 'direct', '--require-approval', 'never', '--no-notices', '-c', 'modelpress:runOnDeploy=true', '-c', 'modelpress:recipe=fp16');
  cdk('destroy', '--force', '--no-notices');
  console.log(aws.logFile);
  await aws.close();
})();
