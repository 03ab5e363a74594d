/** An answer other than success, as the real API gives it. */
export class ApiError extends Error {
  constructor(
    /** The error's name, such as `ValidationException`. */
    readonly code: string,
    message: string,
    readonly status = 400,
    /** Further fields of the answer. */
    readonly fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = code;
  }
}

export const validationError = (message: string): ApiError => new ApiError('ValidationException', message);

export const resourceInUse = (message: string): ApiError => new ApiError('ResourceInUse', message);
