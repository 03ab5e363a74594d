import { ObjectStore } from '../engine/io/object-store';
import { Manifest, readManifest } from '../engine/manifest';

export type OpenStore = (address: string) => ObjectStore;

/** An artifact and what it was made from. */
export interface Model {
  /** Address, ending in `/`. */
  readonly artifact: string;
  readonly manifest: Manifest;
}

/** Undefined when there is no finished artifact. */
export async function readModel(openStore: OpenStore, artifact: string | undefined): Promise<Model | undefined> {
  if (artifact === undefined) return undefined;
  const manifest = await readManifest(openStore(artifact));
  return manifest && { artifact, manifest };
}

/** Whether anything is stored at an address. */
export async function isThere(openStore: OpenStore, address: string): Promise<boolean> {
  return (await openStore(address).list()).length > 0;
}
