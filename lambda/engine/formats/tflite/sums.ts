import { kernels, Region } from '../../kernels';
import { TensorSums } from '../../step-context';

/** Three f64 that kernels add to: the signal, the noise, the zeros. */
export function newSums(): Region {
  const sums = kernels().arena.alloc(24);
  sums.view.fill(0);
  return sums;
}

export function readSums(sums: Region, count: number): TensorSums {
  const [signal, noise, zeros] = new Float64Array(sums.view.slice().buffer) as unknown as [number, number, number];
  return { signal, noise, zeros, count };
}
