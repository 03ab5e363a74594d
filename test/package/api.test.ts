import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeApi } from '../../tools/package/write-api';
import { requireCompiled, ROOT } from './support';

test('API.md is current', () => {
  requireCompiled();
  const folder = mkdtempSync(join(tmpdir(), 'modelpress-api-'));
  try {
    writeApi(join(folder, 'API.md'));
    const isCurrent = readFileSync(join(ROOT, 'API.md'), 'utf8') === readFileSync(join(folder, 'API.md'), 'utf8');
    expect(isCurrent ? 'current' : 'API.md is not what lib/ says; run: npm run api').toBe('current');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
