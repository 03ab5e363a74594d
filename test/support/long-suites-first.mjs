import { relative, resolve } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const root = resolve(import.meta.dirname, '..');

/** The suites that take longest, in that order. */
const LONG = [
  'local/loop.test.ts',
  'local/deploy/schedule.test.ts',
  'package/npm-package.test.ts',
  'package/python-package.test.ts',
  'lambda/release/shadow.test.ts',
  'lambda/release/components.test.ts',
  'lambda/release/machine.test.ts',
  'local/deploy/examples.test.ts',
  'local/deploy/delivery.test.ts',
  'local/deploy/compressed-model.test.ts',
  'lib/scanners.test.ts',
  'lambda/engine/formats/onnx/backend.test.ts',
  'lambda/build/triggers.test.ts',
  'lambda/engine/s3-faults.test.ts',
  'lib/model-pipeline.changes.test.ts',
  'lambda/release/shadow-interleavings.test.ts',
  'examples/recommender-explained.test.ts',
  'lambda/build/cut-off.test.ts',
  'lambda/build/judge.test.ts',
  'local/deploy/model-bucket.test.ts',
  'local/python/ensure-python.test.ts',
  'lambda/engine/killed-worker.test.ts',
];

/**
 * Begins with the long suites, so that none is left to run alone at the end. Jest does so by itself where it has times of
 * an earlier run, which a fresh clone has not.
 */
export default class LongSuitesFirst extends Sequencer {
  async sort(tests) {
    const rank = ({ path }) => {
      const place = LONG.indexOf(relative(root, path));
      return place < 0 ? LONG.length : place;
    };
    return (await super.sort(tests)).sort((one, other) => rank(one) - rank(other));
  }
}
