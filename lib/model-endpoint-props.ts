import { ICompressedModel } from './compressed-model';
import { EndpointUpdatePolicy } from './endpoint-update-policy';
import { HostingOptions } from './hosting-options';

/** How to refer to an endpoint that exists. */
export interface ModelEndpointAttributes {
  /** Its ARN. */
  readonly endpointArn: string;
}

/** A model, and the endpoint that serves it. */
export interface ModelEndpointProps extends HostingOptions {
  /** The artifact to serve. */
  readonly model: ICompressedModel;
  /**
   * How many instances. With `autoScale()`, how many the endpoint is created with.
   *
   * @default 1
   */
  readonly instanceCount?: number;
  /**
   * How the endpoint changes from one model to the next.
   *
   * @default EndpointUpdatePolicy.allAtOnce()
   */
  readonly updatePolicy?: EndpointUpdatePolicy;
}
