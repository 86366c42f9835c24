import type { AlterEnumStmt, AlterObjectSchemaStmt, Node, RenameStmt } from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { nameOfParts } from "../../architecture/sql/relation-name";
import { nameParts } from "../../architecture/sql/running-statements";
import { forEachStatement, isMadeAgain, isNew } from "../ddl";
import { objectKey, objectKinds } from "../object-kinds";
import type { Rule } from "../rule";

export const renameObject: Rule = {
  name: "rename-object",
  severity: "error",
  harm: "Every statement of the running release that names the function, type, value or schema fails from the rename on.",
  check: (statements, context) =>
    forEachStatement(statements, (statement, at) => {
      const found = renamed(statement.node, context.tables.schema);
      if (!found || isNew(found.key, statement, context)) return [];
      if (found.replaceable && isMadeAgain(found.key, context)) return [];
      const { verb, what, fix } = found;
      return [{ what: `${verb} ${what} breaks every running release that uses the name`, fix, at }];
    }),
};

interface Renamed {
  /** Key of the object among those that the file creates. */
  readonly key: string;
  /** True if the object as a whole changes its name, so that another one may take it. */
  readonly replaceable?: true;
  readonly verb: "Renaming" | "Moving";
  readonly what: string;
  readonly fix: string;
}

function renamed(node: Node, schema: string): Renamed | undefined {
  if ("AlterEnumStmt" in node) return ofValue(node.AlterEnumStmt, schema);
  if ("RenameStmt" in node) return ofRename(node.RenameStmt, schema);
  return "AlterObjectSchemaStmt" in node ? ofMove(node.AlterObjectSchemaStmt, schema) : undefined;
}

function ofValue({ typeName, oldVal, newVal }: AlterEnumStmt, schema: string): Renamed | undefined {
  if (oldVal === undefined) return undefined;
  const type = nameOfParts(strings(typeName), schema);
  return {
    key: `type ${type}`,
    verb: "Renaming",
    what: `value \`${oldVal}\` of \`${type}\``,
    fix: `Add \`${newVal}\`, have every release read both, write it, and move the rows in batches`,
  };
}

function ofRename({ renameType, object, relation, subname, newname }: RenameStmt, schema: string) {
  if (renameType === "OBJECT_ATTRIBUTE") {
    const type = relation?.relname ?? "";
    const fix = `Add \`${newname}\`, write both, and drop \`${subname}\` in a later release`;
    return { key: `type ${type}`, verb: "Renaming", what: `attribute \`${subname}\` of \`${type}\``, fix } as const;
  }
  const name = object ? nameOfParts(nameParts(object), schema) : (subname ?? "");
  return ofObject(renameType, name, "Renaming", newname);
}

function ofMove({ objectType, object, newschema }: AlterObjectSchemaStmt, schema: string) {
  const parts = object ? nameParts(object) : [];
  return ofObject(objectType, nameOfParts(parts, schema), "Moving", `${newschema}.${parts.at(-1)}`);
}

function ofObject(type: string | undefined, name: string, verb: Renamed["verb"], newName: string | undefined) {
  const found = objectKinds[type ?? ""];
  if (!found) return undefined;
  const fix = `Create \`${newName}\` beside it, move what uses it, and drop the old one in a later release`;
  return { key: objectKey(found, name), replaceable: true, verb, what: `${found.noun} \`${name}\``, fix } as const;
}
