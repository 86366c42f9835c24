import type * as ts from "typescript";
import { quoteIdentifier } from "../../common/identifier";
import type { CodeText } from "./code-text";
import type { Table } from "./entity";
import { joined } from "./text";

/** A query that code builds with a library's methods, as far as lint can read it. */
export interface BuiltQuery {
  readonly verb: "select" | "insert" | "update" | "delete";
  readonly table: Written<Table>;
  readonly joins: readonly { readonly table: Written<Table>; readonly on: CodeText }[];
  readonly where: readonly CodeText[];
  /** Alternatives to all conditions in `where`. */
  readonly orWhere: readonly CodeText[];
  readonly locks: boolean;
}

/** A value with the code that it comes from. */
export interface Written<T> {
  readonly value: T;
  readonly node: ts.Node;
}

/** The query rendered as SQL. */
export function renderQuery({ verb, table, joins, where, orWhere, locks }: BuiltQuery): CodeText {
  const { node } = table;
  const say = (text: string) => piece(text, node);
  const conditions = [...(where.length > 0 ? [all(where, "AND", node)] : []), ...orWhere];
  const filter = conditions.length > 0 ? [say(" WHERE "), all(conditions, "OR", node)] : [];
  switch (verb) {
    case "insert":
      return [say("INSERT INTO "), relation(table), say(" DEFAULT VALUES")].reduce(joined);
    case "update":
    case "delete":
      return [
        say(verb === "update" ? "UPDATE " : "DELETE FROM "),
        relation(table),
        ...(verb === "update" ? [say(" SET x = $1")] : []),
        ...filter,
      ].reduce(joined);
    case "select":
      return [
        say("SELECT * FROM "),
        relation(table),
        ...joins.flatMap(({ table: other, on }) => [
          piece(" JOIN ", other.node),
          relation(other),
          piece(" ON ", other.node),
          on,
        ]),
        ...filter,
        ...(locks ? [say(" FOR UPDATE")] : []),
      ].reduce(joined);
  }
}

/** SQL text whose place is that of a node. */
export function piece(text: string, node: ts.Node): CodeText {
  const start = node.getStart();
  return { text, offsets: Array.from(text, () => start), holes: [] };
}

/** The conditions combined by AND or OR. */
export function all(conditions: readonly CodeText[], operator: "AND" | "OR", node: ts.Node): CodeText {
  const [first, ...others] = conditions.map((each) => [piece("(", node), each, piece(")", node)].reduce(joined));
  if (!first) return piece("TRUE", node);
  return others.reduce((sum, each) => [sum, piece(` ${operator} `, node), each].reduce(joined), first);
}

function relation({ value: { name, alias }, node }: Written<Table>): CodeText {
  const last = name.split(".").at(-1);
  const quoted = name.split(".").map(quoteIdentifier).join(".");
  return piece(alias === last ? quoted : `${quoted} AS ${quoteIdentifier(alias)}`, node);
}
