import { Arn, ArnFormat, Stack, Token } from 'aws-cdk-lib';
import { IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, DockerImageAssetOptions } from 'aws-cdk-lib/aws-ecr-assets';
import { Construct } from 'constructs';

/** An image, bound to a place in a stack. */
export interface ContainerImageConfig {
  /** Its address. */
  readonly imageUri: string;
  /** ARN of its repository, which the role that runs it may pull from. */
  readonly repositoryArn: string;
  /**
   * The CUDA version in the image, two or three digits: `129` for 12.9.
   *
   * @default - unknown, or none
   */
  readonly cuda?: string;
  /**
   * Name of the repository, where it is known at synthesis.
   *
   * @default - unknown
   */
  readonly repositoryName?: string;
}

/** The image of a training job or an endpoint: an AWS Deep Learning Container, or one's own. */
export abstract class ContainerImage {
  /**
   * An image in ECR.
   *
   * @param tagOrDigest A tag, or `sha256:…`.
   */
  public static fromEcrRepository(repository: IRepository, tagOrDigest: string = 'latest'): ContainerImage {
    return new BoundImage(() => ({
      imageUri: repository.repositoryUriForTagOrDigest(tagOrDigest),
      repositoryArn: repository.repositoryArn,
      repositoryName: Token.isUnresolved(repository.repositoryName) ? undefined : repository.repositoryName,
      cuda: cudaOf(tagOrDigest),
    }));
  }

  /** An image that is built from a Dockerfile when the app is deployed. */
  public static fromAsset(directory: string, options: DockerImageAssetOptions = {}): ContainerImage {
    return new BoundImage((scope) => {
      const asset = new DockerImageAsset(scope, 'Image', { ...options, directory });
      return { imageUri: asset.imageUri, repositoryArn: asset.repository.repositoryArn };
    });
  }

  /**
   * An image by its full address in ECR, `<account>.dkr.ecr.<region>.<suffix>/<repository>:<tag>`. SageMaker pulls from
   * no other registry.
   */
  public static fromRegistry(imageUri: string): ContainerImage {
    const match =
      /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.([a-z0-9.-]+)\/([a-z0-9._/-]+)(?::([\w.-]+)|@(sha256:[0-9a-f]{64}))$/.exec(
        imageUri,
      );
    if (!match) {
      throw new Error(
        'The image address must look like 123456789012.dkr.ecr.us-east-1.amazonaws.com/repository:tag; SageMaker pulls from ECR ' +
          `only, so copy other images there first. Received: ${imageUri}`,
      );
    }
    const [, account, region, , repositoryName, tag] = match;
    return new BoundImage((scope) => ({
      imageUri,
      repositoryArn: Arn.format(
        {
          service: 'ecr',
          account,
          region,
          resource: 'repository',
          resourceName: repositoryName,
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        },
        Stack.of(scope),
      ),
      repositoryName,
      cuda: cudaOf(tag ?? ''),
    }));
  }

  /** Makes the image usable in a stack. Called by the constructs that take images. */
  public abstract bind(scope: Construct): ContainerImageConfig;
}

/** The CUDA version that a tag of a Deep Learning Container names, `cu129` for 12.9. */
function cudaOf(tag: string): string | undefined {
  return /(?:^|[-_.])cu(\d{2,3})(?:[-_.]|$)/.exec(tag)?.[1];
}

class BoundImage extends ContainerImage {
  constructor(private readonly binder: (scope: Construct) => ContainerImageConfig) {
    super();
  }

  public bind(scope: Construct): ContainerImageConfig {
    return this.binder(scope);
  }
}
