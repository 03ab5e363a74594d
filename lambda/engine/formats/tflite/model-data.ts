import { InvalidModelError } from '../../errors';
import { ScalarsNode, TableNode } from './flatbuffer-nodes';
import { BUFFER, METADATA, MODEL, OPERATOR, SUBGRAPH } from './model-fields';
import { integers, isNode, long, number, tablesOf } from './model-graph';
import { PagedBytes } from './paged-bytes';

/** Metadata is read by its own readers, which know no data outside the flatbuffer, so it has to be read here. */
const MAX_METADATA_BYTES = 16 * 1024 * 1024;

/** Where bytes of the model lie in its file. */
export interface Region {
  readonly offset: number;
  readonly length: number;
}

/** Bytes of the model that are not part of its structure. */
export interface ModelData {
  /** By buffer; undefined where a buffer is empty or so small that it stays in the structure. */
  readonly buffers: readonly (Region | undefined)[];
  /** Content of buffers that hold metadata. */
  readonly metadata: ReadonlyMap<number, ScalarsNode>;
  /** Options of custom operators that lie outside the flatbuffer. */
  readonly customOptions: ReadonlyMap<TableNode, Region>;
}

/**
 * Finds the data that lies in byte vectors or, through file offsets, behind the flatbuffer.
 *
 * @throws InvalidModelError when data lies outside the file, or the same bytes would be needed many times over.
 */
export async function findData(model: TableNode, file: PagedBytes): Promise<ModelData> {
  const metadataBuffers = new Set([
    ...tablesOf(model, MODEL.metadata).map((entry) => number(entry, METADATA.buffer)),
    ...integers(model, MODEL.metadataBuffer),
  ]);
  const metadata = new Map<number, ScalarsNode>();
  const buffers: (Region | undefined)[] = [];
  let total = 0;
  let metadataBytes = 0;
  for (const [index, node] of tablesOf(model, MODEL.buffers).entries()) {
    const region = regionOf(node, file, `buffer ${index}`);
    if (region !== undefined && metadataBuffers.has(index) && index !== 0) {
      metadataBytes += region.length;
      if (metadataBytes > MAX_METADATA_BYTES) {
        throw new InvalidModelError(
          file.source.name,
          `has more than ${MAX_METADATA_BYTES >> 20} MiB of metadata; remove what is not needed`,
        );
      }
      const data = (await file.bytes(region.offset, region.length, `buffer ${index}`)).slice();
      metadata.set(index, { kind: 'scalars', width: 1, data });
      buffers.push(undefined);
    } else {
      total += region?.length ?? 0;
      buffers.push(region);
    }
  }
  const customOptions = new Map<TableNode, Region>();
  for (const graph of tablesOf(model, MODEL.subgraphs)) {
    for (const operator of tablesOf(graph, SUBGRAPH.operators)) {
      const region = outside(
        operator,
        OPERATOR.largeCustomOffset,
        OPERATOR.largeCustomSize,
        file,
        'options of an operator',
      );
      if (region === undefined || customOptions.has(operator)) continue;
      total += region.length;
      customOptions.set(operator, region);
    }
  }
  if (total > file.size) {
    throw new InvalidModelError(
      file.source.name,
      `its buffers add up to ${total} bytes in a file of ${file.size}; they overlap, so the file is damaged`,
    );
  }
  return { buffers, metadata, customOptions };
}

function regionOf(node: TableNode, file: PagedBytes, what: string): Region | undefined {
  const data = node.fields[BUFFER.data];
  if (isNode(data) && data.kind === 'distant') return { offset: data.offset, length: data.length };
  if (isNode(data) && data.kind === 'scalars' && data.data.length > 0) return undefined;
  return outside(node, BUFFER.offset, BUFFER.size, file, what);
}

/** Readers take an offset and a size for real only above 1. */
function outside(
  node: TableNode,
  offsetSlot: number,
  sizeSlot: number,
  file: PagedBytes,
  what: string,
): Region | undefined {
  const [offset, length] = [long(node, offsetSlot), long(node, sizeSlot)];
  if (offset <= 1 || length <= 1) return undefined;
  file.check(offset, length, what);
  return { offset, length };
}
