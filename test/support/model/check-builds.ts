import { Manifest } from '../../../lambda/engine/manifest';
import { BUCKET } from './stage';
import { World } from './world';

const ARTIFACTS = `${BUCKET}/compressed/digits/`;

/** What must be true at any time: what counts as finished is whole. */
export function checkArtifacts({ s3 }: World): void {
  for (const place of s3.keys(ARTIFACTS).filter((key) => key.endsWith('/manifest.json'))) {
    const folder = place.slice(0, -'manifest.json'.length);
    const { files } = JSON.parse(s3.text(place)!) as Manifest;
    const sizes = files.map(({ key }) => s3.objects.get(folder + key)?.body.length);
    expect(sizes).toEqual(files.map(({ size }) => size));
  }
}

/** What must be true once all builds have ended and what they left behind was removed. */
export function checkBuilds(world: World): void {
  const { s3 } = world;
  checkArtifacts(world);
  expect([...s3.uploads.values()].map(({ place }) => place)).toEqual([]);
  const builds = new Set(s3.keys(ARTIFACTS).map((key) => key.slice(ARTIFACTS.length).split('/')[0]));
  for (const build of builds) {
    const folder = `${ARTIFACTS}${build}/`;
    const { files } = JSON.parse(s3.text(`${folder}manifest.json`) ?? '{"files":[]}') as Manifest;
    expect(s3.keys(folder)).toEqual([...files.map(({ key }) => folder + key), `${folder}manifest.json`].sort());
  }
  const planned = s3.keys(`${BUCKET}/work/digits/`).map((key) => key.split('/')[3]);
  for (const build of planned) expect(builds).toContain(build);
}
