import { Scheme } from './schemes/scheme';
import { fusedExpertsOf } from './fused-experts';
import { engineNameOf } from './fused-sets';
import { matcher } from '../../weights/patterns';
import { DEFAULT_IGNORE } from './default-ignore';
import { SelectedTensor } from './selection';

/**
 * What `config.json` says of a compressed checkpoint; undefined when nothing is in a number format. Loaders refuse
 * keys that they do not know, so there is nothing more than they need. The most common number format is the one for
 * every `Linear`; the modules of the others, and those left alone, are named.
 */
export function quantizationConfig(tensors: readonly SelectedTensor[]): Record<string, unknown> | undefined {
  const groups = new Map<string, { scheme: Scheme; modules: string[] }>();
  const left: string[] = [];
  for (const { treatment, weights, tensor } of tensors) {
    const modules = weights.map(({ module }) => module);
    if (treatment.scheme === undefined) {
      const experts = fusedExpertsOf(tensor);
      left.push(...(experts === undefined ? modules : [everyExpertOf(experts)]));
      continue;
    }
    const key = JSON.stringify([treatment.scheme.method, treatment.scheme.groupSize]);
    const group = groups.get(key) ?? { scheme: treatment.scheme, modules: [] };
    group.modules.push(...modules);
    groups.set(key, group);
  }
  if (groups.size === 0) return undefined;
  const ordered = [...groups.values()].sort((a, b) => b.modules.length - a.modules.length);
  const formats = new Set(ordered.map(({ scheme }) => scheme.format));
  return {
    quant_method: 'compressed-tensors',
    format: formats.size === 1 ? ordered[0].scheme.format : 'mixed-precision',
    quantization_status: 'compressed',
    ignore: ignored(
      left,
      ordered.flatMap(({ modules }) => modules),
    ),
    kv_cache_scheme: null,
    config_groups: Object.fromEntries(
      ordered.map(({ scheme, modules }, i) => [
        `group_${i}`,
        {
          targets: i === 0 ? ['Linear'] : [...new Set(modules.flatMap((module) => [module, engineNameOf(module)]))],
          weights: scheme.weights,
          input_activations: scheme.inputActivations,
          output_activations: null,
          ...(formats.size === 1 ? {} : { format: scheme.format }),
        },
      ]),
    ),
  };
}

/**
 * Names what is left alone: by pattern where one of the defaults fits, because loaders rename some modules (vision
 * towers) and a pattern still fits then; `lm_head` always, because tied heads have no tensor but are a module.
 */
function ignored(left: readonly string[], compressed: readonly string[]): string[] {
  const patterns = DEFAULT_IGNORE.filter((pattern) => pattern.startsWith('re:'))
    .map((pattern) => ({ pattern, matches: matcher(pattern) }))
    .filter(
      ({ matches }) => left.some((module) => matches(module, '')) && !compressed.some((module) => matches(module, '')),
    );
  const names = left.filter((module) => !patterns.some(({ matches }) => matches(module, '')));
  const head = compressed.includes('lm_head') ? [] : ['lm_head'];
  return [...new Set([...head, ...patterns.map(({ pattern }) => pattern), ...names])];
}

/**
 * Engines ask for an expert's projections by name, also where the checkpoint has all of them in one tensor. What stands
 * before the layers is theirs to name, and they do not rename patterns.
 */
function everyExpertOf(module: string): string {
  const place = module.slice(Math.max(0, module.search(/(?<=^|\.)layers\./)));
  return `re:(.*\\.)?${place.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\..*`;
}
