import { join } from 'node:path';
import { FORMATS } from '../../lambda/engine/formats';
import { FolderStore } from '../../lambda/engine/io/folder-store';
import { planBuild } from '../../lambda/engine/planner';
import { parseRecipe } from '../../lambda/engine/recipe';
import { Bench } from '../bench';
import { llamaTensors, TensorShape, trillionTensors } from '../data/tensor-shape';
import { writeShards } from '../data/write-checkpoint';
import { Result, seconds } from '../result';
import { cleanUp } from '../run/disk';
import { median, timed } from '../statistics';

const LLAMA_70B = { hidden: 8192, intermediate: 28672, keyValue: 1024, vocabulary: 128256, layers: 80 };
const LLAMA = { architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 8192 };
const MIXTURE = { architectures: ['DeepseekV3ForCausalLM'], model_type: 'kimi_k2', hidden_size: 7168 };

/** Step Functions' limit for a state's input and output. */
const PAYLOAD_BYTES = 256 * 1024;

/** As long as an S3 address of a build gets: bucket, model and build names of 63 characters each. */
const ADDRESS = `s3://${'b'.repeat(63)}/compressed/${'m'.repeat(63)}/${'x'.repeat(63)}/`;

/** Planning huge checkpoints from their headers; the files have no weights. */
export async function measurePlan(bench: Bench): Promise<Result[]> {
  const small = await planSparse(bench, '70B in 30 shards', llamaTensors(LLAMA_70B), 30, LLAMA);
  const large = await planSparse(bench, '1T in 300 shards', trillionTensors(), 300, MIXTURE);
  const kilobytes = (value: number) => `${(value / 1024).toFixed(1)} KiB`;
  return [
    {
      part: 'plan',
      subject: `${small.name}, headers to stored plan`,
      ours: `${small.items} items`,
      other: `${small.tensors} tensors`,
      value: small.seconds,
      target: { bound: 'at most', value: 2, format: seconds },
    },
    {
      part: 'plan',
      subject: `${large.name}, Step Functions payload`,
      ours: `${large.items} items in ${seconds(large.seconds)}`,
      other: `${large.tensors} tensors`,
      value: large.payload,
      target: { bound: 'at most', value: PAYLOAD_BYTES, format: kilobytes },
    },
  ];
}

async function planSparse(bench: Bench, name: string, tensors: readonly TensorShape[], shards: number, config: object) {
  const { folder, sizes } = bench;
  bench.report(`plan: ${name}`);
  const place = join(folder, 'plan');
  await writeShards(join(place, 'source'), tensors, shards, config, false);
  let items = 0;
  const values: number[] = [];
  for (let round = 0; round < sizes.rounds; round++) {
    await cleanUp(join(place, 'artifact'));
    await cleanUp(join(place, 'work'));
    const [source, artifact, work] = ['source', 'artifact', 'work'].map((part) => new FolderStore(join(place, part)));
    const recipe = parseRecipe({ method: 'w4a16' });
    const plan = async () => {
      const request = { source: source, artifact: artifact, work: work, recipe, formats: FORMATS };
      ({ items } = await planBuild(request));
    };
    values.push(await timed(plan));
    for (const store of [source, artifact, work]) await store.close();
  }
  await cleanUp(place);
  const list = Array.from({ length: items }, (_, item) => item);
  const answer = { artifact: ADDRESS, work: ADDRESS, items: list, finished: false };
  const payload = Buffer.byteLength(JSON.stringify(answer));
  return { name, items, seconds: median(values), payload, tensors: tensors.length };
}
