/** The stack's name from the path of its file; undefined for any other file. */
export function stackOf(path: string): string | undefined {
  return /(?:^|\/)Pulumi\.([^/]+)\.yaml$/.exec(path)?.[1];
}
