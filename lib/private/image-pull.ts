import { IRole } from 'aws-cdk-lib/aws-iam';
import { ContainerImageConfig } from '../container-image';
import { allow } from './grants';

/** Pulling from one repository. SageMaker pulls with the role of the job or model. */
export function allowPull(role: IRole, image: ContainerImageConfig): void {
  allow(role, {
    actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    resources: [image.repositoryArn],
  });
  allow(role, { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] });
}
