import type * as ts from "typescript";
import { all, type BuiltQuery, piece, type Written } from "./built-query";
import { symbolOf } from "./calls";
import type { Chain, Link } from "./chain";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import type { ConditionScope } from "./column";
import { conditionOf } from "./condition";
import { modelOf, type Table, tableOf } from "./entity";
import type { Library } from "./library";
import { originOf } from "./origin";
import { typescript } from "./typescript";

/** A query that code builds. `isWhole` is true if all of it can be read. */
export interface ReadQuery {
  readonly query: BuiltQuery;
  readonly isWhole: boolean;
}

/** The query that a chain builds by a library's methods; undefined if the chain does not name its table. */
export function queryOfChain(code: Code, chain: Chain, words: NonNullable<Library["chain"]>): ReadQuery | undefined {
  const reader = new ChainReader(code, words);
  const called = words.callable ? calledWithTable(code, chain) : undefined;
  if (called) reader.readTable(called.table);
  for (const link of called?.links ?? chain.links) reader.read(link);
  return reader.result();
}

/** Reads a chain of calls, call by call. */
class ChainReader {
  private verb: BuiltQuery["verb"] = "select";
  private table: Written<Table> | undefined;
  private readonly joins: { readonly table: Written<Table>; on: CodeText }[] = [];
  private readonly where: CodeText[] = [];
  private readonly orWhere: CodeText[] = [];
  private locks = false;
  private isWhole = true;

  constructor(
    private readonly code: Code,
    private readonly words: NonNullable<Library["chain"]>,
  ) {}

  result(): ReadQuery | undefined {
    const { verb, table, joins, where, orWhere, locks, isWhole } = this;
    return table && { isWhole, query: { verb, table, joins, where, orWhere, locks } };
  }

  read({ name, args, node }: Link): void {
    const { words } = this;
    const changes = (["insert", "update", "delete"] as const).find((each) => words[each].includes(name));
    if (changes) {
      this.verb = changes;
      // After the table is known, the arguments are values or columns to return.
      if (!this.table && args[0] && !typescript().isObjectLiteralExpression(args[0])) this.readTable(args[0]);
    } else if (words.from.includes(name)) this.readFrom(args, node);
    else if (words.join.includes(name)) this.readJoin(args);
    else if (words.where.includes(name)) this.add(this.where, conditionOf(this.scope(), name, args));
    else if (words.orWhere.includes(name)) this.add(this.orWhere, conditionOf(this.scope(), name, args));
    else if (words.lock.includes(name)) this.locks = true;
    else if (words.opaque.includes(name)) this.isWhole = false;
  }

  /** Reads a table, and its alias from the second argument. */
  readTable(first: ts.Expression, second?: ts.Expression): boolean {
    const t = typescript();
    const table = tableOf(this.code, first);
    if (!table) return false;
    const alias = second && t.isStringLiteral(second) ? second.text : table.alias;
    this.table = { value: { ...table, alias }, node: first };
    return true;
  }

  /** Reads `from(Order, "o")`, or `createQueryBuilder("o")` of a repository that knows its table. */
  private readFrom([first, second]: readonly ts.Expression[], node: ts.CallExpression): void {
    const t = typescript();
    const model = t.isPropertyAccessExpression(node.expression)
      ? modelOf(this.code, node.expression.expression)
      : undefined;
    if (model && (!first || t.isStringLiteral(first))) {
      this.table = { value: { ...model, alias: first?.text ?? model.alias }, node };
    } else if (first && !this.readTable(first, second)) this.isWhole = false;
  }

  private readJoin([first, ...others]: readonly ts.Expression[]): void {
    const t = typescript();
    const [second, third] = others;
    if (!first) return;
    const isAliased = second && t.isStringLiteral(second) && (third === undefined || isSql(third));
    // Only the model tells which table TypeORM's relation "o.customer" leads to, and by which columns.
    if (isAliased && t.isStringLiteral(first) && first.text.includes(".")) return;
    const table = tableOf(this.code, first);
    if (!table) {
      this.isWhole = false;
      return;
    }
    const join = {
      table: { value: isAliased ? { ...table, alias: second.text } : table, node: first },
      on: piece("TRUE", first),
    };
    this.joins.push(join);
    const on = joinedOn(this.scope(), isAliased ? others.slice(1) : others);
    if (on) join.on = on;
    else this.isWhole = false;
  }

  private scope(): ConditionScope {
    const { code, table, joins } = this;
    return { code, tables: [...(table ? [table.value] : []), ...joins.map((each) => each.table.value)] };
  }

  private add(list: CodeText[], condition: CodeText | undefined): void {
    if (condition) list.push(condition);
    else this.isWhole = false;
  }
}

function isSql(node: ts.Expression): boolean {
  return typescript().isStringLiteralLike(node) && /\s/.test(node.text);
}

/**
 * The join condition: `("c.id", "o.customer_id")`, `("c.id", "=", "o.customer_id")`, `{ "c.id": "o.customer_id" }`,
 * SQL, or a condition.
 */
function joinedOn(scope: ConditionScope, on: readonly ts.Expression[]): CodeText | undefined {
  const t = typescript();
  const [first] = on;
  if (!first) return undefined;
  if (!t.isObjectLiteralExpression(first)) return conditionOf(scope, "on", on);
  const parts = first.properties.map((property) => {
    const isColumns = t.isPropertyAssignment(property) && t.isStringLiteral(property.name);
    return isColumns ? conditionOf(scope, "on", [property.name, property.initializer]) : undefined;
  });
  return parts.every((each) => each !== undefined) ? all(parts, "AND", first) : undefined;
}

/**
 * The table of a chain that begins with a call of the client: `db("orders").where(…)`, `this.db("orders").where(…)`.
 */
function calledWithTable(code: Code, { root, links }: Chain) {
  const t = typescript();
  if (t.isCallExpression(root)) {
    const [table] = root.arguments;
    // An import creates the client first: knex({ client: "pg" }).
    return table && symbolOf(code, root.expression)?.declarations ? { table, links } : undefined;
  }
  const [first, ...others] = links;
  const [table] = first?.args ?? [];
  return table && t.isStringLiteral(table) && !originOf(code, root) ? { table, links: others } : undefined;
}
