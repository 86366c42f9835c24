import type { InsertStmt, MergeWhenClause, Node, SelectStmt, UpdateStmt } from "libpg-query";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { nodesOf } from "../../architecture/sql/tree";
import type { Place } from "../../common/problem";
import { resultName } from "../column-name";
import type { Rule } from "../rule";
import { queriesOf } from "../sql-queries";

export const repeatedAssignment: Rule = {
  name: "repeated-assignment",
  severity: "error",
  harm: "PostgreSQL refuses a statement that assigns or defines a column twice, but only when it runs.",
  check: (statements) => [
    ...queriesOf(statements).flatMap((query) =>
      assignedIn(query.node)
        .flatMap(repeated)
        .map((each) => finding(each, "is assigned", query.placeOf)),
    ),
    ...statements.flatMap(({ node, placeOf }) =>
      repeated(definedBy(node)).map((each) => finding(each, "is defined", placeOf)),
    ),
  ],
};

interface Named {
  readonly name: string;
  /** True if only a field or an element of the column is assigned: `point.x = 1, point.y = 2` assigns two. */
  readonly partial?: boolean;
  readonly location: number | undefined;
}

function finding({ name, location }: Named, verb: string, placeOf: (location: number | undefined) => Place) {
  return {
    what: `Column \`${name}\` ${verb} twice: PostgreSQL refuses the statement`,
    fix: "Keep one of the two",
    at: placeOf(location),
  };
}

function assignedIn(query: unknown): Named[][] {
  return [
    ...nodesOf<UpdateStmt>(query, "UpdateStmt").map(({ targetList }) => targetList),
    ...nodesOf<InsertStmt>(query, "InsertStmt").flatMap(({ cols, onConflictClause }) => [
      cols,
      onConflictClause?.targetList,
    ]),
    ...nodesOf<MergeWhenClause>(query, "MergeWhenClause").map(({ targetList }) => targetList),
  ].map((list) =>
    targets(list).map(({ name = "", indirection, location }) => ({
      name,
      partial: indirection !== undefined,
      location,
    })),
  );
}

/** The columns that a statement defines: of a table, of a view, or of a query whose result becomes a table. */
function definedBy(node: ParsedStatement["node"]): Named[] {
  const create =
    "CreateStmt" in node
      ? node.CreateStmt
      : "CreateForeignTableStmt" in node
        ? node.CreateForeignTableStmt.base
        : undefined;
  if (create) {
    return (create.tableElts ?? []).flatMap((each) =>
      "ColumnDef" in each ? [{ name: each.ColumnDef.colname ?? "", location: each.ColumnDef.location }] : [],
    );
  }
  if ("ViewStmt" in node) return ofResult(node.ViewStmt.query, node.ViewStmt.aliases, node.ViewStmt.view?.location);
  if ("CreateTableAsStmt" in node) {
    const { query, into } = node.CreateTableAsStmt;
    return ofResult(query, into?.colNames, into?.rel?.location);
  }
  return "SelectStmt" in node && node.SelectStmt.intoClause ? ofResult(node, undefined, undefined) : [];
}

/** The columns of a query's result. The names in parentheses replace the first of the query's own. */
function ofResult(query: Node | undefined, aliases: readonly Node[] = [], location: number | undefined): Named[] {
  const written = aliases.flatMap((each) => ("String" in each ? [{ name: each.String.sval ?? "", location }] : []));
  let select: SelectStmt | undefined = query && "SelectStmt" in query ? query.SelectStmt : undefined;
  while (select?.larg) select = select.larg;
  const own = targets(select?.targetList).map((each) => ({ name: resultName(each), location: each.location }));
  // Only the server knows which, and so how many, columns `*` stands for.
  const known = own.some(({ name }) => name === undefined) ? [] : own.slice(written.length);
  return [...written, ...known.flatMap(({ name, location }) => (name === undefined ? [] : [{ name, location }]))];
}

function targets(list: readonly Node[] | undefined) {
  return (list ?? []).flatMap((each) => ("ResTarget" in each ? [each.ResTarget] : []));
}

/** Every use of a name after the first, unless all uses are partial. */
function repeated(list: readonly Named[]): Named[] {
  const first = new Map<string, Named>();
  const wholes = new Set(list.flatMap(({ name, partial }) => (partial ? [] : [name])));
  return list.filter((each) => {
    const seen = first.has(each.name);
    if (!seen) first.set(each.name, each);
    return seen && wholes.has(each.name);
  });
}
