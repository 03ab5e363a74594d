/** The first prediction of an answer. */
export interface Answer {
  readonly predicted: string;
  readonly confidence: number;
  /** How much each feature moved the probability of what is predicted, where the endpoint explains. */
  readonly attributions?: readonly Attribution[];
}

export interface Attribution {
  readonly feature: string;
  readonly value: number;
}

interface Plain {
  readonly predictions: readonly { readonly label: string | number; readonly probabilities: readonly number[] }[];
}

/** As SageMaker Clarify answers, here with probabilities as CSV. */
interface Explained {
  readonly predictions: { readonly data: string };
  readonly label_headers: readonly string[];
  readonly explanations: {
    readonly kernel_shap: readonly (readonly {
      readonly feature_header: string;
      readonly attributions: readonly { readonly attribution: readonly number[] }[];
    }[])[];
  };
}

/** Reads the answer of an example's endpoint: a label and the probability of every label, explained or not. */
export function readAnswer(body: string): Answer {
  const answer = JSON.parse(body) as Plain | Explained;
  if (isExplained(answer)) return readExplained(answer);
  const [{ label, probabilities }] = answer.predictions;
  return { predicted: String(label), confidence: Math.max(...probabilities) };
}

function isExplained(answer: Plain | Explained): answer is Explained {
  return 'explanations' in answer;
}

function readExplained({ predictions, label_headers: labels, explanations }: Explained): Answer {
  const probabilities = predictions.data.split('\n')[0].split(',').map(Number);
  const confidence = Math.max(...probabilities);
  const index = probabilities.indexOf(confidence);
  const [record] = explanations.kernel_shap;
  const attributions = record.map(({ feature_header: feature, attributions: [{ attribution }] }) => ({
    feature,
    value: attribution[index],
  }));
  return { predicted: labels[index], confidence, attributions };
}
