import type { Facet, Gap } from "./gap";

const name = "tenantry_isolate_partitions";
const isolate = "tenantry.isolate_partitions()";
const tags = ["ALTER TABLE", "CREATE TABLE"];

interface FoundTrigger {
  readonly has_function: boolean;
  /** Null without the trigger. */
  readonly enabled: string | null;
  readonly event: string | null;
  readonly tags: readonly string[] | null;
  readonly calls: string | null;
}

/** Without the trigger, the next partition has no row level security. */
export const eventTrigger: Facet = {
  everyNode: false,
  async read(read) {
    const [found] = await read<FoundTrigger>(
      `SELECT to_regprocedure($2) IS NOT NULL AS has_function, evtenabled::text AS enabled, evtevent::text AS event,
         ARRAY(SELECT unnest(evttags) ORDER BY 1) AS tags, evtfoid::regprocedure::text AS calls
       FROM (VALUES (1)) AS one LEFT JOIN pg_event_trigger ON evtname = $1`,
      [name, isolate],
    );
    return found ? judgeTrigger(found) : [];
  },
};

/**
 * sql/base/070_partition_trigger.sql creates the trigger. It is repaired here, because an applied file does not run
 * again.
 */
export function judgeTrigger(found: FoundTrigger): Gap[] {
  const gap = (seen: string, ...mend: string[]) => [{ subject: `event trigger ${name}`, seen, mend }];
  if (!found.has_function) {
    // The next `up --refresh` then applies the file again.
    return gap(
      `can do nothing: ${isolate} is missing`,
      "DELETE FROM tenantry.migrations WHERE path = 'sql/base/070_partition_trigger.sql'",
    );
  }
  const create = `CREATE EVENT TRIGGER ${name} ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
  EXECUTE FUNCTION ${isolate}`;
  if (found.enabled === null) return gap("is missing: new partitions have no row level security", create);
  if (found.calls !== isolate || found.event !== "ddl_command_end" || found.tags?.join() !== tags.join()) {
    return gap(
      `calls ${found.calls} at ${found.event} of ${found.tags?.join(", ") || "every command"}; new partitions may have no row level security`,
      `DROP EVENT TRIGGER ${name}`,
      create,
    );
  }
  // `R` fires for replicated commands only.
  if (found.enabled === "O" || found.enabled === "A") return [];
  return gap("is disabled: new partitions have no row level security", `ALTER EVENT TRIGGER ${name} ENABLE`);
}
