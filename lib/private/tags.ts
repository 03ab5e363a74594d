/** Tags by which the functions and the command line find what belongs together. */

/** On training jobs: digest of all that decided what the training results in. */
export const TRAINING_TAG = 'modelpress:training';

/** On both state machines of a pipeline: which of the two it is, and what it works on. */
export const MACHINE_TAG = 'modelpress:machine';
export const MODEL_TAG = 'modelpress:model';
export const ENDPOINT_TAG = 'modelpress:endpoint';
export const BUCKET_TAG = 'modelpress:bucket';
/** Digest of the recipe, the serving code and the endpoint, which builds from a source are named after. */
export const INPUTS_TAG = 'modelpress:inputs';
