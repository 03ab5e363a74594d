import { InvalidModelError } from '../../errors';
import { StoredObject } from '../../io/object-store';
import { SourceRange } from '../../steps';
import { Message, messagesOf, stringOf } from './message';
import { ENTRY, TENSOR } from './schema';

/** Finds data that lies in files beside the model. */
export class ExternalFiles {
  /** Indexes of the files that tensors refer to. */
  readonly used = new Set<number>();
  private readonly folder: string;
  private readonly byKey: ReadonlyMap<string, number>;

  /** @param model Key of the model. */
  constructor(
    readonly model: string,
    private readonly files: readonly StoredObject[],
  ) {
    this.folder = model.slice(0, model.lastIndexOf('/') + 1);
    this.byKey = new Map(files.map((file, index) => [file.key, index]));
  }

  /**
   * Where a tensor's data lies.
   *
   * @param expected Bytes that the tensor takes, where its shape and type tell.
   * @throws InvalidModelError when the file is not beside the model, or the range does not lie in it.
   */
  locate(tensor: Message, name: string, expected: number | undefined): SourceRange {
    const entries = new Map(
      messagesOf(tensor, TENSOR.external).map((entry) => [stringOf(entry, ENTRY.key), stringOf(entry, ENTRY.value)]),
    );
    const fail = (problem: string): never => {
      throw new InvalidModelError(this.model, `tensor ${JSON.stringify(name)} ${problem}`);
    };
    const location = entries.get('location') ?? fail('is stored outside the model, but does not tell where');
    const file = this.fileAt(location, fail);
    const offset = wholeNumber(entries.get('offset') ?? '0') ?? fail(`has the offset ${entries.get('offset')}`);
    const { key, size } = this.files[file];
    const told = entries.get('length');
    const length =
      told === undefined ? (expected ?? size - offset) : (wholeNumber(told) ?? fail(`has the length ${told}`));
    if (!(length >= 0 && offset + length <= size)) {
      fail(`lies at bytes ${offset} to ${offset + length} of ${key}, which has ${size}; upload that file again`);
    }
    this.used.add(file);
    return { file, offset, length };
  }

  private fileAt(location: string, fail: (problem: string) => never): number {
    const steps = location.replace(/^(?:\.\/)+/, '').split('/');
    if (/^[/\\]|^[a-z]:|\\|\0/i.test(location) || steps.some((step) => step === '' || step === '.' || step === '..')) {
      fail(`is stored in ${JSON.stringify(location)}, which is not a path inside the model's folder`);
    }
    const key = this.folder + steps.join('/');
    return this.byKey.get(key) ?? fail(`is stored in ${key}, which is not there; put it beside the model`);
  }
}

function wholeNumber(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : undefined;
  return value === undefined || Number.isSafeInteger(value) ? value : undefined;
}
