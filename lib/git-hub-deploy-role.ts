import { Duration, Stack } from 'aws-cdk-lib';
import { IOidcProvider, OidcProviderNative, PolicyStatement, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeInlinePolicies, acknowledgeWildcard } from './private/acknowledge';
import { ensure } from './private/validate';

const ISSUER = 'token.actions.githubusercontent.com';

/** Who may deploy from GitHub Actions. */
export interface GitHubDeployRoleProps {
  /** The repository, `owner/name`. */
  readonly repository: string;
  /**
   * The branch whose workflows may deploy. Their jobs must name no environment: GitHub would name that and not the branch.
   *
   * @default 'main'
   */
  readonly branch?: string;
  /**
   * GitHub's identity provider of the account, of which there can be one only.
   *
   * @default - a new one
   */
  readonly provider?: IOidcProvider;
  /**
   * Qualifier of the CDK's bootstrap stack.
   *
   * @default 'hnb659fds' - the CDK's own
   */
  readonly bootstrapQualifier?: string;
}

/**
 * The role that a GitHub Actions workflow deploys with, without a stored secret: only workflows of one branch of one
 * repository can take it on, and it can take on the roles of the CDK's bootstrap only.
 *
 * @example
 * const deploy = new GitHubDeployRole(this, 'Deploy', { repository: 'example/models' });
 * pipeline.grantRun(deploy.role);
 */
export class GitHubDeployRole extends Construct {
  /** The role. Its ARN is the workflow's `role-to-assume`. */
  public readonly role: Role;

  constructor(scope: Construct, id: string, props: GitHubDeployRoleProps) {
    super(scope, id);
    const { repository, branch = 'main', bootstrapQualifier = 'hnb659fds' } = props;
    ensure(/^[\w.-]+\/[\w.-]+$/.test(repository), `repository must be owner/name, received: ${repository}`);
    ensure(/^[\w./-]+$/.test(branch), `branch must be one branch, without wildcards, received: ${branch}`);
    const provider =
      props.provider ??
      new OidcProviderNative(this, 'Provider', { url: `https://${ISSUER}`, clientIds: ['sts.amazonaws.com'] });
    this.role = new Role(this, 'Role', {
      description: `Deploys the branch ${branch} of ${repository}`,
      maxSessionDuration: Duration.hours(6),
      assumedBy: new WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${ISSUER}:aud`]: 'sts.amazonaws.com',
          [`${ISSUER}:sub`]: `repo:${repository}:ref:refs/heads/${branch}`,
        },
      }),
    });
    const { account } = Stack.of(this);
    const bootstrapRoles = Stack.of(this).formatArn({
      service: 'iam',
      region: '',
      resource: 'role',
      resourceName: `cdk-${bootstrapQualifier}-*-role-${account}-*`,
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['sts:AssumeRole'],
        resources: [bootstrapRoles],
        conditions: {
          StringEquals: {
            'iam:ResourceTag/aws-cdk:bootstrap-role': ['deploy', 'file-publishing', 'image-publishing', 'lookup'],
          },
        },
      }),
    );
    acknowledgeInlinePolicies(this.role);
    acknowledgeWildcard(
      this.role,
      bootstrapRoles,
      "The roles that the CDK's bootstrap made for deployments, one a purpose and region, and of those only tagged ones.",
    );
  }
}
