import { table, TableNode } from './flatbuffer-nodes';
import { MODEL, OPERATOR_CODE } from './model-fields';
import { number, tablesOf, text } from './model-graph';

/** The model's operator codes, to which versions are added as they are needed. */
export class OperatorCodes {
  private readonly codes: TableNode[];

  constructor(model: TableNode) {
    this.codes = [...tablesOf(model, MODEL.operatorCodes)];
  }

  get tables(): readonly TableNode[] {
    return this.codes;
  }

  /** Index of the code for a built-in operator below 127 at this version. */
  index(builtin: number, version: number): number {
    const found = this.codes.findIndex(
      (code) =>
        number(code, OPERATOR_CODE.deprecatedBuiltin) === builtin &&
        number(code, OPERATOR_CODE.builtin) === builtin &&
        number(code, OPERATOR_CODE.version, 1) === version &&
        text(code, OPERATOR_CODE.custom) === '',
    );
    if (found >= 0) return found;
    this.codes.push(
      table('OperatorCode', {
        [OPERATOR_CODE.deprecatedBuiltin]: builtin,
        [OPERATOR_CODE.version]: version,
        [OPERATOR_CODE.builtin]: builtin,
      }),
    );
    return this.codes.length - 1;
  }
}
