import { Encoder, EncoderJob } from './encoder';
import { int8Rows } from './encoders/int8-rows';

const ENCODERS: Readonly<Record<string, (job: EncoderJob) => Encoder>> = {
  w8a8: int8Rows,
};

/** The encoder of a scheme. It takes its buffers from the kernels' arena, inside the caller's scope. */
export function makeEncoder(job: EncoderJob): Encoder {
  const make = ENCODERS[job.scheme.method];
  if (make === undefined) throw new Error(`the method ${job.scheme.method} has no encoder`);
  return make(job);
}
