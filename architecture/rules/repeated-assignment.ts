import type { InsertStmt, Node, UpdateStmt } from "libpg-query";
import { queriesOf } from "./queries";
import type { Finding, Rule } from "./rule";
import { nodesOf } from "./tree";

export const repeatedAssignment: Rule = {
  name: "repeated-assignment",
  severity: "error",
  harm: "PostgreSQL refuses an UPDATE or INSERT that names a column twice, but only when it runs.",
  check: (statements) =>
    queriesOf(statements).flatMap((query) => {
      const lists = [
        ...nodesOf<UpdateStmt>(query.node, "UpdateStmt").map(({ targetList }) => targetList),
        ...nodesOf<InsertStmt>(query.node, "InsertStmt").flatMap(({ cols, onConflictClause }) => [
          cols,
          onConflictClause?.targetList,
        ]),
      ];
      return lists.flatMap((list) =>
        repeated(list ?? []).map(
          ({ name, location }): Finding => ({
            what: `Column \`${name}\` is assigned twice: PostgreSQL refuses the statement`,
            fix: "Keep one of the two",
            at: query.placeOf(location),
          }),
        ),
      );
    }),
};

function repeated(list: readonly Node[]) {
  const seen = new Set<string>();
  return list.flatMap((each) => {
    if (!("ResTarget" in each)) return [];
    const { name = "", indirection, location } = each.ResTarget;
    // `point.x = 1, point.y = 2` are two.
    if (indirection || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ name, location }];
  });
}
