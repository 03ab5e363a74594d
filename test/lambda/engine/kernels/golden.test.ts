import { kernels } from '../../../../lambda/engine/kernels';
import { GoldenTensor, readGolden } from './golden-file';
import { emptyStats, place, room } from './memory';

const { run, arena } = kernels();

const TYPES = [
  { name: 'bf16', size: 2, suffix: 'Bf16Exact' },
  { name: 'f16', size: 2, suffix: 'F16Exact' },
  { name: 'f32', size: 4, suffix: 'F32' },
] as const;

describe.each(TYPES)('exact kernels on $name equal compressed-tensors', ({ name, size, suffix }) => {
  const golden = readGolden(name);
  const get = (key: string): GoldenTensor => {
    const tensor = golden.get(key);
    if (tensor === undefined) throw new Error(`no golden tensor ${key}`);
    return tensor;
  };
  const weights = (kind: string) => {
    const { shape, bytes } = get(`in.${kind}`);
    return { rows: shape[0], columns: shape[1], src: place(bytes).ptr };
  };
  const stats = () => emptyStats().ptr;
  const expectSame = (actual: Uint8Array, key: string) => {
    const expected = get(key).bytes;
    expect(actual.length).toBe(expected.length);
    const wrong = expected.findIndex((byte, i) => byte !== actual[i]);
    // A plain comparison of large arrays is slow and its message unreadable.
    expect({ key, at: wrong, got: wrong < 0 ? 0 : actual[wrong] }).toEqual({ key, at: -1, got: 0 });
  };

  afterEach(() => arena.scoped(async () => undefined));

  test.each(['edges', 'odd'])('w8a8, %s', (kind) => {
    const { rows, columns, src } = weights(kind);
    const [data, scales] = [room(rows * columns), room(rows * size)];
    run[`int8Runs${suffix}`](src, rows, columns, 0, data.ptr, scales.ptr, stats());
    expectSame(scales.view, `w8a8.${kind}.weight_scale`);
    expectSame(data.view, `w8a8.${kind}.weight`);
  });

  test.each([16, 128])('w8a16 in groups of %d', (group) => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / group;
    const [data, scales] = [room(rows * columns), room(groups * size)];
    run[`int8Runs${suffix}`](src, groups, group, 0x80, data.ptr, scales.ptr, stats());
    expectSame(scales.view, `w8a16-${group}.edges.weight_scale`);
    expectSame(data.view, `w8a16-${group}.edges.weight_packed`);
  });

  test.each([16, 128])('w4a16 in groups of %d', (group) => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / group;
    const [data, scales] = [room((rows * columns) / 2), room(groups * size)];
    const kernel = name === 'f32' ? run.int4GroupsF32Exact : run[`int4Groups${suffix}`];
    kernel(src, groups, group, data.ptr, scales.ptr, stats());
    expectSame(scales.view, `w4a16-${group}.edges.weight_scale`);
    expectSame(data.view, `w4a16-${group}.edges.weight_packed`);
  });

  test.each([16, 128])('w4a16-asym in groups of %d', (group) => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / group;
    const [data, scales, points] = [room((rows * columns) / 2), room(groups * size), room(groups)];
    const packed = room((Math.ceil(rows / 8) * 4 * columns) / group);
    const kernel = name === 'f32' ? run.int4GroupsAsymmetricF32Exact : run[`int4GroupsAsymmetric${suffix}`];
    kernel(src, groups, group, data.ptr, scales.ptr, points.ptr, stats());
    run.packZeroPoints(points.ptr, rows, columns / group, packed.ptr);
    expectSame(scales.view, `w4a16-asym-${group}.edges.weight_scale`);
    expectSame(packed.view, `w4a16-asym-${group}.edges.weight_zero_point`);
    expectSame(data.view, `w4a16-asym-${group}.edges.weight_packed`);
  });

  test.each(['edges', 'odd'])('fp8, %s', (kind) => {
    const { rows, columns, src } = weights(kind);
    const [data, scales] = [room(rows * columns), room(rows * size)];
    run[`fp8Runs${suffix}`](src, rows, columns, data.ptr, scales.ptr, stats());
    expectSame(scales.view, `fp8.${kind}.weight_scale`);
    expectSame(data.view, `fp8.${kind}.weight`);
  });

  test.each(['edges', 'blocks'])('fp8-block, %s', (kind) => {
    const { rows, columns, src } = weights(kind);
    const [data, scales] = [room(rows * columns), room(Math.ceil(rows / 128) * Math.ceil(columns / 128) * size)];
    run[`fp8Blocks${suffix}`](src, rows, columns, data.ptr, scales.ptr, stats());
    expectSame(scales.view, `fp8-block.${kind}.weight_scale`);
    expectSame(data.view, `fp8-block.${kind}.weight`);
  });

  test('nvfp4a16', () => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / 16;
    const global = new Float32Array(get('nvfp4a16.edges.weight_global_scale').bytes.buffer)[0];
    const [data, scales] = [room(groups * 8), room(groups)];
    run[`nvfp4Groups${suffix}`](src, groups, global, data.ptr, scales.ptr, stats());
    expectSame(scales.view, 'nvfp4a16.edges.weight_scale');
    expectSame(data.view, 'nvfp4a16.edges.weight_packed');
  });

  test('mxfp4a16', () => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / 32;
    const [data, scales] = [room(groups * 16), room(groups)];
    run[`mxfp4Groups${suffix}`](src, groups, data.ptr, scales.ptr, stats());
    expectSame(scales.view, 'mxfp4a16.edges.weight_scale');
    expectSame(data.view, 'mxfp4a16.edges.weight_packed');
  });

  test('mxfp8', () => {
    const { rows, columns, src } = weights('edges');
    const groups = (rows * columns) / 32;
    const [data, scales] = [room(groups * 32), room(groups)];
    run[`mxfp8Groups${suffix}`](src, groups, data.ptr, scales.ptr, stats());
    expectSame(scales.view, 'mxfp8.edges.weight_scale');
    expectSame(data.view, 'mxfp8.edges.weight');
  });

  test('fp16 and bf16', () => {
    const { rows, columns, src } = weights('edges');
    const count = rows * columns;
    const data = room(count * 2);
    if (name !== 'f16') {
      run[name === 'f32' ? 'f32ToF16' : 'bf16ToF16'](src, count, Infinity, data.ptr, stats());
      expectSame(data.view, 'fp16.edges');
    }
    if (name !== 'bf16') {
      run[name === 'f32' ? 'f32ToBf16' : 'f16ToBf16'](src, count, Infinity, data.ptr, stats());
      expectSame(data.view, 'bf16.edges');
    }
  });
});
