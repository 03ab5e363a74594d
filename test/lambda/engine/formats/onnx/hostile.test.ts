import { InvalidModelError, InvalidRecipeError, ModelError } from '../../../../../lambda/engine/errors';
import {
  child,
  integerValue,
  makeNode,
  makeTensor,
  tensorValue,
} from '../../../../../lambda/engine/formats/onnx/builders';
import { MessagePart, newMessage } from '../../../../../lambda/engine/formats/onnx/message';
import { ModelEditor } from '../../../../../lambda/engine/formats/onnx/model-editor';
import { readModel } from '../../../../../lambda/engine/formats/onnx/read-model';
import { ATTRIBUTE, GRAPH, MODEL, NODE, TENSOR } from '../../../../../lambda/engine/formats/onnx/schema';
import {
  bytesHead,
  concatenate,
  encodeBytes,
  encodeInteger,
  encodeString,
} from '../../../../../lambda/engine/formats/onnx/wire';
import { BufferSource } from '../../../../support/buffer-source';
import { compress, filesOf, golden } from './memory-model';
import { bytesOf, external, functionOf, graph, graphValue, model as build, node, value } from './own-models';

const text = (content: string) => new TextEncoder().encode(content);

/** A model of the given parts of a graph. */
const model = (...parts: (MessagePart | Uint8Array)[]) => build(parts);

const named = (number: number, name: string) => value(number, name);

const weight = (name: string, shape: number[], bytes: number) =>
  child(GRAPH.initializers, makeTensor(name, 1, shape, new Uint8Array(bytes)));

const compressed = (bytes: Uint8Array, method = 'int8', others: Record<string, Uint8Array> = {}) =>
  compress(filesOf({ 'model.onnx': bytes, ...others }), { method });

/** The same numbers on every run. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

async function outcome(work: () => Promise<unknown>): Promise<'done' | 'refused'> {
  try {
    await work();
    return 'done';
  } catch (error) {
    if (error instanceof ModelError) return 'refused';
    throw error;
  }
}

describe('a damaged model', () => {
  test('cut short anywhere is refused, naming the file', async () => {
    const whole = golden('mixed');
    for (let length = 1; length < whole.length; length += 1777) {
      await expect(compressed(whole.slice(0, length))).rejects.toThrow(InvalidModelError);
      await expect(compressed(whole.slice(0, length))).rejects.toThrow(/^model\.onnx: /);
    }
  });

  test('with flipped bits is refused or compressed, never anything else', async () => {
    const random = randoms(20260201);
    const seen = { done: 0, refused: 0 };
    for (const name of ['mixed', 'products', 'products.w4a16']) {
      const whole = golden(name);
      // Names and sizes are what a flipped bit damages; most bytes are weights.
      const spots = [...whole.keys()].filter((at) => at < 600 || at > whole.length - 1500);
      for (let round = 0; round < 200; round++) {
        const bytes = whole.slice();
        for (let flip = 0; flip <= round % 3; flip++) bytes[spots[random() % spots.length]] ^= 1 << (random() % 8);
        const method = ['int8', 'int8-dynamic', 'fp16', 'w4a16'][round % 4];
        seen[await outcome(() => compressed(bytes, method))]++;
      }
    }
    expect(seen.done + seen.refused).toBe(600);
    expect(seen.refused).toBeGreaterThan(50);
    expect(seen.done).toBeGreaterThan(50);
  });

  test('of random bytes is refused', async () => {
    const random = randoms(7);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: 1 + (random() % 200) }, () => random() >>> 24);
      expect(await outcome(() => compressed(bytes))).toBe('refused');
    }
  });
});

describe('a made-up model', () => {
  test('that is empty or has no graph is refused', async () => {
    await expect(compressed(new Uint8Array(0))).rejects.toThrow('model.onnx: has 0 graphs, not one');
    await expect(compressed(encodeInteger(MODEL.irVersion, 8))).rejects.toThrow('has 0 graphs');
  });

  test('whose messages lie in each other without end is refused', async () => {
    let nested = newMessage('Graph');
    for (let depth = 0; depth < 60; depth++) {
      const attribute = newMessage('Attribute', encodeString(ATTRIBUTE.name, 'body'), child(ATTRIBUTE.graph, nested));
      nested = newMessage('Graph', node('If', [], [], [attribute]));
    }
    await expect(compressed(bytesOf(newMessage('Model', child(MODEL.graph, nested))))).rejects.toThrow(
      /more than 100 deep/,
    );
  });

  test('with graphs in each other 10,000 deep is refused as early as at the hundredth', async () => {
    const levels: Uint8Array[] = [];
    let length = 0;
    for (let depth = 0; depth < 10_000; depth++) {
      for (const number of [ATTRIBUTE.graph, NODE.attributes, GRAPH.nodes]) {
        levels.push(bytesHead(number, length));
        length += levels[levels.length - 1].length;
      }
    }
    levels.push(bytesHead(MODEL.graph, length));
    await expect(compressed(concatenate(levels.reverse()))).rejects.toThrow(/more than 100 deep/);
  });

  test('whose functions call each other and themselves passes with them as they are', async () => {
    const functions = [
      functionOf('own', 'Ping', [node('Pong', ['x'], ['y'], [], 'own')]),
      functionOf('own', 'Pong', [node('Ping', ['x'], ['y'], [], 'own')]),
      functionOf('own', 'Self', [node('Self', ['x'], ['y'], [], 'own')]),
    ];
    const parts = [named(GRAPH.inputs, 'x'), node('Ping', ['x'], ['y'], [], 'own'), named(GRAPH.outputs, 'y')];
    const made = build(parts, { fields: functions });
    for (const method of ['int8', 'int8-dynamic', 'w4a16', 'fp16']) {
      const { outputs, layout } = await compress(filesOf({ 'model.onnx': made }), { method });
      expect(Buffer.compare(outputs['model.onnx'], made)).toBe(0);
      expect(layout.warnings.join()).toContain('3 functions of its own');
    }
  });

  test('of branches in branches, thirty deep, costs what it is long', async () => {
    let branch = graph('leaf', [node('Relu', ['x'], ['r']), named(GRAPH.outputs, 'r')]);
    for (let depth = 0; depth < 30; depth++) {
      const held = [
        graphValue('then_branch', branch),
        graphValue('else_branch', graph('else', [node('Relu', ['x'], ['r'])])),
      ];
      branch = graph('level', [node('If', ['x'], ['r'], held), named(GRAPH.outputs, 'r')]);
    }
    const loop = node('Loop', ['', 'x'], ['y'], [graphValue('body', branch)]);
    const made = model(named(GRAPH.inputs, 'x'), loop, named(GRAPH.outputs, 'y'));
    for (const method of ['int8', 'fp16']) {
      const { layout } = await compress(filesOf({ 'model.onnx': made }), { method });
      expect(layout.tensors).toEqual([]);
    }
  });

  test('whose many branches all use one name gets new names without trying all again for each', () => {
    const editor = new ModelEditor(newMessage('Model'), []);
    const count = 200_000;
    const names = new Set(Array.from({ length: count }, () => editor.newName('same')));
    expect(names.size).toBe(count);
    expect(editor.newName('same_5')).toBe('same_5_1');
  });

  test('whose tensors lie over each other thousands of times is refused before any is read', async () => {
    const many = Array.from({ length: 2000 }, (_, at) =>
      external(`w${at}`, [256, 64], { location: 'data.bin', offset: String(4 * at), length: '65536' }),
    );
    const uses = many.map((_, at) => node('MatMul', ['x', `w${at}`], [`y${at}`]));
    const files = filesOf({
      'model.onnx': model(named(GRAPH.inputs, 'x'), ...many, ...uses),
      'data.bin': new Uint8Array(80_000),
    });
    await expect(compress(files, { method: 'int8' })).rejects.toThrow(/its tensors lie over each other/);
    expect(files.bytesRead).toBeLessThan(files.files[1].size * 2);
  });

  test.each<[string, () => Uint8Array, RegExp]>([
    [
      'more dimensions than any tensor',
      () => model(weight('w', new Array<number>(300).fill(1), 4)),
      /has 300 dimensions, where 256 are the most/,
    ],
    [
      'a length beyond the file',
      () => concatenate([bytesHead(MODEL.graph, 2 ** 40), new Uint8Array(9)]),
      /ends at byte/,
    ],
    ['a length beyond what holds it', () => encodeBytes(MODEL.graph, bytesHead(GRAPH.nodes, 9)), /ends at byte/],
    ['a number of more than 64 bits', () => new Uint8Array(20).fill(0xff), /more than 64 bits/],
    ['a number that is cut off', () => Uint8Array.of(8, 0x80), /cut off/],
    ['a group', () => Uint8Array.of(0x0b, 0x0c), /wire type 3/],
    ['a field of number 0', () => Uint8Array.of(0x02, 0x00), /has the number 0/],
    ['a negative size', () => model(weight('w', [-4, 8], 128)), /with a negative size/],
    [
      'sizes whose product is no number',
      () => model(weight('w', [2 ** 40, 2 ** 40], 128)),
      /more values than can be counted/,
    ],
    [
      'less data than its shape tells',
      () => model(weight('w', [64, 64], 128)),
      /takes 16384 bytes, but its data has 128/,
    ],
    [
      'two weights of a name',
      () => model(weight('w', [32], 128), weight('w', [32], 128)),
      /two initializers of the name "w"/,
    ],
    [
      'two inputs of a name',
      () => model(named(GRAPH.inputs, 'x'), named(GRAPH.inputs, 'x')),
      /two inputs of the name "x"/,
    ],
    [
      'a value that is given twice',
      () => model(named(GRAPH.inputs, 'x'), node('Relu', ['x'], ['y']), node('Relu', ['x'], ['y'])),
      /"y" is given twice/,
    ],
    [
      'a cycle',
      () => model(node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b'])),
      /Relu reads "b", which nothing before it gives; the order is wrong, or there is a cycle/,
    ],
    ['an output from nowhere', () => model(named(GRAPH.outputs, 'y')), /its output "y" is given by nothing/],
    [
      'a list of numbers that is cut off',
      () => model(child(GRAPH.initializers, newMessage('Tensor', encodeBytes(TENSOR.dimensions, Uint8Array.of(0x80))))),
      /a list of numbers is cut off/,
    ],
  ])('with %s is refused', async (_what, make, problem) => {
    await expect(compressed(make())).rejects.toThrow(InvalidModelError);
    await expect(compressed(make())).rejects.toThrow(problem);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['no place', {}, /does not tell where/],
    [
      'a folder above',
      { location: '../secret.bin' },
      /"\.\.\/secret\.bin", which is not a path inside the model's folder/,
    ],
    ['a folder above within', { location: 'a/../../secret.bin' }, /not a path inside/],
    ['an absolute path', { location: '/etc/passwd' }, /not a path inside/],
    ['a drive', { location: 'c:\\windows' }, /not a path inside/],
    ['a file that is not there', { location: 'other.bin' }, /stored in other\.bin, which is not there/],
    [
      'an offset behind the file',
      { location: 'data.bin', offset: '4000' },
      /bytes 4000 to 8096 of data\.bin, which has 4096/,
    ],
    ['a negative offset', { location: 'data.bin', offset: '-1' }, /has the offset -1/],
    ['an offset beyond all numbers', { location: 'data.bin', offset: '9'.repeat(40) }, /has the offset 9+/],
    [
      'an offset behind the file, without a length, of a type without one',
      { location: 'data.bin', offset: '5000' },
      /bytes 5000 to 9096 of data\.bin, which has 4096/,
    ],
    ['a length that is no number', { location: 'data.bin', length: '-4' }, /has the length -4/],
    ['less than its shape takes', { location: 'data.bin', length: '100' }, /takes 4096 bytes, but its data has 100/],
  ])('whose data lies outside at %s is refused', async (_what, entries, problem) => {
    const others = { 'data.bin': new Uint8Array(4096), 'secret.bin': new Uint8Array(4096) };
    await expect(compressed(model(external('w', [32, 32], entries)), 'int8', others)).rejects.toThrow(
      InvalidModelError,
    );
    await expect(compressed(model(external('w', [32, 32], entries)), 'int8', others)).rejects.toThrow(problem);
  });

  test('with NaN in a weight is refused by the worker, naming the tensor', async () => {
    const bytes = new Uint8Array(4096);
    new DataView(bytes.buffer).setFloat32(40, NaN, true);
    const made = model(
      named(GRAPH.inputs, 'x'),
      child(GRAPH.initializers, makeTensor('layer.weight', 1, [32, 32], bytes)),
      node('MatMul', ['x', 'layer.weight'], ['y']),
    );
    await expect(compressed(made)).rejects.toThrow(/layer\.weight holds NaN/);
  });

  test('of many empty messages costs no more memory than its limit', async () => {
    const many = encodeBytes(
      MODEL.graph,
      new Uint8Array(2_200_000).map((_, at) => (at % 2 === 0 ? 0x0a : 0)),
    );
    await expect(compressed(many)).rejects.toThrow(/more than 1000000 messages/);
  });

  test('of many small numbers is read in stretches, and written as it was', async () => {
    const numbers = newMessage(
      'Attribute',
      encodeString(ATTRIBUTE.name, 'forest'),
      concatenate(Array.from({ length: 300_000 }, (_, at) => encodeInteger(ATTRIBUTE.integers, 2 ** 22 + at))),
    );
    const made = model(named(GRAPH.inputs, 'x'), node('Trees', ['x'], ['y'], [numbers]));
    const source = filesOf({ 'model.onnx': made });
    const { outputs } = await compress(source, { method: 'int8' });
    expect(Buffer.compare(outputs['model.onnx'], made)).toBe(0);
  });
});

test('the recipe is checked against the format', async () => {
  const bytes = golden('products');
  const plan = (recipe: Record<string, unknown>) => compress(filesOf({ 'model.onnx': bytes }), recipe);
  await expect(plan({ method: 'fp8' })).rejects.toThrow(InvalidRecipeError);
  await expect(plan({ method: 'fp8' })).rejects.toThrow('method fp8 is not for ONNX models; they take int8');
  await expect(plan({ method: 'int8', groupSize: 32 })).rejects.toThrow(
    'groupSize is for int4, w4a16 and w4a16-asym of ONNX',
  );
  await expect(plan({ method: 'w4a16', groupSize: 48 })).rejects.toThrow(
    'groupSize must be one of 16, 32, 64, 128, 256',
  );
  await expect(plan({ method: 'int4', quantFormat: 'QDQ' })).rejects.toThrow(
    'quantFormat is for w4a16 and w4a16-asym, not for int4; leave it out',
  );
  const older = filesOf({ 'model.onnx': golden('mixed') });
  await expect(compress(older, { method: 'w4a16', quantFormat: 'QDQ' })).rejects.toThrow(
    /quantFormat QDQ needs a model of operator set 21 or later, received one of \d+; export it again/,
  );
});

test('a folder with two models is refused', async () => {
  const files = { 'a.onnx': golden('products'), 'b.onnx': golden('products'), 'notes.txt': text('x') };
  await expect(compress(filesOf(files), { method: 'int8' })).rejects.toThrow(
    'a.onnx, b.onnx: a model is one .onnx file',
  );
});

test('the structure is read and not the weights', async () => {
  const whole = golden('mixed');
  const source = filesOf({ 'model.onnx': whole });
  await readModel(await source.open(0));
  const small = source.bytesRead;
  expect(small).toBeGreaterThan(0);
  const large = model(
    child(GRAPH.initializers, makeTensor('w', 1, [2048, 1024], new Uint8Array(8 << 20))),
    child(
      GRAPH.nodes,
      makeNode({
        operator: 'Constant',
        name: '',
        inputs: [],
        outputs: ['c'],
        attributes: [tensorValue('value', makeTensor('', 1, [1024, 1024], new Uint8Array(4 << 20)))],
      }),
    ),
    child(
      GRAPH.nodes,
      makeNode({ operator: 'Relu', name: '', inputs: ['w'], outputs: ['y'], attributes: [integerValue('k', 1)] }),
    ),
  );
  const wide = filesOf({ 'model.onnx': large });
  await readModel(new BufferSource('x', large));
  await readModel(await wide.open(0));
  expect(wide.bytesRead).toBeLessThan(400_000);
});
