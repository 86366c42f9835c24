import { z } from "zod";

/** How tenants share the database: in common tables, in a schema each, or in a database each. */
export type Model = "shared" | "schema" | "silo";

/** A tenant that has a schema or a database of its own. */
export interface Tenant {
  /** Part of the names of its schema or database, roles, slots and connectors, so it never changes. */
  readonly name: string;
  /** The value of the tenant column, as text. */
  readonly id: string;
}

export interface Tenancy {
  readonly model: Model;
  /** The tenants that the stack provisions. Empty in the model `shared`, where tenants are rows. */
  readonly tenants: readonly Tenant[];
}

/** The model in which tenants are rows. */
export const shared: Tenancy = { model: "shared", tenants: [] };

const nameExpected = "a lower-case letter, then lower-case letters, digits and `_`, 30 at most";
const idExpected = "the value of the tenant column, in quotes if it is a long number";

/** Schema of `tenantry:tenants` in a stack file. */
export const tenantsSchema = z
  .array(
    z.strictObject(
      {
        name: z.string(nameExpected).regex(/^[a-z][a-z0-9_]{0,29}$/, nameExpected),
        id: z.preprocess(
          // YAML has already rounded a larger number.
          (value) => (Number.isSafeInteger(value) ? String(value) : value),
          z.string(idExpected).min(1, idExpected),
        ),
      },
      "an object such as `{ name: acme, id: 5e5b2c1a-… }`",
    ),
    "a list such as `[{ name: acme, id: 5e5b2c1a-… }]`",
  )
  .superRefine((tenants, context) => {
    for (const key of ["name", "id"] as const) {
      const seen = new Set<string>();
      tenants.forEach((tenant, index) => {
        const value = tenant[key];
        if (seen.has(value)) {
          const message = `${key === "id" ? "an id" : "a name"} of its own: another tenant of the list has this one`;
          context.addIssue({ code: "custom", message, path: [index, key] });
        }
        seen.add(value);
      });
    }
  });
