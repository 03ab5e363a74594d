import { FORMATS } from '../lambda/engine/formats';
import { packItems } from '../lambda/engine/pack-items';
import { Layout, PlannedTensor } from '../lambda/engine/plan';
import { DEFAULT_ITEM_BYTES, layOut } from '../lambda/engine/planner';
import { parseRecipe, Recipe } from '../lambda/engine/recipe';
import { Command } from './arguments';
import { estimateLambda } from './lambda-estimate';
import { openModel } from './open-store';
import { formatBytes, formatCount, formatTable, Terminal } from './terminal';

/** A recipe that changes nothing, for looking at a model alone. */
const LOOK_ONLY: Recipe = parseRecipe({ method: 'none', overrides: [] });

/** Shows a model and what a recipe would do to it, from its headers alone. */
export async function inspect(command: Extract<Command, { name: 'inspect' }>, terminal: Terminal): Promise<void> {
  const model = await openModel(command.source);
  const recipe = command.recipe ?? LOOK_ONLY;
  const { format, source, layout } = await layOut({ source: model, recipe, formats: FORMATS }).finally(() =>
    model.close(),
  );
  const bytesBefore = source.files.reduce((sum, { size }) => sum + size, 0);
  const bytesAfter = layout.outputs.reduce((sum, { size }) => sum + size, 0);
  const cost = layout.outputs.flatMap(({ pieces }) => pieces).reduce((sum, piece) => sum + piece.cost, 0);
  const estimate = estimateLambda(packItems(layout, DEFAULT_ITEM_BYTES).length, cost);
  if (command.json) {
    const plan = {
      recipe,
      bytesAfter,
      workers: estimate.workers,
      lambdaSeconds: estimate.seconds,
      lambdaDollars: estimate.dollars,
      warnings: layout.warnings,
    };
    const tensors =
      command.recipe === undefined
        ? layout.tensors.map(({ name, dtype, shape, bytesBefore: bytes }) => ({ name, dtype, shape, bytes }))
        : layout.tensors;
    const report = {
      source: command.source,
      format: format.name,
      bytesBefore,
      ...(command.recipe === undefined ? {} : plan),
      tensors,
    };
    terminal.stdout.write(`${JSON.stringify(report, undefined, 1)}\n`);
    return;
  }
  const lines = [
    `${command.source}: ${format.name}, ${formatCount(layout.tensors.length, 'tensor')}, ${formatCount(source.files.length, 'file')}, ${formatBytes(bytesBefore)}`,
    '',
    describeTypes(layout),
  ];
  if (command.recipe !== undefined) {
    lines.push('', describeActions(layout), '', ...describeReasons(layout));
    lines.push(
      '',
      `Artifact: ${formatBytes(bytesAfter)}, ${(bytesBefore / bytesAfter).toFixed(2)} times smaller`,
      `Lambda: ${formatCount(estimate.workers, 'worker')}, about ${estimate.seconds} s altogether, about $${estimate.dollars} (3 GB, arm64, 75 MB/s each)`,
      ...layout.warnings.map((warning) => `Warning: ${warning}`),
    );
  }
  terminal.stdout.write(`${lines.join('\n')}\n`);
}

function describeTypes(layout: Layout): string {
  const rows = sumBy(layout.tensors, ({ dtype }) => dtype).map(([dtype, { count, before }]) => [
    dtype,
    String(count),
    formatBytes(before),
  ]);
  return formatTable([['type', 'tensors', 'bytes'], ...rows]);
}

function describeActions(layout: Layout): string {
  const rows = sumBy(layout.tensors, ({ action }) => action).map(([action, { count, before, after }]) => [
    action,
    String(count),
    formatBytes(before),
    formatBytes(after),
  ]);
  return formatTable([['action', 'tensors', 'before', 'after'], ...rows]);
}

function describeReasons(layout: Layout): string[] {
  const explained = layout.tensors.filter(({ reason }) => reason !== undefined);
  return sumBy(explained, ({ action, reason }) => `${action === 'keep' ? 'Kept' : `Made ${action}`}, ${reason}`).map(
    ([reason, { count, first }]) => `${reason}: ${count === 1 ? first : `${count} tensors such as ${first}`}`,
  );
}

interface Sums {
  count: number;
  before: number;
  after: number;
  readonly first: string;
}

function sumBy(tensors: readonly PlannedTensor[], keyOf: (tensor: PlannedTensor) => string): [string, Sums][] {
  const groups = new Map<string, Sums>();
  for (const tensor of tensors) {
    const sums = groups.get(keyOf(tensor)) ?? { count: 0, before: 0, after: 0, first: tensor.name };
    sums.count++;
    sums.before += tensor.bytesBefore;
    sums.after += tensor.bytesAfter;
    groups.set(keyOf(tensor), sums);
  }
  return [...groups].sort(([, a], [, b]) => b.before - a.before);
}
