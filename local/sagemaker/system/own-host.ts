import { isIP } from 'node:net';

/**
 * Whether a Host header names this machine. A page in a browser can have its own host's name lead here (DNS rebinding);
 * addresses cannot be made to lead elsewhere, and `localhost` and all below it are this machine's.
 *
 * @param listening what the server listens on, a name or an address
 */
export function isOwnHost(header: string | undefined, listening: string): boolean {
  const name = (header ?? '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return name === '' || name === 'localhost' || name.endsWith('.localhost') || name === listening || isIP(name) !== 0;
}
