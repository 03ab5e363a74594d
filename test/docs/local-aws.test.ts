import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { GitHubDeployRole } from '../../lib';
import { ensurePython } from '../../local/python/ensure-python';
import { listPages, makeExample } from '../../tools/constructs/example-stacks';
import { StackTemplate } from '../../tools/constructs/template';

const ROOT = resolve(__dirname, '../..');
/** The types that the launcher finds MiniStack to have, and those that it adds. */
const KNOWN = `
import json, sys
sys.path.insert(0, ${JSON.stringify(join(ROOT, 'local/aws'))})
from ministack.services.cloudformation import provisioners, stacks
import sagemaker_resources
sagemaker_resources.register(provisioners, stacks)
print(json.dumps(list(provisioners._RESOURCE_HANDLERS)))
`;

async function typesOfConstructs(): Promise<Set<string>> {
  const made = await Promise.all(
    listPages().flatMap((page) => (['minimal', 'full'] as const).map((extent) => makeExample(page, extent))),
  );
  const github = new Stack();
  new GitHubDeployRole(github, 'Deploy', { repository: 'example/models', branch: 'main' });
  return new Set([...made, github].flatMap((stack) => new StackTemplate(stack).resources.map(({ type }) => type)));
}

test('what the local AWS cannot take is in the documentation, with the reason, and nothing else', async () => {
  const { python } = await ensurePython();
  const known = JSON.parse(execFileSync(python, ['-c', KNOWN], { encoding: 'utf8' })) as string[];
  const missing = [...(await typesOfConstructs())].filter(
    (type) => !known.includes(type) && !type.startsWith('Custom::'),
  );
  const text = readFileSync(join(ROOT, 'docs/local-aws.md'), 'utf8');
  const told = [...text.matchAll(/^\| `(AWS::[^`]+)` \| [^|]+ \| [^|]{5,} \|$/gm)].map(([, type]) => type);
  expect(told.sort()).toEqual(missing.sort());
});
