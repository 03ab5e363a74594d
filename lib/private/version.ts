import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The package's manifest, seen from the sources in `lib/private` and from the package's `dist/lib/private`. */
const MANIFESTS = ['../../package.json', '../../../package.json'].map((file) => resolve(__dirname, file));

/** Version of this package: another one may compress otherwise. */
export function packageVersion(): string {
  const file = MANIFESTS.find((candidate) => existsSync(candidate))!;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
