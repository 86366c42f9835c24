import type * as ts from "typescript";
import { calledName } from "./calls";
import type { Code } from "./code";
import { nameOfMember } from "./rollback";
import { typescript } from "./typescript";

/** True if code's statements run in one transaction: each in the same callback, or as a migration of such a tool. */
export function runsInTransaction(code: Code, statements: readonly ts.Node[]): boolean {
  const [first, ...others] = statements.map((each) => transactionAround(code, each));
  if (first && others.every((each) => each === first)) return true;
  const [statement] = statements;
  return statement !== undefined && isInMigration(statement) && isWrapped(code, statement.getSourceFile());
}

/** The call whose callback, which holds the node, runs in a transaction. */
function transactionAround({ libraries }: Code, node: ts.Node): ts.Node | undefined {
  const t = typescript();
  return t.findAncestor(node.parent, (each) => {
    if (!t.isFunctionLike(each)) return false;
    return t.isCallExpression(each.parent) && libraries.transactionNames.has(calledName(each.parent));
  });
}

function isInMigration(node: ts.Node): boolean {
  return typescript().findAncestor(node, (each) => nameOfMember(each) === "up") !== undefined;
}

/** True if the file imports a tool that runs each migration in a transaction, and doesn't turn that off. */
function isWrapped({ libraries }: Code, file: ts.SourceFile): boolean {
  const t = typescript();
  const isOff = /\btransaction\s*[:=]\s*(false|["'`]none)|isTransactional\s*\(|\bnoTransaction\s*\(/.test(file.text);
  const imported = file.statements.flatMap((each) =>
    t.isImportDeclaration(each) && t.isStringLiteral(each.moduleSpecifier) ? each.moduleSpecifier.text : [],
  );
  return !isOff && imported.some((module) => libraries.of(module).some(({ wrapsMigrations }) => wrapsMigrations));
}
