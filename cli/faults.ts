/**
 * Names of faults of the input or the surroundings; anything else is a fault of the program and keeps its stack. Names
 * and not classes, because an error may come from another thread or bundle.
 */
export const KNOWN_FAULTS: readonly string[] = ['ModelError', 'InvalidModel', 'InvalidRecipe', 'Conflict'];
