import { WeightType } from '../../../weights/weight-type';
import { Scheme } from './scheme';

/** What an encoder has to do. Addresses are those of kernel memory, which is also where it takes its buffers. */
export interface EncoderJob {
  readonly scheme: Scheme;
  readonly dtype: WeightType;
  /** Length of a row. */
  readonly columns: number;
  /** Rows of a call at the most. */
  readonly maxRows: number;
  /** Whether the bytes are the reference's; otherwise the error is kept small. */
  readonly exact: boolean;
  /** For schemes that share one. */
  readonly globalScale: number | undefined;
  /** Address of three f64 that signal, noise and zeros are added to. */
  readonly stats: number;
}

/** Some rows in a number format. The views hold until the next call. */
export interface EncodedRows {
  readonly data: Uint8Array;
  readonly scales: Uint8Array;
  readonly zeroPoints?: Uint8Array;
  /** Bits of the largest magnitude, from which infinities and NaN are told. */
  readonly absmaxBits: number;
}

/** Turns rows of weights into a number format. */
export interface Encoder {
  encode(source: number, rows: number): EncodedRows;
}
