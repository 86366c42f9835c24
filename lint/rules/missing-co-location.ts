import type { FuncCall, Node } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nodesOf } from "../../architecture/sql/tree";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";

export const missingCoLocation: Rule = {
  name: "missing-co-location",
  severity: "error",
  harm: "Tables that are distributed in another way than the tenant root cannot be joined with it on one node.",
  check: (statements, { tables: { tenantColumn } }) =>
    queriesOf(statements).flatMap((query) =>
      nodesOf<FuncCall>(query.node, "FuncCall").flatMap((call) => {
        const name = strings(call.funcname).at(-1);
        const column = text(call.args?.[1]);
        if (name !== "create_distributed_table" || column === tenantColumn) return [];
        return [
          {
            what: `Distributing by \`${column}\` keeps the table apart from its tenant's other rows`,
            fix: `Distribute by \`${tenantColumn}\`: declare the table as \`tenant: true\` and remove the call`,
            at: query.placeOf(call.location),
          },
        ];
      }),
    ),
};

function text(node: Node | undefined): string | undefined {
  return node && "A_Const" in node ? node.A_Const.sval?.sval : undefined;
}
