import { ENDPOINT } from './stage';
import { World } from './world';

/** What must be true after any number of releases, in whatever order they went on. */
export function checkReleases({ ledger, sageMaker }: World): void {
  const { configs, models, endpoints, changes } = sageMaker;
  const { config, status } = endpoints.get(ENDPOINT)!;
  expect(status).toBe('InService');
  expect(ledger).toMatchObject({ good: config });
  expect(ledger!.holder).toBeUndefined();
  expect(configs.has(config)).toBe(true);
  expect(configs.size).toBeLessThanOrEqual(3);
  expect([...models.keys()].sort()).toEqual([...configs.keys()].sort());
  // From an execution's first change of the endpoint to its end, no other changes it.
  let inside: string | undefined;
  for (const { by, operation } of changes) {
    if (operation === 'end') {
      if (inside === by) inside = undefined;
      continue;
    }
    expect(inside ?? by).toBe(by);
    inside = by;
  }
}
