import { readHeader } from '../../../../../lambda/engine/formats/safetensors/header';
import { BufferSource } from '../../../../support/buffer-source';
import { headerOf, randomNumbers, rawHeader, safetensorsFile } from './fixtures';

const read = (bytes: Uint8Array) => readHeader(new BufferSource('model.safetensors', bytes));
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const file = (text: string, dataBytes = 0) => Buffer.concat([rawHeader(text), Buffer.alloc(dataBytes)]);

describe('a safetensors header', () => {
  test('lists tensors in the order of their bytes', async () => {
    const header = await read(
      file(
        `{"__metadata__":{"format":"pt"},"b":${entry('F32', '[2]', '[4,12]')},"a":${entry('BF16', '[1,2]', '[0,4]')}}   `,
        12,
      ),
    );
    expect(header.tensors.map(({ name, shape, length }) => [name, shape, length])).toEqual([
      ['a', [1, 2], 4],
      ['b', [2], 8],
    ]);
    expect([...header.metadata]).toEqual([['format', 'pt']]);
  });

  test('longer than the speculative read is read in two', async () => {
    const tensors = Array.from({ length: 6000 }, (_, i) => ({
      name: `model.layers.${i}.some.long.module.name.weight`,
      dtype: 'U8',
      shape: [3],
    }));
    const bytes = safetensorsFile(tensors);
    expect(headerOf(tensors).length).toBeGreaterThan(256 * 1024);
    expect((await read(bytes)).tensors).toHaveLength(6000);
  });

  test('may describe tensors without elements and scalars', async () => {
    const header = await read(
      file(`{"empty":${entry('F32', '[0,5]', '[0,0]')},"scalar":${entry('I64', '[]', '[0,8]')}}`, 8),
    );
    expect(header.tensors.map(({ length }) => length)).toEqual([0, 8]);
  });
});

describe('a damaged or hostile header is refused, naming the file and the tensor', () => {
  const nested = '['.repeat(100_000);
  const cases: [string, Uint8Array, RegExp][] = [
    ['file of 3 bytes', Buffer.alloc(3), /is 3 bytes long/],
    ['length of 2^63', Buffer.from('ffffffffffffff7f7b7d', 'hex'), /declares a header of 9223372036854775807 bytes/],
    [
      'length over 100 MB',
      Buffer.concat([Buffer.from('00ca9a3b00000000', 'hex'), Buffer.alloc(8)]),
      /1000000000 bytes/,
    ],
    ['length past the end', Buffer.concat([Buffer.from('4000000000000000', 'hex'), Buffer.from('{}')]), /cut short/],
    ['no JSON', file('hello'), /damaged: expected \{/],
    ['text after the object', file('{}{}'), /follows the end/],
    [
      'duplicate tensor',
      file(`{"w":${entry('U8', '[1]', '[0,1]')},"w":${entry('U8', '[1]', '[0,1]')}}`, 1),
      /"w" appears twice/,
    ],
    [
      'duplicate field',
      file(`{"w":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,1]}}`, 1),
      /at "w".*"dtype" appears twice/,
    ],
    [
      'unknown field',
      file(`{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1),
      /at "w": unknown field "x"/,
    ],
    ['missing field', file(`{"w":{"dtype":"U8","shape":[1]}}`, 1), /at "w": a tensor needs/],
    ['deep nesting', file(`{"w":{"dtype":"U8","shape":${nested}}}`), /at "w": .*(nesting|whole number)/],
    ['unknown type', file(`{"w":${entry('F12', '[1]', '[0,1]')}}`, 1), /at "w": the type "F12"/],
    [
      'shape of 2^63',
      file(`{"w":${entry('U8', '[9223372036854775807]', '[0,1]')}}`, 1),
      /at "w": expected a whole number/,
    ],
    [
      'shape whose product overflows',
      file(`{"w":${entry('U8', '[4294967296,4294967296,4294967296]', '[0,1]')}}`, 1),
      /at "w": shape/,
    ],
    ['negative shape', file(`{"w":${entry('U8', '[-1]', '[0,1]')}}`, 1), /at "w": expected a whole number/],
    ['fractional offset', file(`{"w":${entry('U8', '[1]', '[0,1.5]')}}`, 1), /at "w": expected a whole number/],
    ['three offsets', file(`{"w":${entry('U8', '[1]', '[0,1,2]')}}`, 1), /at "w": a list has more than 2/],
    [
      'size that does not fit the shape',
      file(`{"w":${entry('F32', '[2]', '[0,4]')}}`, 4),
      /at "w": shape \[2\] of F32 takes 8 bytes/,
    ],
    ['end before begin', file(`{"w":${entry('U8', '[0]', '[4,0]')}}`, 4), /at "w"/],
    ['overlap', file(`{"a":${entry('U8', '[4]', '[0,4]')},"b":${entry('U8', '[4]', '[2,6]')}}`, 6), /"b" overlaps "a"/],
    [
      'hole',
      file(`{"a":${entry('U8', '[2]', '[0,2]')},"b":${entry('U8', '[2]', '[4,6]')}}`, 6),
      /2 bytes before tensor "b"/,
    ],
    ['bytes after the last tensor', file(`{"a":${entry('U8', '[2]', '[0,2]')}}`, 9), /last 7 bytes/],
    ['offsets past the end', file(`{"a":${entry('U8', '[200]', '[0,200]')}}`, 9), /"a" ends at byte/],
    ['empty name', file(`{"":${entry('U8', '[1]', '[0,1]')}}`, 1), /name must have 1/],
    ['control character in a name', file(`{"a\\u0007b":${entry('U8', '[1]', '[0,1]')}}`, 1), /no control characters/],
    ['name of 1 MB', file(`{"${'x'.repeat(1 << 20)}":${entry('U8', '[1]', '[0,1]')}}`, 1), /longer than|1 to 2048/],
    ['text that is not UTF-8', file('{"\u00ff"').map((byte) => (byte === 0xc3 ? 0xff : byte)), /not UTF-8|expected/],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}'), /"__metadata__": expected a string/],
  ];

  test.each(cases)('%s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      name: 'InvalidModel',
      message: expect.stringMatching(message) as string,
    });
    await expect(read(bytes)).rejects.toThrow(/^model\.safetensors: /);
  });

  test('a header of 91 MB that is in order is read in memory that its own size bounds', async () => {
    const name = 'x'.repeat(2000);
    const entries = Array.from({ length: 44_000 }, (_, i) => `"${name}${i}":${entry('U8', '[0]', '[0,0]')}`);
    const bytes = file(`{${entries.join()}}`);
    const before = process.memoryUsage().rss;
    expect((await read(bytes)).tensors).toHaveLength(44_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(6 * bytes.length);
  });

  test('a header of 90 MB of open brackets costs no more memory than its own bytes', async () => {
    const length = 90_000_000;
    const bytes = Buffer.alloc(8 + length, '[');
    bytes.writeBigUInt64LE(BigInt(length));
    const before = process.memoryUsage().rss;
    await expect(read(bytes)).rejects.toThrow(/expected \{/);
    expect(process.memoryUsage().rss - before).toBeLessThan(3 * length);
  });
});

test('any damage to a header is either harmless or an InvalidModelError', async () => {
  const whole = safetensorsFile([
    { name: 'model.a.weight', dtype: 'BF16', shape: [4, 8] },
    { name: 'model.b.weight', dtype: 'F32', shape: [3] },
    { name: 'c', dtype: 'U8', shape: [0] },
  ]);
  const random = randomNumbers(3);
  const outcomes = { accepted: 0, refused: 0 };
  for (let round = 0; round < 3000; round++) {
    let bytes: Buffer = Buffer.from(whole);
    for (let change = 0; change <= random() * 3; change++) {
      const at = Math.floor(random() * bytes.length);
      const kind = random();
      if (kind < 0.6)
        bytes[at] = kind < 0.3 ? Math.floor(random() * 256) : '{}[]":,0129-e'.charCodeAt(Math.floor(random() * 13));
      else if (kind < 0.8) bytes = bytes.subarray(0, at);
      else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(random() * bytes.length))]);
      if (bytes.length === 0) break;
    }
    try {
      const { tensors } = await read(bytes);
      outcomes.accepted++;
      for (const { offset, length } of tensors) expect(offset + length).toBeLessThanOrEqual(bytes.length);
    } catch (error) {
      outcomes.refused++;
      expect((error as Error).name).toBe('InvalidModel');
    }
  }
  expect(outcomes.refused).toBeGreaterThan(1000);
  expect(outcomes.accepted).toBeGreaterThan(10);
});
