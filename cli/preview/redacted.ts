const mark = "[secret]";

/**
 * Pulumi leaves out what it knows to be secret. What a SQL file or a connection string spells out, it cannot know: this
 * takes the value of every password and every login in an address out.
 */
export function redacted(text: string): string {
  return text
    .replaceAll(/(\bPASSWORD\s+)(E?'(?:[^']|'')*')/gi, `$1'${mark}'`)
    .replaceAll(
      /(\b\w*(?:password|passwd|secret|token)["']?\s*[=:]\s*["']?)(?!\$\{|["']?\[secret\])([^\s"',}]+)/gi,
      `$1${mark}`,
    )
    .replaceAll(/(:\/\/[^\s:/@]+:)[^\s@/]+@/g, `$1${mark}@`);
}

/** Names of properties whose values nobody needs in a comment. */
export function isSensitive(path: string): boolean {
  return /password|passwd|secret|token|credential|private|\bkey\b|jaas/i.test(path);
}
