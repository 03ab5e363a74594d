import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import * as modelpress from '../../lib';
import { Extent, listPages, makeExample, PAGES, readExample } from '../../tools/constructs/example-stacks';
import { graphOf } from '../../tools/constructs/graph';
import { StackTemplate } from '../../tools/constructs/template';

const ROOT = resolve(__dirname, '../..');
const CONSTRUCTS = [
  'ModelBucket',
  'TrainingJob',
  'ModelCompressor',
  'ModelEndpoint',
  'CompressedModel',
  'ModelPipeline',
  'ModelMonitoring',
  'DeepLearningContainer',
  'ModelDeliveryPipeline',
] as const;
const pageOf = (name: string): string => name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();

test('every construct has a page, which the index names, and no page is left of one that is gone', () => {
  expect(listPages()).toEqual(CONSTRUCTS.map(pageOf).sort());
  const pages = readdirSync(PAGES).filter((file) => file.endsWith('.md'));
  expect(pages.map((file) => basename(file, '.md')).sort()).toEqual(listPages());
  const index = readFileSync(join(ROOT, 'docs/constructs.md'), 'utf8');
  for (const name of CONSTRUCTS) {
    expect(modelpress).toHaveProperty(name);
    expect(index).toContain(`[${name}](constructs/${pageOf(name)}.md)`);
  }
});

describe.each(CONSTRUCTS)('the page of %s', (name) => {
  const page = pageOf(name);

  test('has a picture, examples, permissions and what it costs, in this order', () => {
    const text = readFileSync(join(PAGES, `${page}.md`), 'utf8');
    expect(text).toContain(`](${page}.svg)`);
    const headings = [...text.matchAll(/^##? (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([name, 'Minimal', 'Full', 'Worth knowing', 'Permissions', 'What it costs']);
  });

  test.each<Extent>(['minimal', 'full'])('has a %s example that uses it and can be deployed', async (extent) => {
    expect(readExample(page, extent)).toMatch(new RegExp(`\\b${name}\\b[.(]`));
    const { Resources } = Template.fromStack(await makeExample(page, extent)).toJSON() as { Resources: object };
    expect(Object.keys(Resources).length).toBeGreaterThan(3);
  });

  test('has a picture that is valid, and legible by day and by night', () => {
    const svg = readFileSync(join(PAGES, `${page}.svg`), 'utf8');
    expect(svg.replace(/<[^<>]+>/g, '')).not.toMatch(/<|&(?!amp;|lt;|gt;|quot;|#)/);
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});

test('pages say what the code says', () => {
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [tsx, join(ROOT, 'tools/constructs/main.ts'), '--check'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect([status, stdout, status === 0 ? '' : stderr]).toEqual([0, '', '']);
}, 300_000);

test('a picture shows every resource of the kinds that it draws, and who does what', async () => {
  const { things, deeds } = graphOf(new StackTemplate(await makeExample('model-compressor', 'minimal')));
  const named = (id: string): string => things.find((thing) => thing.id === id)!.lines.join('+');
  expect(things.map(({ service, lines }) => `${service}: ${lines.join('+')}`).sort()).toEqual([
    'EventBridge: FailedBuilds',
    'KMS: Models',
    'Lambda: Plan+Compress+Finalize+Abort+Prepare',
    'Lambda: Remove',
    'S3: AccessLogs',
    'S3: Models',
    'Step Functions: Compression',
    'Step Functions: LeftBehind',
  ]);
  expect(deeds.map(({ from, to, verb }) => `${named(from)} ${verb} ${named(to)}`).sort()).toEqual([
    'Compression calls Plan+Compress+Finalize+Abort+Prepare',
    'Compression tells FailedBuilds',
    'FailedBuilds starts LeftBehind',
    'LeftBehind calls Remove',
    'Models encrypts Models',
    'Models logs access AccessLogs',
    'Plan+Compress+Finalize+Abort+Prepare reads, writes Models',
    'Remove reads, writes Models',
  ]);
});

/** Pages and files that a page links to, relative to it. */
test('links between pages lead somewhere', () => {
  const files = [
    'README.md',
    ...readdirSync(join(ROOT, 'docs'), { recursive: true }).map((file) => join('docs', `${file as string}`)),
  ];
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8').replace(/```[\s\S]*?```/g, '');
      return [...text.matchAll(/\]\((?!https?:)([^)\s]*)\)/g)]
        .map(([, link]) => link)
        .filter((link) => !leadsSomewhere(file, link))
        .map((link) => `${file}: ${link}`);
    });
  expect(broken).toEqual([]);
});

function leadsSomewhere(from: string, link: string): boolean {
  const [path, anchor] = link.split('#');
  const file = path === '' ? join(ROOT, from) : resolve(ROOT, from, '..', path);
  if (!existsSync(file)) return false;
  if (anchor === undefined) return true;
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replace(/ /g, '-'),
  );
  return headings.includes(anchor);
}
