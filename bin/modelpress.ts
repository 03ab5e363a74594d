#!/usr/bin/env node
import { runCommandLine } from '../cli/run-command-line';

runCommandLine(process.argv.slice(2), process).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
