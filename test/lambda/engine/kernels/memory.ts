import { kernels, Region } from '../../../../lambda/engine/kernels';

/** Copies bytes into kernel memory. */
export function place(bytes: Uint8Array): Region {
  const region = kernels().arena.alloc(bytes.length);
  region.view.set(bytes);
  return region;
}

/** Kernel memory of this length filled with a pattern that no kernel writes by chance. */
export function room(bytes: number): Region {
  const region = kernels().arena.alloc(bytes);
  region.view.fill(0xa5);
  return region;
}

/** A stats record of zeros. */
export function emptyStats(): Region {
  const region = kernels().arena.alloc(24);
  region.view.fill(0);
  return region;
}

/** Signal, noise and zeros. */
export function readStats(region: Region): [number, number, number] {
  return [...new Float64Array(region.view.slice().buffer)] as [number, number, number];
}
