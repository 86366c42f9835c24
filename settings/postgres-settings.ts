import { z } from "zod";
import type { Problem } from "../common/problem";
import { flag } from "./pod-size";

/** Objects that a stack creates in PostgreSQL beside the data plane. */
export interface PostgresSettings {
  /**
   * True if the stack creates the application's roles and pg_partman. If false, they must exist. @default true on
   * Kubernetes
   */
  readonly manageRoles: boolean;
  /** True if the stack creates the database too, which works on plain PostgreSQL only. @default false */
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

/** Returns the settings with their defaults, and the problems in them. */
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
