import { DeleteModelPackageCommand, paginateListModelPackages, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { isGone } from './find-packages';

/** Empties a model package group. A group that is gone is empty. */
export async function removePackages(client: SageMakerClient, group: string): Promise<void> {
  try {
    for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
      for (const { ModelPackageArn } of page.ModelPackageSummaryList ?? [])
        await client.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}
