import { Stack, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ContainerImage, ContainerImageConfig } from './container-image';
import { deepLearningContainerAccount } from './private/dlc-accounts';
import { ensure } from './private/validate';

/**
 * An AWS Deep Learning Container. The constants are checked choices; `of` takes any repository and tag.
 *
 * @example
 * DeepLearningContainer.of('pytorch-inference', '2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker');
 */
export class DeepLearningContainer extends ContainerImage {
  /** TensorFlow 2.21 training on GPUs. */
  public static readonly TENSORFLOW_TRAINING_2_21_GPU = DeepLearningContainer.of(
    'tensorflow-training',
    '2.21.0-gpu-py312-cu129-amzn2023-sagemaker',
  );
  /** TensorFlow 2.21 on CPUs: training and evaluation. */
  public static readonly TENSORFLOW_TRAINING_2_21_CPU = DeepLearningContainer.of(
    'tensorflow-training',
    '2.21.0-cpu-py312-amzn2023-sagemaker',
  );
  /** PyTorch 2.13 training on GPUs; it is not made for serving. */
  public static readonly PYTORCH_2_13_GPU = DeepLearningContainer.of('pytorch', '2.13-cu133-amzn2023-sagemaker');
  /** PyTorch 2.13 on CPUs: training and evaluation; it is not made for serving. */
  public static readonly PYTORCH_2_13_CPU = DeepLearningContainer.of('pytorch', '2.13-cpu-amzn2023-sagemaker');
  /** Hugging Face transformers 5.3 on PyTorch 2.9, training on GPUs. */
  public static readonly HUGGINGFACE_PYTORCH_TRAINING_2_9_GPU = DeepLearningContainer.of(
    'huggingface-pytorch-training',
    '2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04',
  );
  /** Hugging Face transformers 4.51 on PyTorch 2.6, inference on GPUs. */
  public static readonly HUGGINGFACE_PYTORCH_INFERENCE_2_6_GPU = DeepLearningContainer.of(
    'huggingface-pytorch-inference',
    '2.6.0-transformers4.51.3-gpu-py312-cu124-ubuntu22.04',
  );
  /** Hugging Face transformers 4.49 on PyTorch 2.6, inference on CPUs. */
  public static readonly HUGGINGFACE_PYTORCH_INFERENCE_2_6_CPU = DeepLearningContainer.of(
    'huggingface-pytorch-inference',
    '2.6.0-transformers4.49.0-cpu-py312-ubuntu22.04',
  );
  /** TensorFlow Serving 2.19 on GPUs. */
  public static readonly TENSORFLOW_INFERENCE_2_19_GPU = DeepLearningContainer.of(
    'tensorflow-inference',
    '2.19.0-gpu-py312-cu122-ubuntu22.04-sagemaker',
  );
  /** TensorFlow Serving 2.19 on CPUs. */
  public static readonly TENSORFLOW_INFERENCE_2_19_CPU = DeepLearningContainer.of(
    'tensorflow-inference',
    '2.19.0-cpu-py312-ubuntu22.04-sagemaker',
  );
  /** PyTorch 2.6 inference on CPUs, the last version of this image; runs any `inference.py`, with PyTorch or without. */
  public static readonly PYTORCH_INFERENCE_2_6_CPU = DeepLearningContainer.of(
    'pytorch-inference',
    '2.6.0-cpu-py312-ubuntu22.04-sagemaker',
  );
  /** PyTorch 2.6 inference on GPUs. */
  public static readonly PYTORCH_INFERENCE_2_6_GPU = DeepLearningContainer.of(
    'pytorch-inference',
    '2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker',
  );
  /** vLLM 0.27. */
  public static readonly VLLM_0_27 = DeepLearningContainer.of('vllm', '0.27.1-gpu-py312-cu130-ubuntu22.04-sagemaker');
  /** Large Model Inference (DJL Serving) 0.36. */
  public static readonly LMI_0_36 = DeepLearningContainer.of('djl-inference', '0.36.0-lmi28.0.0-cu130');
  /** Triton Inference Server 26.05. Its tag tells no CUDA version: give GPU endpoints their `inferenceAmiVersion`. */
  public static readonly TRITON_26_05 = DeepLearningContainer.of('sagemaker-tritonserver', '26.05-py3');

  /** Any Deep Learning Container by repository and tag. */
  public static of(repositoryName: string, tag: string): DeepLearningContainer {
    return new DeepLearningContainer(repositoryName, tag);
  }

  private constructor(
    /** Name of the repository. */
    public readonly repositoryName: string,
    /** The tag. */
    public readonly tag: string,
    private readonly account?: string,
  ) {
    super();
  }

  /**
   * The same image from another account: in a region whose publishing account is not known, or a copy of your own.
   *
   * @param account 12 digits.
   */
  public inAccount(account: string): DeepLearningContainer {
    ensure(
      Token.isUnresolved(account) || /^\d{12}$/.test(account),
      `The account of an image must be 12 digits, received: ${account}`,
    );
    return new DeepLearningContainer(this.repositoryName, this.tag, account);
  }

  /** Makes the image usable in a stack, whose region and partition decide on the address. */
  public bind(scope: Construct): ContainerImageConfig {
    const stack = Stack.of(scope);
    const account = this.account ?? deepLearningContainerAccount(stack);
    return {
      imageUri: `${account}.dkr.ecr.${stack.region}.${stack.urlSuffix}/${this.repositoryName}:${this.tag}`,
      repositoryArn: stack.formatArn({
        service: 'ecr',
        account,
        resource: 'repository',
        resourceName: this.repositoryName,
      }),
      repositoryName: this.repositoryName,
      cuda: /-cu(\d{2,3})(-|$)/.exec(this.tag)?.[1],
    };
  }
}
