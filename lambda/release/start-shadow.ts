import {
  CreateEndpointConfigCommand,
  DescribeEndpointConfigOutput,
  DescribeEndpointOutput,
} from '@aws-sdk/client-sagemaker';
import { describeConfig, hasShadow } from './endpoint-configs';
import { describeEndpoint, isAsleep, refuseUnsettled } from './endpoints';
import { moveEndpoint } from './move-endpoint';
import { unlessTaken } from './release-errors';
import { makeModel, ReleaseRequest, tagsOf } from './release-model';
import { releaseNames } from './release-names';
import { productionVariant } from './release-requests';
import { SHADOW_TAG, SHADOW_VARIANT, shadowConfigName } from './shadow-names';
import { ShadowSpecification } from './shadow-specification';

export interface ShadowRequest extends ReleaseRequest {
  readonly shadow: ShadowSpecification;
  /** The config that proved itself last, if one ever did. */
  readonly good: string | undefined;
}

/** What came of it: a config that the endpoint must be in service on, or why there is nothing to compare the model with. */
export type ShadowAnswer =
  | { readonly state: 'Started'; readonly endpointConfigName: string; readonly reason: string }
  | { readonly state: 'Skipped'; readonly reason: string };

/**
 * Asks SageMaker to serve the release that proved itself last with the new model in its shadow, which gets copies of
 * requests and whose answers nobody sees.
 *
 * @throws EndpointBusyError while another change is under way; EndpointBrokenError when a person has to look.
 */
export async function startShadow(request: ShadowRequest): Promise<ShadowAnswer> {
  const { client, endpointName, good, shadow } = request;
  const skip = (reason: string): ShadowAnswer => ({ state: 'Skipped', reason: `no shadow test: ${reason}` });
  if (request.ignoreAlarms === true) return skip('this release is to end an alarm, and goes at once');
  const endpoint = await describeEndpoint(client, endpointName);
  if (endpoint === undefined || endpoint.EndpointStatus === 'Failed')
    return skip('no model serves yet that this one could be compared with');
  refuseUnsettled(endpoint);
  const names = releaseNames(endpointName, request.artifact, request.specification);
  if ([good, endpoint.EndpointConfigName].includes(names.endpointConfigName))
    return skip('this release serves already, or is the one that proved itself last');
  const base = good === undefined ? undefined : await describeConfig(client, good);
  if (base === undefined || hasShadow(base))
    return skip('no release has proved itself yet that this one could be compared with');
  if (base.KmsKeyId !== request.specification.kmsKeyArn)
    return skip('the volumes of the two are encrypted by different keys, and one endpoint config has one key');
  const config = shadowConfigName(endpointName, good!, names.endpointConfigName, shadow.samplingPercentage);
  await makeModel(request, names.modelName);
  await makeShadowConfig(request, config, base, names.modelName, endpoint);
  if (endpoint.EndpointConfigName !== config) {
    await moveEndpoint({
      client,
      endpointName,
      from: endpoint.EndpointConfigName!,
      to: config,
      isAsleep: isAsleep(endpoint),
      scaling: request.scaling,
    });
  }
  const reason = `the new model gets copies of ${shadow.samplingPercentage} % of the requests`;
  return { state: 'Started', endpointConfigName: config, reason };
}

async function makeShadowConfig(
  request: ShadowRequest,
  name: string,
  base: DescribeEndpointConfigOutput,
  modelName: string,
  endpoint: DescribeEndpointOutput,
): Promise<void> {
  const share = request.shadow.samplingPercentage / 100;
  const [production] = base.ProductionVariants!;
  const serving = endpoint.ProductionVariants?.[0]?.DesiredInstanceCount ?? production.InitialInstanceCount ?? 1;
  await unlessTaken(
    request.client.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: name,
        ProductionVariants: [{ ...production, InitialVariantWeight: 1 }],
        ShadowProductionVariants: [
          {
            ...productionVariant(modelName, request.specification),
            VariantName: SHADOW_VARIANT,
            // Beside a production variant of weight 1, the weight is the share of requests that is copied.
            InitialVariantWeight: share,
            // As many requests for each instance as the model that serves gets, or latencies would not compare.
            InitialInstanceCount: Math.max(1, Math.ceil(serving * share)),
          },
        ],
        DataCaptureConfig: base.DataCaptureConfig,
        KmsKeyId: base.KmsKeyId,
        Tags: [...tagsOf(request), { Key: SHADOW_TAG, Value: 'true' }],
      }),
    ),
  );
}
