import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { quoteIdentifier, quoteLiteral, quoteQualified } from "../../common/identifier";
import { canaryIn, canaryPrefix } from "../canary";
import type { Column } from "../live-catalog";
import type { LeakRelation, Surface } from "./surface";

/** Limit of rows, because a broken policy may show millions. */
const mostRows = 200;

/** Random choices from a seed, and pieces of SQL for queries. */
export class Draw {
  private readonly random;

  constructor(
    readonly surface: Surface,
    seed: number,
  ) {
    this.random = xoroshiro128plus(seed);
  }

  /** Includes both ends. */
  int(from: number, to: number): number {
    return uniformInt(this.random, from, to);
  }

  oneIn(n: number): boolean {
    return this.int(1, n) === 1;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }

  /** Picks at least one of them, in their order. */
  some<T>(list: readonly T[]): readonly T[] {
    const chosen = list.filter(() => this.oneIn(2));
    return chosen.length > 0 ? chosen : [this.pick(list)];
  }

  shuffle<T>(list: readonly T[]): readonly T[] {
    const left = [...list];
    return list.map(() => left.splice(this.int(0, left.length - 1), 1)[0] as T);
  }

  /** Random uuid that no row has. */
  uuid(): string {
    const hex = (digits: number) => Array.from({ length: digits }, () => this.int(0, 15).toString(16)).join("");
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  }

  get limit(): string {
    return ` LIMIT ${mostRows}`;
  }

  get tenantColumn(): string {
    return quoteIdentifier(this.surface.tenant.column);
  }

  get own(): string {
    return this.tenantLiteral(this.surface.tenant.own);
  }

  get other(): string {
    return this.tenantLiteral(this.surface.tenant.other);
  }

  private tenantLiteral(id: string): string {
    return `${quoteLiteral(id).trim()}::${this.surface.tenant.type}`;
  }

  /** Picks a readable column. */
  column({ columns }: LeakRelation, alias?: string): string {
    const name = quoteIdentifier(this.pick(columns).name);
    return alias === undefined ? name : `${alias}.${name}`;
  }

  /** Picks the output of a SELECT: some columns, all, or the whole row. */
  show(relation: LeakRelation, alias: string): string {
    if (relation.isWhole && this.oneIn(3)) return this.pick([`${alias}.*`, alias, `${alias}::text`]);
    return this.some(relation.columns)
      .map(({ name }) => `${alias}.${quoteIdentifier(name)}`)
      .join(", ");
  }

  /** Expression with all readable values of a row. */
  row({ columns, isWhole }: LeakRelation, alias: string): string {
    return isWhole ? alias : `ROW(${columns.map(({ name }) => `${alias}.${quoteIdentifier(name)}`).join(", ")})`;
  }

  /** `FROM` item, sometimes behind a fence through which the planner moves no conditions. */
  from(relation: LeakRelation, alias: string): string {
    const name = nameOf(relation);
    if (!this.oneIn(6)) return `${name} AS ${alias}`;
    const columns = relation.columns.map((column) => quoteIdentifier(column.name)).join(", ");
    return `(SELECT ${columns} FROM ${name}${this.pick(["", " OFFSET 0"])}) AS ${alias}`;
  }

  /** Another tenant relation, preferably linked by a foreign key. */
  partner(relation: LeakRelation): LeakRelation | undefined {
    const others = this.surface.relations.filter((other) => other !== relation && other.ofTenants);
    if (others.length === 0) return undefined;
    const linked = others.filter((other) => keyBetween(relation, other) ?? keyBetween(other, relation));
    return this.pick(linked.length > 0 && !this.oneIn(3) ? linked : others);
  }

  /** Join condition of two tenant relations: the tenant, and a foreign key's columns if there is one. */
  join(left: LeakRelation, a: string, right: LeakRelation, b: string): string {
    const key = keyBetween(left, right);
    const back = key ? undefined : keyBetween(right, left);
    const pairs = key
      ? key.columns.map((name, index) => [name, key.parentColumns[index] ?? name] as const)
      : (back?.columns.map((name, index) => [back.parentColumns[index] ?? name, name] as const) ?? []);
    const { column } = this.surface.tenant;
    const readable = pairs.filter(([l, r]) => has(left, l) && has(right, r) && (l !== column || r !== column));
    return [[column, column] as const, ...readable]
      .map(([l, r]) => `${a}.${quoteIdentifier(l)} = ${b}.${quoteIdentifier(r)}`)
      .join(" AND ");
  }

  /** Condition that only other tenants' rows meet. */
  onlyOthers(alias?: string): string {
    const column = alias === undefined ? this.tenantColumn : `${alias}.${this.tenantColumn}`;
    return this.pick([
      `${column} <> ${this.own}`,
      `${column} = ${this.other}`,
      `${column} IS DISTINCT FROM ${this.own}`,
      `NOT (${column} = ${this.own})`,
      `${column} IN (${this.other})`,
      `${column}::text LIKE ${quoteLiteral(`${this.surface.tenant.other.slice(0, -2)}%`)} AND ${column} <> ${this.own}`,
    ]);
  }

  /** The other tenant's unique values of a relation. A foreign key without the tenant column refers to shared rows. */
  telling({
    columns,
    other,
    foreignKeys,
  }: LeakRelation): readonly { readonly column: Column; readonly value: string }[] {
    const keys = foreignKeys.filter((key) => !key.columns.includes(this.surface.tenant.column));
    const shared = new Set(keys.flatMap((key) => key.columns));
    return columns.flatMap((column) => {
      if (shared.has(column.name)) return [];
      const value = other?.[column.name];
      const isComparable = !["json", "jsonb", "xml"].includes(column.base);
      return isComparable && value && canaryIn(value) !== undefined ? [{ column, value }] : [];
    });
  }

  /** Value of the same form that no row has. */
  fresh(value: string): string {
    const hex = this.uuid().slice(0, 8);
    if (value.includes(canaryPrefix))
      return value.replaceAll(new RegExp(`${canaryPrefix}-[0-9a-f]{8}`, "g"), `${canaryPrefix}-${hex}`);
    return /^[0-9a-f-]{36}$/.test(value) ? this.uuid() : value;
  }
}

export const nameOf = ({ schema, name }: { readonly schema: string; readonly name: string }) =>
  quoteQualified(schema, name);

export const literalOf = (value: string, { type }: Pick<Column, "type">) => `${quoteLiteral(value).trim()}::${type}`;

const has = ({ columns }: LeakRelation, name: string) => columns.some((column) => column.name === name);

function keyBetween({ foreignKeys }: LeakRelation, { schema, name }: LeakRelation) {
  return foreignKeys.find(({ parent }) => parent.schema === schema && parent.name === name);
}
