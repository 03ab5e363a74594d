import { giveUp } from './left-behind/give-up';
import { text } from './support/fields';
import { openStore, s3 } from './support/stores';

/** Gives a failed build up: no upload stays open, no part of an artifact stays behind, and it can be planned anew. */
export async function handler(event: Readonly<Record<string, unknown>>): Promise<{ abandoned: boolean }> {
  return { abandoned: await giveUp({ s3, openStore, work: text(event, 'work') }) };
}
