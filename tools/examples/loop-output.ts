/** What `npm run local` prints about a build that it carried through to the endpoint. */
export interface LoopOutcome {
  /** Bytes of the model files. */
  readonly size: { readonly raw: number; readonly compressed: number };
  /** Percent right on the held-out set. */
  readonly accuracy: { readonly raw: number; readonly compressed: number };
  /** Milliseconds, the median of single predictions. */
  readonly latency: { readonly raw: number; readonly compressed: number };
  /** Predictions that the endpoint answered, and how many of them were right. */
  readonly predictions: number;
  readonly right: number;
}

/** @throws Error naming the line that is missing, or holds no usable number. */
export function readLoopOutput(text: string): LoopOutcome {
  const pair = (title: string, unit: string): { raw: number; compressed: number } => {
    const number = `([\\d.,]+) ${unit}`;
    const found = new RegExp(`^ *${title} +${number} +${number} +\\S`, 'm').exec(text);
    const [raw, compressed] = [found?.[1], found?.[2]].map((value) => Number((value ?? '').replaceAll(',', '')));
    if (!(raw > 0) || !(compressed > 0)) throw new Error(`there is no line "${title}" with two numbers in ${unit}`);
    return { raw, compressed };
  };
  if (!/^Endpoint: \S+, \w+, InService$/m.test(text)) throw new Error('no endpoint is said to be in service');
  const answers = [...text.matchAll(/ (right|wrong) +[\d.]+ ms$/gm)].map(([, verdict]) => verdict);
  return {
    size: pair('size', 'B'),
    accuracy: pair('accuracy on \\d+ held-out', '%'),
    latency: pair('latency \\(median\\)', 'ms'),
    predictions: answers.length,
    right: answers.filter((verdict) => verdict === 'right').length,
  };
}
