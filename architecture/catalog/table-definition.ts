import type { A_Const, ColumnDef, ColumnRef, Constraint, FuncCall, Node, NullTest, TypeName } from "libpg-query";
import type { Place } from "../../common/problem";
import type { NameLabel } from "../sql/object-name";
import { nodesOf } from "../sql/tree";
import type { CatalogCheck, Column, Key } from "./catalog";

/** Reads the parts of CREATE TABLE and ALTER TABLE from PostgreSQL's parse tree. */

const serials: Readonly<Record<string, string>> = {
  serial: "int4",
  serial4: "int4",
  bigserial: "int8",
  serial8: "int8",
  smallserial: "int2",
  serial2: "int2",
};
const referentialActions: Readonly<Record<string, string>> = {
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};

export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}

export function constraintsOf(column: ColumnDef): Constraint[] {
  return (column.constraints ?? []).flatMap((node) => ("Constraint" in node ? [node.Constraint] : []));
}

export function toColumn(definition: ColumnDef, file: number, at: Place): Column {
  const type = typeOf(definition.typeName);
  const constraints = constraintsOf(definition);
  const has = (contype: Constraint["contype"]) => constraints.some((each) => each.contype === contype);
  const serial = serials[type];
  const sequence = has("CONSTR_IDENTITY") ? ("identity" as const) : serial ? ("serial" as const) : undefined;
  const collation = strings(definition.collClause?.collname).at(-1);
  return {
    name: definition.colname ?? "",
    type: serial ?? type,
    modifiers: modifiersOf(definition.typeName),
    notNull: has("CONSTR_NOTNULL") || has("CONSTR_PRIMARY") || sequence !== undefined,
    draws: constraints.flatMap(({ contype, raw_expr }) => (contype === "CONSTR_DEFAULT" ? drawsOf(raw_expr) : [])),
    generated: has("CONSTR_GENERATED"),
    ...(collation !== undefined && { collation }),
    ...(sequence && { sequence }),
    file,
    at,
  };
}

/** The sequences in an expression's `nextval('name')`. */
export function drawsOf(expression: Node | undefined): string[] {
  return nodesOf<FuncCall>(expression, "FuncCall").flatMap(({ funcname, args = [] }) => {
    if (strings(funcname).at(-1) !== "nextval") return [];
    const [argument] = args;
    const text = argument && "TypeCast" in argument ? argument.TypeCast.arg : argument;
    const name = text && "A_Const" in text ? text.A_Const.sval?.sval : undefined;
    return name === undefined ? [] : [unquotedName(name)];
  });
}

/** The catalog's name for `s`, `S`, `"s"` and `schema.s`, without the schema. */
function unquotedName(written: string): string {
  const last = /(?:"((?:[^"]|"")*)"|([^".]*))$/.exec(written);
  return last?.[1]?.replaceAll('""', '"') ?? last?.[2]?.toLowerCase() ?? written;
}

/** The columns that a CHECK names, those that it requires to be NOT NULL, and its constants. */
export function readCheck({ raw_expr }: Constraint): Pick<CatalogCheck, "columns" | "notNull" | "constants"> {
  const columns = nodesOf<ColumnRef>({ raw_expr }, "ColumnRef").flatMap(({ fields }) => strings(fields).at(-1) ?? []);
  return {
    columns: [...new Set(columns)],
    notNull: raw_expr ? provenNotNull(raw_expr) : [],
    constants: constantsIn(raw_expr),
  };
}

/** The constants in an expression, as text. */
export function constantsIn(expression: unknown): string[] {
  return nodesOf<A_Const>({ expression }, "A_Const").flatMap(({ sval, ival, fval, boolval }) => {
    const value = sval?.sval ?? fval?.fval ?? ival?.ival ?? boolval?.boolval ?? (ival ? 0 : undefined);
    return value === undefined ? [] : [String(value)];
  });
}

function provenNotNull(expression: Node): string[] {
  if ("BoolExpr" in expression && expression.BoolExpr.boolop === "AND_EXPR") {
    return (expression.BoolExpr.args ?? []).flatMap(provenNotNull);
  }
  const isNegated = "BoolExpr" in expression && expression.BoolExpr.boolop === "NOT_EXPR";
  const test = isNegated ? expression.BoolExpr.args?.[0] : expression;
  if (!test || !("NullTest" in test)) return [];
  const { arg, nulltesttype }: NullTest = test.NullTest;
  const isColumn = arg && "ColumnRef" in arg && nulltesttype === (isNegated ? "IS_NULL" : "IS_NOT_NULL");
  return isColumn ? strings(arg.ColumnRef.fields).slice(-1) : [];
}

/** The type's name in PostgreSQL's catalog, without modifiers; for an array with `[]` at the end. */
export function typeOf(type: TypeName | undefined): string {
  const name = strings(type?.names).at(-1) ?? "";
  return type?.arrayBounds?.length ? `${name}[]` : name;
}

/** The numbers behind a type's name. */
export function modifiersOf(type: TypeName | undefined): number[] {
  return (type?.typmods ?? []).flatMap((node) => ("A_Const" in node ? [node.A_Const.ival?.ival ?? 0] : []));
}

/**
 * The kind of key that a constraint makes, the label of its name, and its columns. For a column constraint, that
 * column.
 */
export function readKey(
  constraint: Constraint,
  column?: string,
): { readonly kind: Key["kind"]; readonly label: NameLabel; readonly columns: readonly string[] } | undefined {
  const columns = column === undefined ? strings(constraint.keys) : [column];
  switch (constraint.contype) {
    case "CONSTR_PRIMARY":
      return { kind: "primary key", label: "pkey", columns };
    case "CONSTR_UNIQUE":
      return { kind: "unique constraint", label: "key", columns };
    case "CONSTR_EXCLUSION":
      return { kind: "exclusion constraint", label: "excl", columns: equalColumns(constraint) };
    default:
      return undefined;
  }
}

/** The columns of an exclusion constraint that are compared with `=`. */
function equalColumns(constraint: Constraint): string[] {
  return (constraint.exclusions ?? []).flatMap((node) => {
    const [element, operators] = "List" in node ? (node.List.items ?? []) : [];
    if (!element || !("IndexElem" in element) || !operators || !("List" in operators)) return [];
    return element.IndexElem.name && strings(operators.List.items).at(-1) === "=" ? [element.IndexElem.name] : [];
  });
}

/**
 * The clauses after a foreign key's columns, as PostgreSQL writes them. The parser returns DEFERRABLE after a column
 * constraint as a separate constraint, so `attributes` holds these.
 */
export function actionsOf(constraint: Constraint, attributes: readonly Constraint[] = []): string {
  const update = referentialActions[constraint.fk_upd_action ?? "a"];
  const remove = referentialActions[constraint.fk_del_action ?? "a"];
  const cleared = strings(constraint.fk_del_set_cols).map((name) => `"${name.replaceAll('"', '""')}"`);
  const is = (contype: Constraint["contype"]) => attributes.some((each) => each.contype === contype);
  const initiallyDeferred = constraint.initdeferred || is("CONSTR_ATTR_DEFERRED");
  return [
    constraint.fk_matchtype === "f" ? "MATCH FULL" : "",
    update ? `ON UPDATE ${update}` : "",
    remove ? `ON DELETE ${remove}` : "",
    cleared.length > 0 ? `(${cleared.join(", ")})` : "",
    constraint.deferrable || is("CONSTR_ATTR_DEFERRABLE") || initiallyDeferred ? "DEFERRABLE" : "",
    initiallyDeferred ? "INITIALLY DEFERRED" : "",
  ]
    .filter((clause) => clause !== "")
    .join(" ");
}

/** The columns that ON DELETE SET NULL or SET DEFAULT clears. */
export function clearedBy(constraint: Constraint, columns: readonly string[]): readonly string[] {
  if (constraint.fk_del_action !== "n" && constraint.fk_del_action !== "d") return [];
  const listed = strings(constraint.fk_del_set_cols);
  return listed.length > 0 ? listed : columns;
}

/** The attributes (DEFERRABLE and so on) that follow a constraint of a column. */
export function attributesOf(column: ColumnDef, constraint: Constraint): Constraint[] {
  const constraints = constraintsOf(column);
  const behind = constraints.slice(constraints.indexOf(constraint) + 1);
  const next = behind.findIndex((each) => !isAttribute(each));
  return next === -1 ? behind : behind.slice(0, next);
}

export function isAttribute({ contype }: Constraint): boolean {
  return contype?.startsWith("CONSTR_ATTR_") ?? false;
}
