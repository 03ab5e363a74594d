import { resolve } from 'node:path';
import { ConsoleView } from './loop/console-view';
import { explain } from './loop/explain';
import { LocalLoop } from './loop/local-loop';
import { LoopOptions, parseOptions, USAGE, UsageError } from './loop/options';

/** A terminal's Ctrl-C reaches this process twice, directly and through its parents; only a later one is a second wish. */
const SAME_KEY_PRESS = 1000;

async function main(): Promise<number> {
  // The AWS SDK announces what later versions will need; this project's version is pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const root = resolve(__dirname, '..');
  const view = new ConsoleView();
  let options: LoopOptions | 'help';
  let loop: LocalLoop;
  try {
    options = parseOptions(process.argv.slice(2), root);
    if (options === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    loop = new LocalLoop(options, root, view);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const abort = new AbortController();
  listenForCtrlC(abort, view);
  process.once('exit', () => loop.abandon());
  try {
    await loop.run(abort.signal);
    return 0;
  } catch (error) {
    view.close();
    if (abort.signal.aborted) return 130;
    process.stderr.write(`\n${explain(error)}\n`);
    await loop.tellFailure(error);
    return 1;
  } finally {
    view.close();
    await loop.close();
  }
}

function listenForCtrlC(abort: AbortController, view: ConsoleView): void {
  let first = 0;
  const stop = (): void => {
    if (!abort.signal.aborted) {
      first = Date.now();
      view.close();
      view.line('\nStopping everything …');
      abort.abort();
    } else if (Date.now() - first > SAME_KEY_PRESS) {
      process.exit(130);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  // Whoever read the output is gone.
  process.stdout.on('error', stop);
  process.stderr.on('error', stop);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  },
);
