import { CfnMapping, Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';

/** Accounts of the Deep Learning Containers in regions that the CDK has no fact for. */
const MORE: Readonly<Record<string, string>> = {
  'af-south-1': '626614931356',
  'ap-northeast-3': '364406365360',
  'ap-southeast-5': '550225433462',
  'ap-southeast-7': '590183813437',
  'ca-west-1': '204538143572',
  'il-central-1': '780543022126',
  'mx-central-1': '637423239942',
  'us-gov-east-1': '446045086412',
  'us-gov-west-1': '442386744353',
  'us-iso-east-1': '886529160074',
  'us-isob-east-1': '094389454867',
};

const MAPPING = 'DeepLearningContainerAccounts';

/** The account that publishes the Deep Learning Containers where the stack will be, looked up at deployment if need be. */
export function deepLearningContainerAccount(stack: Stack): string {
  const accounts = allAccounts();
  if (!Token.isUnresolved(stack.region)) {
    const account = accounts[stack.region];
    if (account === undefined) {
      throw new Error(
        `The account of the Deep Learning Containers in ${stack.region} is not known; give it with inAccount('…'), or the image's full address with ContainerImage.fromRegistry()`,
      );
    }
    return account;
  }
  const mapping =
    (stack.node.tryFindChild(MAPPING) as CfnMapping | undefined) ??
    new CfnMapping(stack, MAPPING, {
      mapping: Object.fromEntries(Object.entries(accounts).map(([region, account]) => [region, { account }])),
    });
  return mapping.findInMap(stack.region, 'account');
}

function allAccounts(): Record<string, string> {
  const known = RegionInfo.regions.flatMap(({ name, dlcRepositoryAccount: account }) =>
    account === undefined ? [] : [[name, account]],
  );
  return { ...MORE, ...(Object.fromEntries(known) as Record<string, string>) };
}
