import { hkdfSync } from "node:crypto";

const bytes = 24;

/**
 * Derives a role's password from the authority's key by HKDF (RFC 5869). Each run derives the same one, and a rotation
 * changes the Secret in place, because a protected Secret can't be replaced.
 */
export function derivedPassword(authorityKey: string, role: string, rotation: number): string {
  const derived = hkdfSync("sha256", authorityKey, "tenantry login", JSON.stringify([role, rotation]), bytes);
  return Buffer.from(derived).toString("base64url");
}
