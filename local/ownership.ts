import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { Problems } from "../architecture/problem";
import { parseAccounts } from "./system-user";

/**
 * Throws Problems where root would work in a folder of another account: what root makes there is in the way of that
 * account later, and a link that it puts there leads root elsewhere.
 */
export function requireOwnFolders(path: string, purpose: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = foreignOwner(path);
  if (!owner) return;
  const name = accountName(owner.uid);
  throw new Problems([
    {
      what: `Root does not work in a folder of another account: ${path}, ${purpose}`,
      got: `${owner.directory} belongs to \`${name}\``,
      fix: `Run this as \`${name}\`, which can undo what it makes; or, if the folder shall be root's: \`chown -R root ${owner.directory}\`.`,
    },
  ]);
}

/** The first folder on the way to the path, or the path itself, that is not root's. */
function foreignOwner(path: string): { readonly directory: string; readonly uid: number } | undefined {
  const way: string[] = [];
  for (let directory = nearest(path); ; directory = dirname(directory)) {
    way.unshift(directory);
    if (directory === dirname(directory)) break;
  }
  for (const directory of way) {
    const { uid } = lstatSync(directory);
    if (uid !== 0) return { directory, uid };
  }
  return undefined;
}

/** The path without links, or of what does not exist yet the folder that it would be made in. */
function nearest(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : nearest(dirname(path));
  }
}

function accountName(uid: number): string {
  const accounts = parseAccounts(readFileSync("/etc/passwd", "utf8"));
  return accounts.find((account) => account.uid === uid)?.name ?? `#${uid}`;
}
