import { Problems } from "../problem";
import { foreignOwner } from "./foreign-owner";

/**
 * Throws Problems if root would work in a folder of another account. Files that root creates would hinder that account
 * later, and a link of that account could lead root elsewhere.
 */
export function requireOwnFolders(path: string, purpose: string): void {
  const owner = foreignOwner(path);
  if (!owner) return;
  const { directory, account } = owner;
  throw new Problems([
    {
      what: `Root does not work in a folder of another account: ${path}, ${purpose}`,
      got: `${directory} belongs to \`${account}\``,
      fix: `Run this as \`${account}\`; or, if the folder shall be root's: \`chown -R root ${directory}\`.`,
    },
  ]);
}
