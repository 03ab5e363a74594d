/** A variable that the stack gives the function. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new Error(`the environment lacks ${name}; deploy the stack again`);
}
