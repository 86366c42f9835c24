/** The name of the stack whose file this is; undefined for any other file. */
export function stackOf(path: string): string | undefined {
  return /(?:^|\/)Pulumi\.([^/]+)\.yaml$/.exec(path)?.[1];
}
