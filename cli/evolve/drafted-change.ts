import type { AlterTableCmd, Node } from "libpg-query";
import { relationName } from "../../architecture/sql/relation-name";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { quoteIdentifier } from "../../common/identifier";

/** A schema change as it is written into its file, and what its author has to decide. */
export interface DraftedChange {
  /** The file's name without its number. */
  readonly name: string;
  readonly change: {
    readonly table: string;
    readonly add?: Readonly<Record<string, { readonly type: string; readonly from: string; readonly notNull?: true }>>;
    readonly drop: Readonly<Record<string, string>>;
  };
  readonly notes: readonly string[];
}

const unknownType = "text";

/** Drafts a schema change for each statement that renames, drops or retypes a column. */
export function draftChanges(statements: readonly ParsedStatement[], schema = "public"): DraftedChange[] {
  return statements.flatMap((statement): DraftedChange[] => {
    const { node } = statement;
    if ("RenameStmt" in node && node.RenameStmt.renameType === "OBJECT_COLUMN") {
      const { relation, subname = "", newname = "" } = node.RenameStmt;
      return [renamed(relationName(relation, schema), subname, newname)];
    }
    if (!("AlterTableStmt" in node)) return [];
    const table = relationName(node.AlterTableStmt.relation, schema);
    return (node.AlterTableStmt.cmds ?? []).flatMap((command) => fromCommand(statement, table, command));
  });
}

function renamed(table: string, from: string, to: string): DraftedChange {
  return {
    name: slug(`${table}_${to}`),
    change: {
      table,
      add: { [to]: { type: unknownType, from: quoteIdentifier(from) } },
      drop: { [from]: quoteIdentifier(to) },
    },
    notes: [`write the type of ${from} as the type of ${to}, and \`notNull: true\` if ${from} is NOT NULL`],
  };
}

function fromCommand(statement: ParsedStatement, table: string, node: Node): DraftedChange[] {
  const command: AlterTableCmd | undefined = "AlterTableCmd" in node ? node.AlterTableCmd : undefined;
  const { subtype, name = "", def } = command ?? {};
  if (subtype === "AT_DropColumn") {
    return [
      {
        name: slug(`${table}_without_${name}`),
        change: { table, drop: { [name]: "NULL" } },
        notes: [
          `write the value of ${name} that the old release finds in rows of the new one, if NULL is not accepted`,
        ],
      },
    ];
  }
  if (subtype !== "AT_AlterColumnType" || !def || !("ColumnDef" in def)) return [];
  const type = typeText(statement, def.ColumnDef.typeName?.location);
  const to = `${name}_new`;
  return [
    {
      name: slug(`${table}_${name}_type`),
      change: {
        table,
        add: { [to]: { type, from: `${quoteIdentifier(name)}::${type}` } },
        drop: { [name]: `${quoteIdentifier(to)}` },
      },
      notes: [
        `choose the new column's name instead of ${to}: it stays`,
        `write how ${to} becomes ${name} again, and \`notNull: true\` if ${name} is NOT NULL`,
      ],
    },
  ];
}

/** The type as it is written: everything up to USING, COLLATE, a comma or the statement's end. */
function typeText({ tokens, offsetOf, source }: ParsedStatement, location: number | undefined): string {
  const start = offsetOf(location);
  let [depth, end] = [0, start];
  for (const token of tokens.filter((each) => each.start >= start)) {
    if (depth === 0 && /^(using|collate|,|;)$/i.test(token.text)) break;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    end = token.end;
  }
  return source.text.slice(start, end);
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replace(/^_/, "")
    .slice(0, 36);
}
