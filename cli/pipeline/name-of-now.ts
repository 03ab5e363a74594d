/** A name for what a person asked for just now, unlike any other. */
export function nameOfNow(prefix: string, now = new Date()): string {
  const time = now.toISOString().replace(/\D/g, '');
  return `${prefix}-${time.slice(0, 8)}-${time.slice(8, 17)}`;
}
