import { InvalidModelError } from '../../../../../lambda/engine/errors';
import { TableNode, withFields } from '../../../../../lambda/engine/formats/tflite/flatbuffer-nodes';
import { MODEL, OPERATOR } from '../../../../../lambda/engine/formats/tflite/model-fields';
import { long, number, tablesOf, text } from '../../../../../lambda/engine/formats/tflite/model-graph';
import { writeFlatbuffer } from '../../../../../lambda/engine/formats/tflite/write-flatbuffer';
import { compress, filesOf, golden, ONE_PIECE } from './memory-model';
import { tfliteFormat } from '../../../../../lambda/engine/formats/tflite/tflite-format';
import { bytesOf, modelOf, tables } from './own-model';
import { readModel, readRoot } from './read-model';

const ramp = Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i));

async function compressed(
  model: Uint8Array,
  recipe: Record<string, unknown> = { method: 'int8' },
): Promise<Uint8Array> {
  return (await compress(filesOf({ 'm.tflite': model }), recipe)).outputs['m.tflite'];
}

describe('what a model carries', () => {
  test('every field survives a rewrite of the structure', async () => {
    for (const name of ['vision.int8', 'coder.fp16', 'odd.float', 'dense.float']) {
      const source = golden(name);
      const root = await readRoot(source);
      const near = withFields(root, {
        [MODEL.buffers]: tables(
          tablesOf(root, MODEL.buffers).map((node) => {
            const data = node.fields[0];
            if (typeof data !== 'object' || data.kind !== 'distant') return node;
            return withFields(node, { 0: bytesOf(source.slice(data.offset, data.offset + data.length)) });
          }),
        ),
      });
      const again = await readRoot(writeFlatbuffer(near, 'TFL3').bytes);
      const plain = (node: TableNode) => withFields(node, { [MODEL.buffers]: undefined });
      expect(plain(again)).toEqual(plain(root));
      expect((await readModel(writeFlatbuffer(near, 'TFL3').bytes)).constants).toEqual(
        (await readModel(source)).constants,
      );
    }
  });

  test('signatures and metadata survive compression', async () => {
    const source = await readRoot(golden('coder.float'));
    const made = await readModel(await compressed(golden('coder.float')));
    expect(made.root.fields[7]).toEqual(source.fields[7]);
    expect([...made.metadata.keys()]).toEqual(['min_runtime_version', 'CONVERSION_METADATA']);
  });

  test('custom operators, their options, and long metadata survive, wherever they lie', async () => {
    const options = new Uint8Array(70_001).map((_, i) => i * 31);
    const bytes = await compressed(modelOf(ramp, { metadata: 'THEIRS', largeOptions: options }));
    const made = await readModel(bytes);
    expect(made.operators).toEqual(['FULLY_CONNECTED v12', 'Theirs v1']);
    const theirs = made.graphs[0].operators[1].node;
    expect(theirs.fields[5]).toEqual(bytesOf(new TextEncoder().encode('own options')));
    const at = long(theirs, OPERATOR.largeCustomOffset);
    expect(at % 16).toBe(0);
    expect(Buffer.compare(bytes.slice(at, at + long(theirs, OPERATOR.largeCustomSize)), options)).toBe(0);
    expect(made.metadata.get('THEIRS')).toBe('\x07'.repeat(9000));
    const metadata = tablesOf(made.root, MODEL.metadata)[0];
    expect(text(metadata, 0)).toBe('THEIRS');
    // Readers of metadata know no data outside the flatbuffer.
    expect(tablesOf(made.root, MODEL.buffers)[number(metadata, 1)].fields[0]).toBeDefined();
  });

  test('operators are not added where the model fixes their order', async () => {
    const model = modelOf(ramp, { metadata: 'model_control_dependencies' });
    const fp16 = await compress(filesOf({ 'm.tflite': model }), { method: 'fp16' });
    expect(fp16.layout.tensors[0].action).toBe('keep');
    expect(fp16.layout.tensors[0].reason).toContain('order of its operators');
    const int8 = await compress(filesOf({ 'm.tflite': model }), { method: 'int8' });
    expect(int8.layout.tensors[0].action).toBe('int8');
  });

  test('equal magnitudes are pruned to the exact share, the earlier ones first', async () => {
    const even = Float32Array.from({ length: 2048 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const source = filesOf({ 'm.tflite': modelOf(even) });
    const whole = await compress(source, { method: 'none', prune: 0.4 });
    const cut = await compress(
      source,
      { method: 'none', prune: 0.4 },
      { targetPieceBytes: 4000, minPieceBytes: 2000 },
      true,
    );
    expect(Buffer.compare(whole.outputs['m.tflite'], cut.outputs['m.tflite'])).toBe(0);
    expect(cut.layout.outputs[0].pieces.length).toBeGreaterThan(2);
    const after = new Float32Array(
      (await readModel(whole.outputs['m.tflite'])).constants.get('w')!.data.slice().buffer,
    );
    expect([...after]).toEqual([...even].map((value, i) => (i < 819 ? 0 : value)));
  });

  test('data is aligned to 16 bytes', async () => {
    for (const method of ['int8', 'fp16']) {
      const { root } = await readModel(await compressed(golden('vision.float'), { method }));
      for (const buffer of tablesOf(root, MODEL.buffers)) expect(long(buffer, 1) % 16).toBe(0);
    }
  });
});

describe('a plan', () => {
  test('reads the structure and not the weights', async () => {
    const rows = 100_000;
    const source = filesOf({ 'm.tflite': modelOf(new Float32Array(rows * 64), { rows }) });
    const layout = await tfliteFormat.plan(source, { method: 'int8', mode: 'best' }, ONE_PIECE);
    expect(layout.tensors[0]).toMatchObject({ action: 'int8', bytesBefore: rows * 256 });
    expect(source.bytesRead).toBeLessThan(512 * 1024);
  });

  test('refuses a constant whose shape does not match its data', async () => {
    await expect(compressed(modelOf(ramp.slice(0, 1500)))).rejects.toThrow(
      /tensor "w" has the shape \[32, 64\], which takes 8192 bytes/,
    );
    await expect(compressed(modelOf(ramp.slice(0, 1500)))).rejects.toThrow(InvalidModelError);
  });
});
