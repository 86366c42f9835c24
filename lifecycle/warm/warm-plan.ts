import type { TenantTable, WarmForm } from "../../architecture/application";
import type { Problem } from "../../common/problem";
import { tableId } from "../../provider/postgres/live-tables";
import { formName, type LivePartition, type WarmServer } from "./warm-partition";

/** One partition's conversion. */
export interface Conversion {
  readonly partition: LivePartition;
  readonly form: WarmForm;
  /** False if only the statistics and the visibility map are missing, because a run was killed before them. */
  readonly isRewritten: boolean;
}

export interface WarmPlan {
  readonly conversions: readonly Conversion[];
  readonly problems: readonly Problem[];
  /** Differences from the description that users should know. */
  readonly notes: readonly string[];
}

/**
 * Plans the conversions of a table's partitions. A partition past `hot` gets the declared form. A columnar one that is hot
 * again, because `hot` became longer or was removed, becomes heap, so that its rows can be changed.
 *
 * @param hotUntil partitions that end at or before it are warm; undefined if the table has no tier warm
 */
export function planWarm(
  table: Pick<TenantTable, "schema" | "name"> & { readonly compact: WarmForm },
  hotUntil: Date | undefined,
  partitions: readonly LivePartition[],
  server: WarmServer,
): WarmPlan {
  const id = tableId({ schema: table.schema, table: table.name });
  const isWarm = ({ endsAt }: LivePartition) => hotUntil !== undefined && endsAt <= hotUntil;
  const hasWarm = partitions.some(isWarm);
  const problem = hasWarm ? refusal(id, table.compact, server) : undefined;
  const isMissing = table.compact === "columnar" && server.columnar === "missing";
  const form = isMissing ? "heap" : table.compact;
  const conversions = partitions.flatMap((partition): Conversion[] => {
    // A closed partition is on its way to the store.
    if (partition.isClosed) return [];
    if (isWarm(partition)) return problem || !partition.key ? [] : conversion(partition, form);
    return partition.isColumnar ? [{ partition, form: "heap", isRewritten: true }] : [];
  });
  const notes =
    isMissing && hasWarm ? [`${id}: this server has no columnar tables, so warm partitions become heap`] : [];
  return { conversions, problems: problem ? [problem] : [], notes };
}

function conversion(partition: LivePartition, form: WarmForm): Conversion[] {
  const isThere = partition.form === formName(form) && partition.isColumnar === (form === "columnar");
  if (isThere && partition.isVacuumed) return [];
  return [{ partition, form, isRewritten: !isThere }];
}

/** The reason why no partition of the table can have the form, if there is one. */
function refusal(id: string, form: WarmForm, server: WarmServer): Problem | undefined {
  if (form === "columnar" && server.columnar !== "missing") return columnarRefusal(id, server);
  if (typeof form === "string") return undefined;
  if (server.isDistributed) {
    return {
      what: `The warm partitions of ${id} can't lie in a tablespace: Citus doesn't move shards between tablespaces`,
      got: `tiers.compact { tablespace: ${form.tablespace} }`,
      expected: "`heap` or `columnar` for a distributed table",
      fix: "write `compact: heap`",
    };
  }
  if (server.tablespaces.includes(form.tablespace)) return undefined;
  return {
    what: `There is no tablespace for the warm partitions of ${id}`,
    got: form.tablespace,
    expected: `one of ${server.tablespaces.join(", ")}`,
    fix: "CREATE TABLESPACE on the server, or correct `tiers.compact`",
  };
}

function columnarRefusal(id: string, { publications, foreignKeys }: WarmServer): Problem | undefined {
  if (publications.length > 0) {
    return {
      what: `The warm partitions of ${id} can't become columnar: logical decoding reads no columnar table, so the publication would lose its rows or refuse the change`,
      got: `publication ${publications.join(", ")}`,
      fix: "write `compact: heap`, or take the table out of the publication",
    };
  }
  if (foreignKeys.length === 0) return undefined;
  return {
    what: `The warm partitions of ${id} can't become columnar: a columnar table can't check a foreign key, so late rows, and changes of the rows that it refers to, would fail`,
    got: `foreign key ${foreignKeys.join(", ")}`,
    fix: "write `compact: heap`, or drop the foreign key",
  };
}
