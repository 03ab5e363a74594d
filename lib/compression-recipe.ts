import { checkPattern } from './private/check-pattern';
import { CompressionMode } from './compression-mode';
import { Pruning } from './pruning';
import { QuantFormat } from './quant-format';

/** How many weights share a scale. */
export interface GroupOptions {
  /**
   * A multiple of 16 from 16 to 1024.
   *
   * @default - 128 for int4, what the method prescribes otherwise
   */
  readonly groupSize?: number;
}

/** Another method for some modules. */
export interface CompressionOverride {
  /** A name, or `re:` and a regular expression that matches from the start. */
  readonly match: string;
  /** The recipe whose method and group size count for what matches. */
  readonly recipe: CompressionRecipe;
}

/**
 * What happens to a model's weights: pruning first, then quantization. Immutable; every `with…` gives a new recipe.
 *
 * @example
 * CompressionRecipe.w4a16({ groupSize: 128 }).withPruning(Pruning.magnitude(0.5)).withMode(CompressionMode.EXACT);
 */
export class CompressionRecipe {
  /**
   * 8-bit weights, a scale for each channel. TFLite, where activations are quantized while running; ONNX, where weights
   * are floats again before they are multiplied.
   */
  public static int8(): CompressionRecipe {
    return new CompressionRecipe({ method: 'int8' });
  }

  /** 4-bit weights, a scale for each channel (TFLite) or block (ONNX), where there are kernels for them; 8-bit elsewhere. */
  public static int4(): CompressionRecipe {
    return new CompressionRecipe({ method: 'int4' });
  }

  /** 8-bit weights, multiplied with activations that are quantized while running. ONNX on CPUs. */
  public static int8Dynamic(): CompressionRecipe {
    return new CompressionRecipe({ method: 'int8-dynamic' });
  }

  /** Half precision. */
  public static fp16(): CompressionRecipe {
    return new CompressionRecipe({ method: 'fp16' });
  }

  /** Half the size of float32, with its range. */
  public static bf16(): CompressionRecipe {
    return new CompressionRecipe({ method: 'bf16' });
  }

  /** 8-bit weights and activations. */
  public static w8a8(): CompressionRecipe {
    return new CompressionRecipe({ method: 'w8a8' });
  }

  /** 8-bit weights, 16-bit activations. */
  public static w8a16(options: GroupOptions = {}): CompressionRecipe {
    return new CompressionRecipe({ method: 'w8a16' }).grouped(options);
  }

  /** 4-bit weights around zero, 16-bit activations. */
  public static w4a16(options: GroupOptions = {}): CompressionRecipe {
    return new CompressionRecipe({ method: 'w4a16' }).grouped(options);
  }

  /** 4-bit weights with a zero point, 16-bit activations. */
  public static w4a16Asymmetric(options: GroupOptions = {}): CompressionRecipe {
    return new CompressionRecipe({ method: 'w4a16-asym' }).grouped(options);
  }

  /** 8-bit floats, a scale for each channel. Ada, Hopper and later GPUs compute in it. */
  public static fp8(): CompressionRecipe {
    return new CompressionRecipe({ method: 'fp8' });
  }

  /** 8-bit floats, a scale for each block of 128 by 128. */
  public static fp8Block(): CompressionRecipe {
    return new CompressionRecipe({ method: 'fp8-block' });
  }

  /** NVIDIA's 4-bit floats in groups of 16, 16-bit activations. */
  public static nvfp4a16(): CompressionRecipe {
    return new CompressionRecipe({ method: 'nvfp4a16' });
  }

  /** The open 4-bit floats in groups of 32, 16-bit activations. */
  public static mxfp4a16(): CompressionRecipe {
    return new CompressionRecipe({ method: 'mxfp4a16' });
  }

  /** The open 8-bit floats in groups of 32. */
  public static mxfp8(): CompressionRecipe {
    return new CompressionRecipe({ method: 'mxfp8' });
  }

  /** Leaves the numbers as they are; prune, or override some modules. */
  public static none(): CompressionRecipe {
    return new CompressionRecipe({ method: 'none' });
  }

  /** A method by its name, for names that come from a configuration. */
  public static of(method: string, options: GroupOptions = {}): CompressionRecipe {
    return new CompressionRecipe({ method }).grouped(options);
  }

  /** The method's name. */
  public readonly method: string;

  private constructor(private readonly fields: RecipeFields) {
    this.method = fields.method;
    if (!METHODS.includes(fields.method)) {
      throw new Error(`The compression method must be one of ${METHODS.join(', ')}, received: ${fields.method}`);
    }
  }

  /** Prunes before quantizing. */
  public withPruning(pruning: Pruning): CompressionRecipe {
    return new CompressionRecipe({ ...this.fields, prune: pruning._render() });
  }

  /** Changes what the rounding is after. */
  public withMode(mode: CompressionMode): CompressionRecipe {
    return new CompressionRecipe({ ...this.fields, mode });
  }

  /**
   * Chooses the operators that read four-bit weights of ONNX models. Without it, they are `QuantFormat.QOPERATOR`.
   *
   * @param quantFormat For w4a16 and w4a16-asym; models before operator set 21 are refused with `QuantFormat.QDQ`.
   */
  public withQuantFormat(quantFormat: QuantFormat): CompressionRecipe {
    return new CompressionRecipe({ ...this.fields, quantFormat });
  }

  /**
   * Leaves modules or tensors alone.
   *
   * @param patterns Names, or `re:` and a regular expression that matches from the start. They replace the defaults.
   */
  public withIgnore(...patterns: string[]): CompressionRecipe {
    patterns.forEach(checkPattern);
    return new CompressionRecipe({ ...this.fields, ignore: patterns });
  }

  /** Treats some modules otherwise; the first match counts. */
  public withOverrides(...overrides: CompressionOverride[]): CompressionRecipe {
    overrides.forEach(({ match }) => checkPattern(match));
    const rendered = overrides.map(({ match, recipe }) => ({
      match,
      method: recipe.method,
      ...(recipe.fields.groupSize === undefined ? {} : { groupSize: recipe.fields.groupSize }),
    }));
    return new CompressionRecipe({ ...this.fields, overrides: rendered });
  }

  /**
   * As the functions take it.
   *
   * @internal
   */
  public _render(): Record<string, unknown> {
    const { method, prune, overrides, quantFormat } = this.fields;
    if (method === 'none' && prune === undefined && overrides === undefined) {
      throw new Error(
        'This recipe does nothing: its method is "none"; add withPruning() or withOverrides(), or choose a method',
      );
    }
    const methods = [method, ...(overrides ?? []).map((override) => override.method)];
    if (quantFormat !== undefined && !methods.some((each) => each.startsWith('w4a16'))) {
      throw new Error(`quantFormat is for w4a16 and w4a16-asym, received it with: ${methods.join(', ')}`);
    }
    return { ...this.fields };
  }

  private grouped(options: GroupOptions): CompressionRecipe {
    const size = options.groupSize;
    if (size === undefined) return this;
    if (!(Number.isInteger(size) && size >= 16 && size <= 1024 && size % 16 === 0)) {
      throw new Error(`groupSize must be a multiple of 16 from 16 to 1024, received: ${size}`);
    }
    return new CompressionRecipe({ ...this.fields, groupSize: size });
  }
}

interface RecipeFields {
  readonly method: string;
  readonly mode?: string;
  readonly prune?: number | string;
  readonly groupSize?: number;
  readonly quantFormat?: string;
  readonly ignore?: string[];
  readonly overrides?: { match: string; method: string; groupSize?: number }[];
}

const METHODS = [
  'none',
  'int8',
  'int4',
  'int8-dynamic',
  'fp16',
  'bf16',
  'w8a8',
  'w8a16',
  'w4a16',
  'w4a16-asym',
  'fp8',
  'fp8-block',
  'nvfp4a16',
  'mxfp4a16',
  'mxfp8',
];
