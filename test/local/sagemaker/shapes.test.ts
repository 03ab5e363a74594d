import { page } from '../../../local/sagemaker/api/listing';
import { check, integer, list, map, oneOf, string, structure } from '../../../local/sagemaker/api/shapes';

const SHAPE = structure({
  'Name!': string(2, 4, '[a-z]+'),
  Count: integer(1, 3),
  Kind: oneOf('A', 'B'),
  Parts: list(structure({ 'Id!': string() }), 1, 2),
  Settings: map(string(0, 3), 2),
});

test('a request that fits passes, with null as absent and unknown fields ignored', () => {
  check({ Name: 'abc', Count: 3, Kind: 'A', Parts: [{ Id: '' }], Settings: { a: 'x' }, Other: {} }, SHAPE);
  check({ Name: 'abc', Count: null }, SHAPE);
});

test.each([
  [{}, "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"],
  [
    { Name: 'a' },
    "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
  ],
  [{ Name: 'abcde' }, 'Member must have length less than or equal to 4'],
  [{ Name: 'ab\n' }, 'Member must satisfy regular expression pattern: [a-z]+'],
  [
    { Name: 'ab', Count: 0 },
    "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ],
  [{ Name: 'ab', Count: 4 }, 'Member must have value less than or equal to 3'],
  [{ Name: 'ab', Count: 1.5 }, 'count must be an integer, received 1.5'],
  [
    { Name: 'ab', Kind: 'C' },
    "Value 'C' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [A, B]",
  ],
  [{ Name: 'ab', Parts: [] }, 'Member must have length greater than or equal to 1'],
  [{ Name: 'ab', Parts: [{ Id: 'x' }, {}] }, "Value null at 'parts.2.member.id'"],
  [{ Name: 'ab', Parts: {} }, 'parts must be a list, received a object'],
  [{ Name: 'ab', Settings: { a: 'long' } }, "at 'settings.a.member'"],
  [{ Count: 0 }, '2 validation errors detected'],
])('%j is refused', (input, message) => {
  expect(() => check(input, SHAPE)).toThrow(message);
});

test('lists are filtered, sorted and cut', () => {
  const entries = [
    { name: 'b', status: 'On', created: 2 },
    { name: 'ab', status: 'Off', created: 3 },
    { name: 'c', status: 'On', created: 1 },
  ];
  const names = (request: object): string[] => page(entries, request).page.map((entry) => entry.name);
  expect(names({})).toEqual(['ab', 'b', 'c']);
  expect(names({ SortOrder: 'Ascending' })).toEqual(['c', 'b', 'ab']);
  expect(names({ SortBy: 'Name', SortOrder: 'Ascending' })).toEqual(['ab', 'b', 'c']);
  expect(names({ NameContains: 'b', StatusEquals: 'On' })).toEqual(['b']);
  const first = page(entries, { MaxResults: 2 });
  expect(first.page).toHaveLength(2);
  const last = page(entries, { MaxResults: 2, NextToken: first.NextToken });
  expect(last).toEqual({ page: [entries[2]] });
  expect(() => page(entries, { NextToken: 'x' })).toThrow('Invalid NextToken');
});
