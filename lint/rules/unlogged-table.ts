import { relationName } from "../../architecture/sql/relation-name";
import { placeAt } from "../../common/source";
import { alterations } from "../ddl";
import type { Rule } from "../rule";

export const unloggedTable: Rule = {
  name: "unlogged-table",
  severity: "error",
  harm: "A crash empties an unlogged table, no standby has its rows, and no backup of the log brings them back.",
  check: (statements, context) => {
    const { tables } = context;
    const created = statements.flatMap(({ node, source, start }) => {
      const relation = "CreateStmt" in node ? node.CreateStmt.relation : undefined;
      if (relation?.relpersistence !== "u") return [];
      return [{ table: relationName(relation, tables.schema), at: placeAt(source, start) }];
    });
    const altered = alterations(statements, { ...context, created: new Map() }).filter(
      ({ command: { subtype } }) => subtype === "AT_SetUnLogged",
    );
    return [...created, ...altered]
      .filter(({ table }) => ["tenant", "reference"].includes(tables.kindOf(table) ?? ""))
      .map(({ table, at }) => ({
        what: `\`${table}\` is unlogged: a crash empties it, and no standby has its rows`,
        fix: "Leave UNLOGGED out",
        at,
      }));
  },
};
