import type { CommonTableExpr, JoinExpr, Node, RangeVar, ResTarget, SelectStmt, SubLink } from "libpg-query";
import { strings } from "../architecture/catalog/table-definition";
import { columnRef, comparisons, conjuncts, uncast } from "../architecture/sql/conditions";
import { relationName } from "../architecture/sql/relation-name";
import { resultName } from "./column-name";
import { CombinedTables, type TableGroups, type TableUse } from "./combined-tables";
import { flipped, type Grouping } from "./grouping";
import { type Level, levelOf } from "./query-level";
import {
  type Column,
  findColumn,
  findWith,
  joinedSource,
  maxColumns,
  namesIn,
  nothing,
  type Result,
  renamed,
  type Scope,
  sourceOf,
  stacked,
} from "./query-scope";
import { isOneRow, readsFrom, starred } from "./query-shape";
import type { TableFacts } from "./rule";
import type { Query } from "./sql-queries";

/** The table groups of every part of a query whose rows are combined: across joins, subqueries, WITH and views. */
export function groupsOf(
  { node }: Pick<Query, "node">,
  tables: Pick<TableFacts, "schema" | "catalog">,
  grouping: Grouping,
): TableGroups[] {
  return new Reader(tables, grouping).read(node as Node);
}

const maxViewDepth = 8;
/** Limit of the views read for one query, because a view that reads a view twice doubles at each level. */
const maxViews = 1000;

class Reader {
  private readonly tables = new CombinedTables();
  /** Groups of tables that are combined; no table is combined with one of another group. */
  private readonly parts: (readonly string[])[] = [];
  private readonly subqueries = new Map<Node, Result>();
  private via: Omit<TableUse, "name"> | undefined;
  private depth = 0;
  private views = 0;

  constructor(
    private readonly facts: Pick<TableFacts, "schema" | "catalog">,
    private readonly grouping: Grouping,
  ) {}

  read(node: Node): TableGroups[] {
    const select =
      "ViewStmt" in node ? node.ViewStmt.query : "CreateTableAsStmt" in node ? node.CreateTableAsStmt.query : node;
    for (const each of Array.isArray(select) ? select : [select]) this.parts.push(this.readStatements(each));
    // Queries in WITH that no other query reads.
    const read = new Set(this.parts.flat());
    for (const use of this.tables.uses) if (!read.has(use)) this.parts.push([use]);
    return this.parts.filter((uses) => uses.length > 0).map((uses) => this.tables.groups(uses));
  }

  /** Reads a statement. A body of BEGIN ATOMIC holds several statements, each a part of its own. */
  private readStatements(node: unknown): readonly string[] {
    if (typeof node !== "object" || node === null) return [];
    if ("List" in node) {
      const { items = [] } = node.List as { items?: readonly Node[] };
      for (const item of items) this.parts.push(this.readStatements(item));
      return [];
    }
    return this.readQuery(node as Node, undefined).uses;
  }

  private readQuery(node: Node, outer: Scope | undefined): Result {
    if ("SelectStmt" in node) return this.readSelect(node.SelectStmt, outer);
    if ("ReturnStmt" in node) {
      const scope: Scope = { sources: [], outer, withs: new Map() };
      return { columns: [], uses: this.readInner(node.ReturnStmt.returnval, scope) };
    }
    if ("InsertStmt" in node) {
      const { selectStmt, withClause } = node.InsertStmt;
      const scope = this.scopeWith(withClause?.ctes, outer);
      return selectStmt ? this.readQuery(selectStmt, scope) : nothing;
    }
    const level = levelOf(node);
    return level ? this.readLevel(level, outer) : nothing;
  }

  private readSelect(select: SelectStmt, outer: Scope | undefined): Result {
    const { op, larg, rarg, withClause } = select;
    if (op === undefined || op === "SETOP_NONE" || !larg || !rarg) {
      return this.readLevel({ ...select, targets: select.targetList, returns: select.targetList }, outer);
    }
    const scope = this.scopeWith(withClause?.ctes, outer);
    return this.readSides(larg, rarg, scope);
  }

  /** Reads the two sides of a UNION. Their rows are not combined, so each side is a part of its own. */
  private readSides(larg: SelectStmt, rarg: SelectStmt, scope: Scope): Result {
    const left = this.readSelect(larg, scope);
    const right = this.readSelect(rarg, scope);
    this.parts.push(right.uses);
    return { columns: stacked(left, right), uses: left.uses };
  }

  private scopeWith(ctes: readonly Node[] | undefined, outer: Scope | undefined): Scope {
    const scope: Scope = { sources: [], outer, withs: new Map() };
    for (const each of ctes ?? []) {
      if ("CommonTableExpr" in each)
        scope.withs.set(each.CommonTableExpr.ctename ?? "", this.readWith(each.CommonTableExpr, scope));
    }
    return scope;
  }

  private readWith({ ctename = "", aliascolnames, ctequery }: CommonTableExpr, scope: Scope): Result {
    if (!ctequery) return nothing;
    const names = strings(aliascolnames);
    const { larg, rarg, withClause } = "SelectStmt" in ctequery ? ctequery.SelectStmt : ({} as SelectStmt);
    if (larg && rarg) {
      // A recursive query's reference to itself has the columns of its first side.
      const inner = this.scopeWith(withClause?.ctes, scope);
      const first = renamed(this.readSelect(larg, inner), names);
      inner.withs.set(ctename, first);
      return { ...first, uses: [...new Set([...first.uses, ...this.readSelect(rarg, inner).uses])] };
    }
    const result = renamed(this.readQuery(ctequery, scope), names);
    if (!isOneRow(ctequery) && "SelectStmt" in ctequery) return result;
    // Aggregates hide the rows behind them, so these are combined with no others.
    this.parts.push(result.uses);
    return { ...result, uses: [] };
  }

  private readLevel(level: Level, outer: Scope | undefined): Result {
    const scope = this.scopeWith(level.withClause?.ctes, outer);
    const uses: string[] = [];
    if (level.relation) uses.push(...this.readFrom({ RangeVar: level.relation }, scope));
    for (const item of level.fromClause ?? []) uses.push(...this.readFrom(item, scope));
    uses.push(...this.readConditions(level.whereClause, scope));
    if (level.havingClause) uses.push(...this.readInner(level.havingClause, scope));
    for (const item of [...(level.targets ?? []), ...(level.valuesLists ?? [])])
      uses.push(...this.readInner(item, scope));
    if (this.grouping.byLimit && level.limitCount) this.readLimit(level, scope);
    const columns = this.columnsOf(level.returns ?? level.returningList, scope).slice(0, maxColumns);
    return { columns, uses: [...new Set(uses)] };
  }

  /** With ORDER BY on the column and a LIMIT, PostgreSQL stops reading after enough rows. */
  private readLimit({ sortClause = [], whereClause }: Level, scope: Scope): void {
    const [first] = sortClause;
    const sorted = first && "SortBy" in first ? this.columnIn(first.SortBy.node, scope) : [];
    const bounded = comparisons(whereClause ? conjuncts(whereClause) : []).flatMap(({ left }) =>
      this.columnIn(left, scope),
    );
    for (const column of sorted) if (bounded.includes(column)) this.tables.pin([column]);
  }

  /** Adds the columns of a FROM item to the scope; returns its tables. */
  private readFrom(item: Node, scope: Scope): readonly string[] {
    if ("RangeVar" in item) return this.readRelation(item.RangeVar, scope);
    if ("JoinExpr" in item) return this.readJoin(item.JoinExpr, scope);
    if ("RangeSubselect" in item && item.RangeSubselect.subquery) {
      const { subquery, alias, lateral } = item.RangeSubselect;
      // Without LATERAL a subquery does not see its neighbours; its own names come first in any case.
      const result = this.readQuery(subquery, lateral ? scope : { ...scope, sources: [] });
      scope.sources.push(sourceOf(alias?.aliasname ?? "", renamed(result, strings(alias?.colnames))));
      if (!isOneRow(subquery) || lateral) return result.uses;
      this.parts.push(result.uses);
      return [];
    }
    return this.readInner(item, scope);
  }

  private readRelation(relation: RangeVar, scope: Scope): readonly string[] {
    const { relname = "", schemaname, alias, location } = relation;
    const shown = alias?.aliasname ?? relname;
    const offered = schemaname === undefined ? findWith(relname, scope) : undefined;
    if (offered) {
      scope.sources.push(sourceOf(shown, renamed(offered, strings(alias?.colnames))));
      return offered.uses;
    }
    const name = relationName(relation, this.facts.schema);
    const view = this.facts.catalog.views.get(name);
    if (view?.query) {
      const result = this.readView(name, view.query, location);
      scope.sources.push(sourceOf(shown, renamed(result, view.columns)));
      return result.uses;
    }
    const column = this.grouping.columnOf(name);
    const use = this.tables.nextUse(name);
    const known = [...(this.facts.catalog.tables.get(name)?.columns.keys() ?? [])];
    const names = known.length > 0 || column === undefined ? known : [column];
    scope.sources.push({
      alias: shown,
      names,
      column: (each) => (each === column ? [use] : names.includes(each) ? [] : undefined),
    });
    if (column === undefined) return [];
    this.tables.add(use, this.via ? { name, ...this.via } : { name, location });
    return [use];
  }

  private readView(name: string, query: Node, location: number | undefined): Result {
    if (this.depth >= maxViewDepth || ++this.views > maxViews) return nothing;
    const before = this.via;
    this.via ??= { via: name, location };
    this.depth++;
    const result = this.readQuery(query, undefined);
    this.depth--;
    this.via = before;
    return result;
  }

  private readJoin({ larg, rarg, quals, isNatural, usingClause, alias }: JoinExpr, scope: Scope): readonly string[] {
    const from = scope.sources.length;
    const uses = larg ? [...this.readFrom(larg, scope)] : [];
    const between = scope.sources.length;
    if (rarg) uses.push(...this.readFrom(rarg, scope));
    const [left, right] = [scope.sources.slice(from, between), scope.sources.slice(between)];
    const shared = isNatural ? [...namesIn(left)].filter((name) => namesIn(right).has(name)) : strings(usingClause);
    for (const name of shared) {
      const sides = [left, right].map((sources) => sources.flatMap((each) => each.column(name) ?? []));
      this.tables.equate(sides.flat());
    }
    uses.push(...this.readConditions(quals, scope));
    if (alias?.aliasname !== undefined) {
      scope.sources.push(joinedSource(alias.aliasname, scope.sources.slice(from)));
    }
    return uses;
  }

  private readConditions(condition: Node | undefined, scope: Scope): readonly string[] {
    if (!condition) return [];
    const uses = [...this.readInner(condition, scope)];
    for (const { left, right, operator } of comparisons(conjuncts(condition))) {
      const [a, b] = [this.columnIn(left, scope), this.columnIn(right, scope)];
      if (a.length > 0 && b.length > 0) {
        if (operator === "=") this.tables.equate([...a, ...b]);
      } else if (a.length > 0 && this.grouping.pins.has(operator)) this.tables.pin(a);
      else if (b.length > 0 && this.grouping.pins.has(flipped[operator] ?? "")) this.tables.pin(b);
    }
    return uses;
  }

  /** Reads the subqueries of an expression, which see the level around them. */
  private readInner(value: unknown, scope: Scope): readonly string[] {
    if (typeof value !== "object" || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
      key === "SubLink" ? this.readSubquery(inner as SubLink, scope) : this.readInner(inner, scope),
    );
  }

  private readSubquery({ subselect, testexpr, operName }: SubLink, scope: Scope): readonly string[] {
    if (!subselect) return [];
    const result = this.readQuery(subselect, scope);
    this.subqueries.set(subselect, result);
    const isEqual = operName === undefined || strings(operName).at(-1) === "=";
    const tested = testexpr && "RowExpr" in testexpr ? (testexpr.RowExpr.args ?? []) : [testexpr];
    for (const [index, each] of tested.entries()) {
      const column = isEqual ? this.columnIn(each, scope) : [];
      const is = result.columns[index]?.is ?? [];
      if (column.length === 0) continue;
      if (is.length > 0) this.tables.equate([...column, ...is]);
      else this.tables.pin(column);
    }
    const inner = this.readInner(testexpr, scope);
    if (
      !isOneRow(subselect) ||
      readsFrom(
        subselect,
        scope.sources.map(({ alias }) => alias),
      )
    )
      return [...result.uses, ...inner];
    this.parts.push(result.uses);
    return inner;
  }

  /** The tables' columns that an expression stands for; none if it is not a column. */
  private columnIn(node: Node | undefined, scope: Scope): Column {
    if (!node) return [];
    if ("SubLink" in node && node.SubLink.subLinkType === "EXPR_SUBLINK" && node.SubLink.subselect) {
      return this.subqueries.get(node.SubLink.subselect)?.columns[0]?.is ?? [];
    }
    const inner = this.grouping.throughCasts === false ? node : uncast(node);
    if (!inner || !("ColumnRef" in inner)) return [];
    return findColumn(columnRef(inner.ColumnRef), scope);
  }

  private columnsOf(targets: readonly Node[] | undefined, scope: Scope): Result["columns"] {
    return (targets ?? []).flatMap((each) => {
      if (!("ResTarget" in each)) return [];
      const target: ResTarget = each.ResTarget;
      const starOf = starred(target);
      if (starOf === undefined) return [{ name: resultName(target), is: this.columnIn(target.val, scope) }];
      return scope.sources
        .filter(({ alias }) => starOf === "" || alias === starOf)
        .flatMap((source) => source.names.map((name) => ({ name, is: source.column(name) ?? [] })));
    });
  }
}
