import { handlerNames } from '../../tools/build';
import { bundleSizes, LARGEST_BUNDLE } from '../../tools/package/bundle-sizes';

test.each(bundleSizes())('the bundle $name loads fast: $zipped bytes zipped', ({ zipped }) => {
  expect(zipped).toBeLessThan(LARGEST_BUNDLE);
});

test('there is a bundle for every handler and for nothing else', () => {
  expect(
    bundleSizes()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(handlerNames());
});
