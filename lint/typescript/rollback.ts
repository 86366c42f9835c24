import type * as ts from "typescript";
import { typescript } from "./typescript";

/**
 * True for the `down` beside an `up`, the rollback of a migration: members of a class or an object, functions or exports
 * of a module. TypeORM, Knex, Sequelize, node-pg-migrate, Kysely and others have this form.
 */
export function isRollback(node: ts.Node): boolean {
  return nameOfMember(node) === "down" && siblingsOf(node).some((each) => nameOfMember(each) === "up");
}

function siblingsOf({ parent }: ts.Node): readonly ts.Node[] {
  const t = typescript();
  if (t.isClassLike(parent)) return parent.members;
  if (t.isObjectLiteralExpression(parent)) return parent.properties;
  return t.isSourceFile(parent) ? parent.statements : [];
}

/** The name of a class's or an object's member, or of a module's function or export. */
export function nameOfMember(node: ts.Node): string | undefined {
  const t = typescript();
  if (t.isClassElement(node) || t.isObjectLiteralElement(node) || t.isFunctionDeclaration(node)) {
    return node.name?.getText();
  }
  if (t.isVariableStatement(node)) return node.declarationList.declarations[0]?.name.getText();
  if (!t.isExpressionStatement(node) || !t.isBinaryExpression(node.expression)) return undefined;
  // exports.down = …
  const { left } = node.expression;
  return t.isPropertyAccessExpression(left) && /\bexports$/.test(left.expression.getText())
    ? left.name.text
    : undefined;
}
