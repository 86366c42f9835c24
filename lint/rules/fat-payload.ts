import type { FuncCall } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";

/** Functions that return whole rows, or aggregate any number of rows. */
const unbounded = new Set([
  "to_json",
  "to_jsonb",
  "row_to_json",
  "json_agg",
  "jsonb_agg",
  "json_object_agg",
  "jsonb_object_agg",
]);

export const fatPayload: Rule = {
  name: "fat-payload",
  severity: "warning",
  harm: "A payload without a bound grows until Kafka refuses it, which stops the events of every tenant.",
  check: (statements) =>
    queriesOf(statements).flatMap((query) =>
      nodesOf<FuncCall>(query.node, "FuncCall")
        .filter(({ funcname }) => strings(funcname).at(-1) === "emit")
        .flatMap(({ args }) => nodesOf<FuncCall>(args, "FuncCall"))
        .filter(({ funcname }) => unbounded.has(strings(funcname).at(-1) ?? ""))
        .map(({ funcname, location }) => ({
          what: `${strings(funcname).at(-1)}() writes a payload of any length into the outbox`,
          fix: "Name the columns that readers need (jsonb_build_object); send large content by claim check, which `emit` of @tenantry/client does with `claims`",
          at: query.placeOf(location),
        })),
    ),
};
