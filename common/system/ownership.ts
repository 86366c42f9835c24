import { Problems } from "../problem";
import { foreignOwner } from "./foreign-owner";

/**
 * Throws Problems where root would work in a folder of another account: what root makes there is in the way of that
 * account later, and a link that it puts there leads root elsewhere.
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
