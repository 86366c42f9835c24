import type { OutboxInputs } from "../../architecture/data-plane/declaration";
import type { DistributedTableState } from "../resources/distributed-table";
import type { Difference } from "./resource-handler";

/** Inputs that say which tenant a row belongs to and where it is stored, for a table that the toolkit creates. */
type Tenancy = Pick<OutboxInputs, "schema" | "column" | "type" | "colocateWith">;

/** Compares placement only on Citus. The key can't change in place; a check refuses such a change. */
export function tenancyDifferences(
  old: Tenancy & Pick<DistributedTableState, "distributed">,
  next: Tenancy,
): readonly Difference[] {
  const differences: Difference[] = (["schema", "column", "type"] as const)
    .filter((path) => old[path] !== next[path])
    .map((path) => ({ path, how: "replace" }));
  if (old.distributed === "missing") differences.push({ path: "distributed", how: "update" });
  if (old.distributed === "yes" && old.colocateWith !== next.colocateWith) {
    differences.push({ path: "colocateWith", how: "update" });
  }
  return differences;
}
