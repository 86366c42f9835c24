const mark = "[secret]";

/**
 * Removes passwords, and logins in URLs, from a text. Pulumi hides only values that it knows to be secret, so those in a SQL file
 * or a connection string would show.
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

/** True for a property that may hold a secret, by its name. */
export function isSensitive(path: string): boolean {
  return /password|passwd|secret|token|credential|private|\bkey\b|jaas/i.test(path);
}
