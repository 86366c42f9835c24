import { z } from "zod";
import type { Problem } from "../common/problem";
import { flag } from "./pod-size";

/** What a stack makes in PostgreSQL besides the data plane. */
export interface PostgresSettings {
  /** The application's roles and pg_partman; where it is off they are expected to be there. @default true on Kubernetes */
  readonly manageRoles: boolean;
  /** The database too, of plain PostgreSQL. @default false */
  readonly manageDatabase: boolean;
}

/** `tenantry:postgres` of a stack file. */
export const postgresSchema = z.strictObject({
  manageRoles: flag.exactOptional(),
  manageDatabase: flag.default(false),
});

interface Surroundings {
  readonly platform: "external" | "kubernetes";
  readonly citus: "required" | "auto";
}

/** The settings with their defaults, and what is wrong with them. */
export function postgresSettings(
  given: z.output<typeof postgresSchema> | undefined,
  { platform, citus }: Surroundings,
): { readonly settings: PostgresSettings; readonly problems: Problem[] } {
  const settings = { manageDatabase: false, manageRoles: platform === "kubernetes", ...given };
  const reason = !settings.manageDatabase
    ? undefined
    : platform === "kubernetes"
      ? "the Citus cluster makes its database itself"
      : citus === "required"
        ? "with Citus the database must be there on every node before the nodes are joined"
        : settings.manageRoles
          ? undefined
          : "it comes with the roles that may connect to it";
  const problem = reason && {
    what: `The stack cannot make the database: ${reason}`,
    got: "`tenantry:postgres.manageDatabase: true`",
    fix:
      platform === "external" && citus === "auto"
        ? "Set `manageRoles` to `true` as well, or remove `manageDatabase`"
        : "Remove `manageDatabase`",
  };
  return { settings, problems: problem ? [problem] : [] };
}
