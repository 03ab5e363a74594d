import { InvalidModelError } from './errors';
import { ObjectStore } from './io/object-store';
import { Plan, PlanItem } from './plan';
import { UploadedPart } from './io/object-store';
import { TensorSums } from './step-context';

const PLAN_KEY = 'plan.json';
const ITEMS_KEY = 'items.jsonl';

/** Far above the plan of a checkpoint with a million tensors. */
const MAX_PLAN_BYTES = 1024 * 1024 * 1024;
const MAX_RESULT_BYTES = 256 * 1024 * 1024;

/** What a worker leaves behind for Finalize. */
export interface ItemResult {
  readonly pieces: readonly { readonly output: number; readonly parts: readonly UploadedPart[] }[];
  /** Sums by index of the plan's tensors. */
  readonly sums: readonly { readonly tensor: number; readonly sums: TensorSums }[];
}

/** Stores a plan and its items; answers false when there is one already. The plan goes last: it says that all is there. */
export async function writePlan(
  work: ObjectStore,
  plan: Omit<Plan, 'itemOffsets'>,
  items: readonly PlanItem[],
): Promise<boolean> {
  const lines = items.map((item) => Buffer.from(`${JSON.stringify(item)}\n`));
  const itemOffsets = [0];
  for (const line of lines) itemOffsets.push(itemOffsets[itemOffsets.length - 1] + line.length);
  const itemsKey = await putUnderOwnName(work, Buffer.concat(lines));
  const whole: StoredPlan = { ...plan, itemOffsets, itemsKey };
  return work.put(PLAN_KEY, Buffer.from(JSON.stringify(whole)), { onlyIfAbsent: true });
}

/** A plan as it is stored, with the name of the items that belong to it. */
interface StoredPlan extends Plan {
  readonly itemsKey: string;
}

/** Two planners at once must not mix one's items with the other's plan, so each writes items of its own. */
async function putUnderOwnName(work: ObjectStore, items: Uint8Array): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const key = attempt === 0 ? ITEMS_KEY : `items-${attempt}.jsonl`;
    if (await work.put(key, items, { onlyIfAbsent: true })) return key;
  }
}

/** The plan of a build; undefined when none was made yet. */
export async function readPlan(work: ObjectStore): Promise<Plan | undefined> {
  const bytes = await work.get(PLAN_KEY, MAX_PLAN_BYTES);
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as Plan);
}

/** One item of a plan, read alone. */
export async function readItem(work: ObjectStore, plan: Plan, item: number): Promise<PlanItem> {
  const start = plan.itemOffsets[item];
  const end = plan.itemOffsets[item + 1];
  if (start === undefined || end === undefined) {
    throw new InvalidModelError(work.root, `has no item ${item}; its plan has ${plan.itemOffsets.length - 1}`);
  }
  const line = Buffer.alloc(end - start);
  await (await work.open((plan as StoredPlan).itemsKey)).read(start, line);
  return JSON.parse(line.toString()) as PlanItem;
}

export async function writeResult(work: ObjectStore, item: number, result: ItemResult): Promise<void> {
  await work.put(`results/${item}.json`, Buffer.from(JSON.stringify(result)));
}

/** A worker's result; undefined when that item was not made yet. */
export async function readResult(work: ObjectStore, item: number): Promise<ItemResult | undefined> {
  const bytes = await work.get(`results/${item}.json`, MAX_RESULT_BYTES);
  return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString()) as ItemResult);
}

/** What tells a plan from another one in the same place; undefined when there is none. */
export async function markOfPlan(work: ObjectStore): Promise<string | undefined> {
  return (await work.list(PLAN_KEY)).find(({ key }) => key === PLAN_KEY)?.etag;
}

/** Forgets a build's plan, so that nothing more is made by it. Answers whether there was one. */
export async function forgetPlan(work: ObjectStore): Promise<boolean> {
  if ((await markOfPlan(work)) === undefined) return false;
  await work.delete(PLAN_KEY);
  return true;
}

/** Forgets a build's plan and results, the plan first, so that it can be planned anew. */
export async function deletePlan(work: ObjectStore): Promise<void> {
  await work.delete(PLAN_KEY);
  for (const object of await work.list()) await work.delete(object.key);
}
