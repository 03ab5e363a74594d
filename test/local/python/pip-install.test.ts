import { cleanPythonEnvironment, describePipLine, runPython } from '../../../local/python/pip-install';
import { findPython } from '../../../local/python/find-python';

describe('pip-install', () => {
  test('shows large downloads and the installation, and nothing else', () => {
    expect(
      describePipLine('  Downloading tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl (273.8 MB)'),
    ).toBe('downloading tensorflow_cpu (273.8 MB)');
    expect(describePipLine('Installing collected packages: a, b, c')).toBe('installing 3 packages');
    expect(describePipLine('  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)')).toBeUndefined();
    expect(describePipLine('Collecting six')).toBeUndefined();
  });

  test('keeps the settings of the registry and drops what would redirect the installation', () => {
    const environment = cleanPythonEnvironment({
      PYTHONPATH: '/x',
      PIP_TARGET: '/y',
      PIP_INDEX_URL: 'https://example.org',
    });
    expect(environment).toMatchObject({ PIP_INDEX_URL: 'https://example.org', PYTHONNOUSERSITE: '1' });
    expect(environment).not.toHaveProperty('PYTHONPATH');
    expect(environment).not.toHaveProperty('PIP_TARGET');
  });

  test('ends the command when it is aborted', async () => {
    const abort = new AbortController();
    const running = runPython(
      findPython().executable,
      ['-c', 'import time; print("up", flush=True); time.sleep(600)'],
      () => abort.abort(new Error('stopped')),
      abort.signal,
    );
    await expect(running).rejects.toThrow('stopped');
  });
});
