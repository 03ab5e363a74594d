import { ClarifyExplainerConfig } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { TestSageMaker } from './test-sagemaker';

/**
 * Serves the network of a golden file; CSV in, and with a list below `features` JSON Lines, too. It refuses more than
 * `limit` records at once.
 */
export const NETWORK_SCRIPT = `
import csv, io, json, os
import numpy as np

class Refused(ValueError):
    status_code = 413

def model_fn(model_dir):
    return json.load(open(os.path.join(model_dir, "name.txt")))

def input_fn(body, content_type):
    if content_type == "text/csv":
        return [[float(cell) for cell in row] for row in csv.reader(io.StringIO(body))]
    return [json.loads(line)["features"] for line in body.splitlines()]

def predict_fn(rows, model):
    if len(rows) > model.get("limit", 10**6):
        raise Refused(f"{len(rows)} records are too many")
    (first, first_bias), (second, second_bias) = [[np.array(part) for part in layer] for layer in model["layers"]]
    result = np.tanh(np.array(rows) @ first + first_bias) @ second + second_bias
    if model["output"] == "sigmoid":
        return 1 / (1 + np.exp(-result))
    if model["output"] == "softmax":
        powers = np.exp(result - result.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    return result

def output_fn(prediction, accept):
    rows = prediction.tolist()
    if accept == "application/jsonlines":
        return "\\n".join(json.dumps({"labels": ["yes"], "score": row[0]}) for row in rows), accept
    if accept == "application/json":
        return json.dumps(rows), accept
    return "\\n".join(",".join(map(repr, row)) for row in rows), "text/csv"
`;

/** Counts good and bad words, and adds a hundredth of the number in the second column. */
export const TEXT_SCRIPT = `
import csv, io, re

def model_fn(model_dir):
    return {"good": 0.25, "bad": -0.125}

def input_fn(body, content_type):
    return list(csv.reader(io.StringIO(body)))

def predict_fn(rows, words):
    return [sum(words[word] for word in re.findall("good|bad", row[0])) + float(row[1]) / 100 for row in rows]

def output_fn(prediction, accept):
    return "\\n".join(map(repr, prediction)), "text/csv"
`;

/** What an explained endpoint answers. */
export interface Explained {
  version: string;
  predictions: { content_type: string; data: string };
  label_headers?: string[];
  explanations: {
    kernel_shap?: (
      | {
          attributions: { attribution: number[]; description?: { partial_text: string; start_idx: number } }[];
          feature_header?: string;
          feature_type?: string;
        }[]
      | null
    )[];
  };
}

/** A config whose predictions are explained; returns its name. */
export function explainedConfig(
  sageMaker: TestSageMaker,
  model: object,
  explainer: ClarifyExplainerConfig,
  script = NETWORK_SCRIPT,
): Promise<string> {
  const ExplainerConfig = { ClarifyExplainerConfig: explainer };
  return sageMaker.config(JSON.stringify(model), script, {}, { ExplainerConfig });
}

/** An explainer with the baseline's records as CSV. */
export function explainerOf(
  baseline: readonly (readonly (number | string)[])[],
  more: Partial<ClarifyExplainerConfig> & { readonly shap?: object } = {},
): ClarifyExplainerConfig {
  const { shap, ...rest } = more;
  const ShapBaseline = baseline.map((row) => row.join(',')).join('\n');
  return { ...rest, ShapConfig: { ShapBaselineConfig: { ShapBaseline }, ...shap } };
}

/** Sends records to an explained endpoint. */
export async function explain(
  sageMaker: TestSageMaker,
  name: string,
  body: string,
  more: { EnableExplanations?: string; ContentType?: string; Accept?: string } = {},
): Promise<Explained> {
  const answer = await sageMaker.runtime.send(
    new InvokeEndpointCommand({ EndpointName: name, ContentType: 'text/csv', Accept: 'text/csv', Body: body, ...more }),
  );
  expect(answer.ContentType).toBe('application/json');
  return JSON.parse(Buffer.from(answer.Body).toString()) as Explained;
}

/** The attributions of the first record, a list for each feature. */
export function attributionsOf({ explanations }: Explained): number[][] {
  return explanations.kernel_shap![0]!.map(({ attributions }) => attributions[0].attribution);
}

/** The numbers that the model itself answered, a list for each record. */
export function predictionsOf({ predictions }: Explained): number[][] {
  return predictions.data.split('\n').map((line) => line.split(',').map(Number));
}
