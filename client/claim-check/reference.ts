/** A payload that stands for a larger one in the store, in the terms of CloudEvents. */
export interface ClaimReference {
  /** URI of the object. */
  readonly dataref: string;
  /** Type of the content. */
  readonly datacontenttype: string;
  /** SHA-256 of the object's bytes, in hexadecimal. */
  readonly datasha256: string;
  /** Bytes of the content. */
  readonly databytes: number;
  /** Id of the tenant's key. */
  readonly datakey: string;
  readonly dataencryption: "A256GCM";
}

const sha256 = /^[0-9a-f]{64}$/;

/** True if the payload of an event stands for a larger one. */
export function isClaim(payload: unknown): payload is ClaimReference {
  if (typeof payload !== "object" || payload === null) return false;
  const { dataref, datasha256, datakey, dataencryption } = payload as Partial<ClaimReference>;
  return (
    typeof dataref === "string" &&
    typeof datakey === "string" &&
    typeof datasha256 === "string" &&
    sha256.test(datasha256) &&
    dataencryption === "A256GCM"
  );
}

/** The object's key in the store. */
export function claimKey(tenant: string, datasha256: string): string {
  return `claims/tenant_id=${encodeURIComponent(tenant)}/${datasha256}`;
}
