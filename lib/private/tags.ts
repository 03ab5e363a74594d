/** Tags by which the functions and the command line find what belongs together. */

/** On training jobs: digest of all that decided what the training results in. */
export const TRAINING_TAG = 'modelpress:training';
