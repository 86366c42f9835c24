import type { TenantType } from "../application";

interface Form {
  readonly pattern: RegExp;
  readonly expected: string;
  /** Bits of a whole number. */
  readonly bits?: number;
}

const forms: Readonly<Record<TenantType, Form>> = {
  uuid: { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, expected: "a uuid" },
  bigint: { pattern: /^-?\d{1,19}$/, expected: "a whole number of 64 bits", bits: 64 },
  integer: { pattern: /^-?\d{1,10}$/, expected: "a whole number of 32 bits", bits: 32 },
  text: { pattern: /^[^\0]{1,200}$/s, expected: "a text of 200 characters at most" },
};

/** The expected form of a tenant column's value; undefined if the written value has it. */
export function expectedInstead(type: TenantType, written: string): string | undefined {
  const { pattern, expected, bits } = forms[type];
  const fits =
    pattern.test(written) && (bits === undefined || BigInt.asIntN(bits, BigInt(written)) === BigInt(written));
  return fits ? undefined : expected;
}

/** The value in PostgreSQL's spelling, so that a tenant has one spelling only. */
export function tenantValue(type: TenantType, written: string): string {
  if (type === "uuid") return written.toLowerCase();
  return forms[type].bits === undefined ? written : String(BigInt(written));
}
