import { validationError } from './api-error';

/** What a List request may ask for. */
export interface ListingRequest {
  readonly NameContains?: string;
  readonly StatusEquals?: string;
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly SortBy?: string;
  readonly SortOrder?: string;
}

/** What a listing needs to know of an entry. */
export interface Listed {
  readonly name: string;
  readonly status?: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** Filters, sorts and cuts entries the way List operations do: newest first unless asked otherwise. */
export function page<T extends Listed>(
  entries: readonly T[],
  request: ListingRequest,
): { page: T[]; NextToken?: string } {
  const found = entries.filter(
    (entry) =>
      entry.name.includes(request.NameContains ?? '') &&
      (request.StatusEquals === undefined || entry.status === request.StatusEquals),
  );
  const direction = request.SortOrder === 'Ascending' ? 1 : -1;
  const key = (entry: T): string | number => {
    if (request.SortBy === 'Name') return entry.name;
    return request.SortBy === 'Status' ? (entry.status ?? '') : entry.created;
  };
  found.sort((a, b) => (key(a) < key(b) ? -direction : key(a) > key(b) ? direction : 0));
  const token = request.NextToken === undefined ? '0' : Buffer.from(request.NextToken, 'base64').toString();
  if (!/^\d{1,9}$/.test(token)) throw validationError(`Invalid NextToken: ${request.NextToken}`);
  const start = Number(token);
  const end = start + (request.MaxResults ?? 10);
  return {
    page: found.slice(start, end),
    ...(end < found.length ? { NextToken: Buffer.from(String(end)).toString('base64') } : {}),
  };
}
