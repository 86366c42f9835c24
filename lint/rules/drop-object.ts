import type { Node } from "libpg-query";
import { nameOfParts, relationName } from "../../architecture/sql/relation-name";
import { nameParts } from "../../architecture/sql/running-statements";
import { forEachStatement, isMadeAgain, isNew, renamedObject } from "../ddl";
import { type ObjectKind, objectKey, objectKinds } from "../object-kinds";
import type { Rule } from "../rule";

const kinds: Readonly<Record<string, ObjectKind>> = {
  ...objectKinds,
  OBJECT_VIEW: { noun: "view" },
  OBJECT_MATVIEW: { noun: "materialized view" },
  OBJECT_SEQUENCE: { noun: "sequence" },
  OBJECT_OPERATOR: { noun: "operator", kind: "operator" },
  OBJECT_COLLATION: { noun: "collation", kind: "collation" },
  OBJECT_EXTENSION: { noun: "extension", kind: "extension" },
};

export const dropObject: Rule = {
  name: "drop-object",
  severity: "error",
  harm: "A view, function, type or schema that is dropped while the running release uses it makes every such statement fail.",
  check(statements, context) {
    const { schema } = context.tables;
    // No release knows a name that the file gives. Of the name before, the rules on renames speak.
    const given = new Map(statements.map(({ node, start }) => [renamedObject(node, schema)?.to, start]));
    return forEachStatement(statements, (statement, at) =>
      dropped(statement.node, schema)
        .filter(({ key, cascades }) => {
          // A drop and a new creation in one transaction are invisible to others, but CASCADE drops objects that are
          // not created again.
          const isGiven = isMadeAgain(key, context) || (given.get(key) ?? statement.start) < statement.start;
          return !isNew(key, statement, context) && (cascades || !isGiven);
        })
        .map(({ what }) => ({
          what: `Dropping ${what} breaks every running release that uses it`,
          fix: "Drop it in a later release, once nothing uses it, and allow it here with that reason",
          at,
        })),
    );
  },
};

interface Dropped {
  readonly key: string;
  readonly what: string;
  readonly cascades: boolean;
}

function dropped(node: Node, schema: string): Dropped[] {
  if ("DropStmt" in node) {
    const { removeType = "", objects = [], behavior } = node.DropStmt;
    const found = kinds[removeType];
    const cascades = behavior === "DROP_CASCADE";
    // Another rule covers a schema with its rows.
    if (!found || (removeType === "OBJECT_SCHEMA" && cascades)) return [];
    return objects.map((object) => {
      const name = nameOfParts(nameParts(object), schema);
      return { key: objectKey(found, name), what: `${found.noun} \`${name}\``, cascades };
    });
  }
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TYPE") return [];
  const { relation, cmds = [] } = node.AlterTableStmt;
  const type = relationName(relation, schema);
  return cmds.flatMap((each) =>
    "AlterTableCmd" in each && each.AlterTableCmd.subtype === "AT_DropColumn"
      ? [{ key: `type ${type}`, what: `attribute \`${each.AlterTableCmd.name}\` of type \`${type}\``, cascades: true }]
      : [],
  );
}
