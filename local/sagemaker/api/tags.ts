import { Tag } from '@aws-sdk/client-sagemaker';
import { Context } from '../system/context';
import { validationError } from './api-error';
import { TAGS } from './common-shapes';
import { Operation, operation } from './operation';
import { list, string, structure } from './shapes';

const ARN = string(0, 256, 'arn:.*');

/** Remembers the tags that a Create request carries. */
export function saveTags(context: Context, arn: string, tags: readonly Tag[] | undefined): void {
  context.state.tags[arn] = {
    ...context.state.tags[arn],
    ...Object.fromEntries((tags ?? []).map((tag) => [tag.Key!, tag.Value!])),
  };
}

/** The tag operations. */
export function tagOperations(context: Context): Readonly<Record<string, Operation>> {
  const find = (arn: string): Record<string, string> => {
    const tags = context.state.tags[arn];
    if (tags === undefined) throw validationError(`Could not find resource "${arn}".`);
    return tags;
  };
  const asList = (tags: Record<string, string>): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    AddTags: operation(
      structure({ 'ResourceArn!': ARN, 'Tags!': TAGS }),
      (request: { ResourceArn: string; Tags: Tag[] }) => {
        find(request.ResourceArn);
        saveTags(context, request.ResourceArn, request.Tags);
        context.save();
        return { Tags: asList(find(request.ResourceArn)) };
      },
    ),
    ListTags: operation(structure({ 'ResourceArn!': ARN }), (request: { ResourceArn: string }) => ({
      Tags: asList(find(request.ResourceArn)),
    })),
    DeleteTags: operation(
      structure({ 'ResourceArn!': ARN, 'TagKeys!': list(string(1, 128), 1, 50) }),
      (request: { ResourceArn: string; TagKeys: string[] }) => {
        const tags = find(request.ResourceArn);
        for (const key of request.TagKeys) delete tags[key];
        context.save();
        return {};
      },
    ),
  };
}
