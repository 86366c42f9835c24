import { randomInt, randomUUID } from "node:crypto";
import type { TenantType } from "../architecture/application";
import { quoteIdentifier } from "../common/identifier";

/** Ids of tenants that do not exist. They are recognisable, so that a run can delete what a killed one left. */
interface ProbeTenants {
  make(): string;
  /** Condition on the column that matches the ids of probe tenants of any run, and no others. */
  where(column: string): string;
}

const uuidPrefix = "7e57ab1e-7e57-4e57-a7e5-";
const textPrefix = "tenantry-verify-";
const bigintRange = { from: -9_223_372_010_000_000_000n, to: -9_223_372_000_000_000_000n };
const integerRange = { from: -2_147_480_000, to: -2_147_400_000 };

export function probeTenants(type: TenantType): ProbeTenants {
  switch (type) {
    case "uuid":
      return {
        make: () => `${uuidPrefix}${randomHex()}`,
        where: between(`'${uuidPrefix}000000000000'`, `'${uuidPrefix}ffffffffffff'`),
      };
    case "text":
      return {
        make: () => `${textPrefix}${randomHex()}`,
        where: (column) => `starts_with(${quoteIdentifier(column)}, '${textPrefix}')`,
      };
    case "bigint":
      return {
        make: () => String(bigintRange.from + BigInt(randomInt(10_000_000_000))),
        where: between(String(bigintRange.from), String(bigintRange.to)),
      };
    case "integer":
      return {
        make: () => String(randomInt(integerRange.from, integerRange.to)),
        where: between(String(integerRange.from), String(integerRange.to)),
      };
  }
}

function between(from: string, to: string): ProbeTenants["where"] {
  return (column) => `${quoteIdentifier(column)} BETWEEN ${from} AND ${to}`;
}

const randomHex = () => randomUUID().replaceAll("-", "").slice(-12);
