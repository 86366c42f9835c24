import { hkdfSync } from "node:crypto";

const bytes = 24;

/**
 * A role's password, which follows from the authority's key by HKDF (RFC 5869), so that each run comes to the same one and
 * a rotation changes it in place: a Secret that is protected can't be replaced.
 */
export function derivedPassword(authorityKey: string, role: string, rotation: number): string {
  const derived = hkdfSync("sha256", authorityKey, "tenantry login", JSON.stringify([role, rotation]), bytes);
  return Buffer.from(derived).toString("base64url");
}
