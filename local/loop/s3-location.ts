/** Splits `s3://bucket/key`. @throws Error if it is no such address */
export function parseS3Uri(uri: string): { readonly bucket: string; readonly key: string } {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri);
  if (match === null) throw new Error(`expected an address such as s3://bucket/prefix/, received: ${uri}`);
  return { bucket: match[1], key: match[2] };
}
