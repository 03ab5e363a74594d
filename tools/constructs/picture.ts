import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { Graph, Thing } from './join-alike';

/** Services from where something begins to where things are kept; each has a colour of its own. */
const COLOURS: Readonly<Record<string, string>> = {
  CloudFormation: '#b0084d',
  CodePipeline: '#3b48cc',
  CodeBuild: '#3b48cc',
  EventBridge: '#b0084d',
  'Step Functions': '#b0084d',
  Lambda: '#b85c00',
  SageMaker: '#007d60',
  'Auto Scaling': '#b0084d',
  S3: '#3f7310',
  KMS: '#c0182a',
  SNS: '#b0084d',
  CloudWatch: '#b0084d',
};

/** What Graphviz writes, and the class that gives it its colour by day and by night. */
const STYLE = `
  text { font-family: Arial, Helvetica, sans-serif; fill: #1f2328 }
  .graph > polygon { fill: #ffffff }
  .cluster > path, .cluster > polygon { fill: #f6f8fa; stroke: #d1d9e0 }
  .node > path, .node > polygon { fill: #ffffff }
  .edge > path { stroke: #6e7781 }
  .edge > polygon { stroke: #6e7781; fill: #6e7781 }
  .edge > text { fill: #57606a; stroke: #ffffff }
  .titles > text { stroke: #f6f8fa }
  .edge > text, .titles > text { paint-order: stroke; stroke-width: 4px; stroke-linejoin: round }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .graph > polygon { fill: #0d1117 }
    .cluster > path, .cluster > polygon { fill: #161b22; stroke: #30363d }
    .node > path, .node > polygon { fill: #21262d }
    .edge > path { stroke: #8b949e }
    .edge > polygon { stroke: #8b949e; fill: #8b949e }
    .edge > text { fill: #9ea7b3; stroke: #0d1117 }
    .titles > text { stroke: #161b22 }
  }
`;

/** What a page shows at full size, in points; what is wider goes from top to bottom. */
const WIDEST = 660;

/** Draws a graph as SVG; the same graph gives the same bytes. */
export async function drawSvg(graph: Graph, title: string): Promise<string> {
  const graphviz = await Graphviz.load();
  const wide = graphviz.dot(describe(graph, 'LR'), 'svg');
  const svg = widthOf(wide) <= WIDEST ? wide : graphviz.dot(describe(graph, 'TB'), 'svg');
  return `${raiseTitles(svg)
    .replace(/^[\s\S]*?(?=<svg)/, '')
    .replace(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<title>[\s\S]*?<\/title>\n?/g, '')
    .replace(/(<svg[^>]*>)/, `$1\n<title>${escape(title)}</title>\n<style>${STYLE}</style>`)
    .replace(/ (font-family|fill)="[^"]*"/g, (all, name) => (name === 'fill' && all.includes('none') ? all : ''))
    .trimEnd()}\n`;
}

function widthOf(svg: string): number {
  return Number(/<svg width="(\d+)pt"/.exec(svg)![1]);
}

function describe({ things, deeds }: Graph, direction: 'LR' | 'TB'): string {
  const services = Object.keys(COLOURS).filter((service) => things.some((thing) => thing.service === service));
  const ids = new Map(things.map(({ id }, index) => [id, `n${index}`]));
  const places = services.flatMap((service) => {
    const all = things.filter((thing) => thing.service === service);
    return [...new Set(all.map(({ place }) => place))].map((place) => all.filter((thing) => thing.place === place));
  });
  const clusters = places.map((all, index) =>
    [
      `subgraph cluster_${index} {`,
      `label="${all[0].service}"; style="rounded"; fontsize=11; labeljust=l; margin=6;`,
      ...all.map((thing) => node(thing, ids.get(thing.id)!)),
      '}',
    ].join('\n'),
  );
  const edges = deeds.map(({ from, to, verb }) => edge(ids.get(from)!, ids.get(to)!, verb));
  return [
    'digraph {',
    `rankdir=${direction}; nodesep=${direction === 'LR' ? 0.3 : 0.08}; ranksep=0.35; pad=0.1; fontname="Arial"; bgcolor="white";`,
    'node [shape=box, style="rounded", fontname="Arial", fontsize=10.5, margin="0.1,0.06", height=0.26];',
    'edge [fontname="Arial", fontsize=9, arrowsize=0.6];',
    ...clusters,
    ...edges,
    '}',
  ].join('\n');
}

/** Logs stand beside what they are of, and keys behind what they encrypt, so that their arrows are short. */
function edge(from: string, to: string, verb: string): string {
  const label = `label=" ${verb} "`;
  if (verb === 'encrypts') return `${to} -> ${from} [${label}, dir=back];`;
  return `${from} -> ${to} [${label}${verb === 'logs access' ? ', constraint=false' : ''}];`;
}

/** As wide as its text in the widest of the usual fonts, not only in the one that Graphviz reckons with. */
function node({ service, lines }: Thing, id: string): string {
  const width = (Math.max(...lines.map(({ length }) => length)) * 6.5 + 14) / 72;
  const label = lines.length === 1 ? lines[0] : lines.map((line) => `${line}\\l`).join('');
  return `${id} [label="${label}", width=${width.toFixed(2)}, color="${COLOURS[service]}"];`;
}

/** Puts the services' names above the arrows that cross them. */
function raiseTitles(svg: string): string {
  const titles: string[] = [];
  const rest = svg.replace(
    /(<g id="clust\d+" class="cluster">[\s\S]*?)(<text[^\n]*<\/text>\n)/g,
    (_all, before: string, text: string) => {
      titles.push(text);
      return before;
    },
  );
  return rest.replace(/<\/g>\s*<\/svg>\s*$/, `<g class="titles">\n${titles.join('')}</g>\n</g>\n</svg>\n`);
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
