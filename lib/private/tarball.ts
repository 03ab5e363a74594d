import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BLOCK = 512;
const LEFT_OUT = /^(__pycache__|\.git|\.DS_Store|\.venv|\.ipynb_checkpoints|.*\.pyc)$/;

interface Entry {
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

export interface Tarball {
  /** Path of the `.tgz`: assets keep what follows the last dot only. */
  readonly path: string;
  /** Of names, contents and executable bits only, so that the same files give the same asset everywhere. */
  readonly hash: string;
}

/**
 * Packs a folder for SageMaker's script mode. Written here because an archive that differs by time stamp or owner
 * would be a new asset at every synthesis, and with it a new build.
 *
 * @throws Error when a path is longer than the format holds or leads out of the folder through a link.
 */
export function packFolder(folder: string): Tarball {
  const entries = listFiles(folder);
  const digest = createHash('sha256');
  for (const { path, content, executable } of entries)
    digest.update(JSON.stringify([path, content.length, executable])).update(content);
  const path = join(mkdtempSync(join(tmpdir(), 'modelpress-')), 'source.tgz');
  writeFileSync(path, gzipSync(Buffer.concat([...entries.map(archiveEntry), Buffer.alloc(2 * BLOCK)]), { level: 9 }));
  return { path, hash: digest.digest('hex') };
}

/** Every regular file below the folder, by path. Links are followed to files only. */
export function listFiles(folder: string, below = ''): Entry[] {
  return readdirSync(join(folder, below))
    .filter((name) => !LEFT_OUT.test(name))
    .sort()
    .flatMap((name) => {
      const path = below === '' ? name : `${below}/${name}`;
      const full = join(folder, path);
      if (lstatSync(full).isDirectory()) return listFiles(folder, path);
      const status = statSync(full);
      if (!status.isFile()) {
        throw new Error(
          `${full} is neither a file nor a folder, nor a link to a file; leave it out of the source directory`,
        );
      }
      return [{ path, content: readFileSync(full), executable: (status.mode & 0o100) !== 0 }];
    });
}

function archiveEntry({ path, content, executable }: Entry): Buffer {
  const header = Buffer.alloc(BLOCK);
  const { prefix, name } = splitPath(path);
  header.write(name, 0, 'utf8');
  header.write(executable ? '0000755\0' : '0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345, 'utf8');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** The format has 100 bytes for a name, and 155 for the folders before it. */
function splitPath(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const prefix = path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { prefix, name };
  }
  throw new Error(`The path ${path} (file ${basename(path)}) is too long for a tar archive; shorten it to 100 bytes`);
}
