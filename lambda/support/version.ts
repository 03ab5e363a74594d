import { version } from '../../package.json';

/** Version of modelpress, as the package has it. */
export const VERSION = version;
