import { EnsurePythonOptions, findEnvironment } from '../../local/python/ensure-python';

/**
 * Path of the Python that tests run: that of `.venv`, or MODELPRESS_PYTHON. It is not installed from within a test, which
 * may not take as long as that.
 *
 * @throws Error when it is not there, or older than its requirements.
 */
export function testPython(options: Pick<EnsurePythonOptions, 'withTestPeers'> = {}): string {
  const python = process.env.MODELPRESS_PYTHON ?? findEnvironment(options)?.python;
  if (python !== undefined) return python;
  throw new Error(
    'the Python environment in .venv is missing or out of date; `npm test -- <path of a test>` installs it and runs the test',
  );
}
