/**
 * A fault of the input (model, recipe, location), told so that its owner can mend it: what was wrong, what was
 * received, what to do. Step Functions sees `name` as the error's name and never retries it.
 */
export class ModelError extends Error {
  override readonly name: string = 'ModelError';
}

/** The model file is damaged, hostile, or of a kind that this format does not take. */
export class InvalidModelError extends ModelError {
  override readonly name = 'InvalidModel';

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
  }
}

/** The recipe, or its combination with this model, cannot be carried out. */
export class InvalidRecipeError extends ModelError {
  override readonly name = 'InvalidRecipe';
}

/** Something that should exist only once is already there, with other content. */
export class ConflictError extends ModelError {
  override readonly name = 'Conflict';
}
