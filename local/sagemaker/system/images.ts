/** What a framework image does when it is started with no command of its own. */
export type ImageKind = 'training' | 'inference';

/** Repositories of the Deep Learning Containers whose contract is the same: a Python script, found by its settings. */
const SCRIPT_IMAGES: Readonly<Record<string, readonly ImageKind[]>> = {
  pytorch: ['training'],
  'pytorch-training': ['training'],
  'pytorch-inference': ['inference'],
  'tensorflow-training': ['training'],
  'huggingface-pytorch-training': ['training'],
  'huggingface-pytorch-inference': ['inference'],
  'huggingface-tensorflow-training': ['training'],
};

/** The repository's name in an image's address. */
export function repositoryOf(image: string): string {
  return image.split('/').pop()!.split(/[:@]/)[0];
}

/**
 * Whether an image can be stood in for by the local Python.
 *
 * @returns why not, or undefined when it can.
 */
export function refuseImage(image: string | undefined, kind: ImageKind): string | undefined {
  if (image === undefined || image === '') return 'no image is given';
  const repository = repositoryOf(image);
  if (SCRIPT_IMAGES[repository]?.includes(kind)) return undefined;
  const known = Object.keys(SCRIPT_IMAGES).filter((name) => SCRIPT_IMAGES[name].includes(kind));
  return (
    `the image ${image} cannot be run on this machine: there is no stand-in for "${repository}" as a ${kind} image. ` +
    `Stand-ins exist for ${known.join(', ')}`
  );
}
