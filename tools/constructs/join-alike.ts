/** Something that a construct makes, in the words of a picture. */
export interface Thing {
  readonly id: string;
  readonly service: string;
  /** Those of a service with the same place are drawn side by side. */
  readonly place?: string;
  /** One line for each, where several are alike. */
  readonly lines: readonly string[];
}

/** Who does what to whom. */
export interface Deed {
  readonly from: string;
  readonly to: string;
  readonly verb: string;
}

export interface Graph {
  readonly things: readonly Thing[];
  readonly deeds: readonly Deed[];
}

/** Functions that are called by the same, and alarms, are one thing with a line for each. */
export function joinAlike({ things, deeds }: Graph): Graph {
  const keyOf = (thing: Thing): string => {
    if (thing.service !== 'Lambda' && thing.service !== 'CloudWatch' && thing.service !== 'CodeBuild') return thing.id;
    const callers = deeds.filter(({ to }) => to === thing.id).map(({ from }) => from);
    return callers.length === 0 && thing.service === 'Lambda' ? thing.id : `${thing.service}:${callers.sort().join()}`;
  };
  const keys = new Map(things.map((thing) => [thing.id, keyOf(thing)]));
  const joined = new Map<string, Thing>();
  for (const thing of things) {
    const id = keys.get(thing.id)!;
    const lines = [...(joined.get(id)?.lines ?? []), ...thing.lines];
    joined.set(id, { id, service: thing.service, lines });
  }
  const verbs = new Map<string, Set<string>>();
  for (const { from, to, verb } of deeds) {
    const key = `${keys.get(from)!}>${keys.get(to)!}`;
    const known = verbs.get(key) ?? new Set<string>();
    for (const one of verb.split(', ')) known.add(one);
    verbs.set(key, known);
  }
  return {
    things: [...joined.values()].map((thing) => ({ ...thing, place: placeOf(thing, [...verbs.keys()], joined) })),
    deeds: [...verbs].map(([key, known]) => {
      const [from, to] = key.split('>');
      return { from, to, verb: inShort(known) };
    }),
  };
}

/** Functions stand by who calls them, and every machine by itself, so that arrows go one way. */
function placeOf({ id, service }: Thing, deeds: readonly string[], things: ReadonlyMap<string, Thing>): string {
  if (service === 'Step Functions') return id;
  if (service !== 'Lambda') return service;
  const caller = deeds.find((key) => key.endsWith(`>${id}`))?.split('>')[0] ?? '';
  return things.get(caller)?.service === 'Step Functions' ? caller : `${things.get(caller)?.service}`;
}

/** Who writes or makes something may be expected to delete it. */
function inShort(verbs: ReadonlySet<string>): string {
  const owns = verbs.has('writes') || verbs.has('makes');
  return [...verbs]
    .filter((verb) => !owns || verb !== 'deletes')
    .sort()
    .join(', ');
}
