import { METHODS } from '../lambda/engine/recipe';

/** Bad usage: told with a pointer to the help, exit code 2. */
export class UsageError extends Error {}

export const USAGE = `Usage:
  modelpress compress <source> <destination> --recipe <method> [options]
  modelpress inspect <source> [--recipe <method>] [options]
  modelpress run --stack <name> [--source <s3 address> | --if-changed] [--wait]
  modelpress status --stack <name>
  modelpress release <build or artifact> --stack <name> [--wait]
  modelpress history --stack <name> [--limit <n>]

<source> and <destination> are folders or s3://bucket/prefix/ addresses; the source may be a single model file.

Options:
  --recipe <method>     ${METHODS.join(', ')}
  --mode exact|best     exact: the reference's bytes; best: less error at the same size (default)
  --prune <share>|2:4   set the smallest weights to zero first: a share such as 0.5, or two of every four
  --group-size <n>      weights that share a scale, for w4a16, w4a16-asym, w8a16 and int4 of ONNX (default 128)
  --quant-format QOperator|QDQ
                        for w4a16 and w4a16-asym of ONNX: MatMulNBits (default), or DequantizeLinear, operator set 21
  --ignore <pattern>    leave a module or tensor alone: a name, or re:<regular expression>; may be repeated
  --override <pattern>=<method>
                        another method for some modules; may be repeated, the first match counts
  --jobs <n>            threads that work (default: all cores)

For a deployed pipeline:
  --stack <name>        the CloudFormation stack that holds it
  --model <name>        its model or endpoint, where the stack has several pipelines
  --source <address>    build the trained model at s3://bucket/prefix/ (default: train one)
  --if-changed          build only what the deployed inputs ask for
  --wait                until the endpoint serves; fails when it does not
  --limit <n>           builds to show (default 20)

  --json                one JSON object on standard output
  --help                this text

Exit codes: 0 done, 1 failed, 2 wrong usage.`;
