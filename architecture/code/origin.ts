import type * as ts from "typescript";
import type { Code } from "./code";
import { typescript } from "./typescript";

/** The package that a value comes from, and the export it was made of: `new Kafka().producer()` is `kafkajs`, `Kafka`. */
export interface Origin {
  readonly module: string;
  readonly name: string;
  /** Whether it came out of a call: `pool.connect()`, but not `new Pool()`. */
  readonly called?: boolean;
}

/**
 * Where an expression's value comes from, by what is imported, called and annotated; undefined for what the code makes
 * itself. Packages need not be installed.
 */
export function originOf({ checker }: Code, expression: ts.Node): Origin | undefined {
  const t = typescript();
  const open = new Set<ts.Node>();

  function ofExpression(node: ts.Node): Origin | undefined {
    if (open.has(node)) return undefined;
    open.add(node);
    if (t.isIdentifier(node)) return ofSymbol(checker.getSymbolAtLocation(node));
    if (t.isPropertyAccessExpression(node)) {
      return ofSymbol(checker.getSymbolAtLocation(node.name)) ?? ofExpression(node.expression);
    }
    if (t.isCallExpression(node)) {
      const called = ofExpression(node.expression);
      return ofRequire(node) ?? (called && { ...called, called: true });
    }
    if (
      t.isNewExpression(node) ||
      t.isAwaitExpression(node) ||
      t.isParenthesizedExpression(node) ||
      t.isElementAccessExpression(node) ||
      t.isNonNullExpression(node) ||
      t.isSatisfiesExpression(node)
    ) {
      return ofExpression(node.expression);
    }
    if (t.isAsExpression(node)) return ofType(node.type) ?? ofExpression(node.expression);
    if (t.isBinaryExpression(node)) return ofExpression(node.left) ?? ofExpression(node.right);
    if (t.isConditionalExpression(node)) return ofExpression(node.whenTrue) ?? ofExpression(node.whenFalse);
    return undefined;
  }

  function ofSymbol(symbol: ts.Symbol | undefined): Origin | undefined {
    for (const declaration of symbol?.declarations ?? []) {
      const origin = imported(declaration) ?? ofDeclaration(declaration);
      if (origin) return origin;
    }
    if (!symbol || !(symbol.flags & t.SymbolFlags.Alias)) return undefined;
    const aliased = checker.getAliasedSymbol(symbol);
    return aliased === symbol ? undefined : ofSymbol(aliased);
  }

  function ofDeclaration(node: ts.Declaration): Origin | undefined {
    if (open.has(node)) return undefined;
    open.add(node);
    if (t.isBindingElement(node)) return ofBinding(node);
    if (t.isClassLike(node)) {
      return node.heritageClauses?.flatMap(({ types }) => ofExpression(types[0]?.expression ?? node) ?? [])[0];
    }
    if (t.isFunctionLike(node)) return (node.type && ofType(node.type)) ?? ofReturned(node);
    const typed = node as ts.VariableDeclaration | ts.ParameterDeclaration | ts.PropertyDeclaration;
    if (typed.type) return ofType(typed.type);
    if (typed.initializer) return ofExpression(typed.initializer);
    return t.isPropertyDeclaration(node) ? ofAssigned(node) : undefined;
  }

  /** `{ producer }` is what its container declares of it, or comes from where the container comes from. */
  function ofBinding(node: ts.BindingElement): Origin | undefined {
    const name = (node.propertyName ?? node.name).getText();
    const property = checker.getTypeAtLocation(node.parent).getProperty(name);
    const owner = node.parent.parent;
    return ofSymbol(property) ?? (t.isBindingElement(owner) ? ofBinding(owner) : ofDeclaration(owner));
  }

  function ofType(node: ts.TypeNode): Origin | undefined {
    if (t.isTypeReferenceNode(node) || t.isExpressionWithTypeArguments(node)) {
      const name = t.isTypeReferenceNode(node) ? node.typeName : node.expression;
      const first = t.isQualifiedName(name) ? name.left : name;
      const own = ofSymbol(checker.getSymbolAtLocation(first));
      return own ?? node.typeArguments?.flatMap((each) => ofType(each) ?? [])[0];
    }
    if (t.isTypeQueryNode(node)) return ofSymbol(checker.getSymbolAtLocation(node.exprName));
    if (t.isArrayTypeNode(node)) return ofType(node.elementType);
    if (t.isUnionTypeNode(node) || t.isIntersectionTypeNode(node)) {
      return node.types.flatMap((each) => ofType(each) ?? [])[0];
    }
    if (t.isImportTypeNode(node) && t.isLiteralTypeNode(node.argument)) {
      return { module: (node.argument.literal as ts.StringLiteral).text, name: node.qualifier?.getText() ?? "" };
    }
    return undefined;
  }

  function ofReturned(node: ts.SignatureDeclaration): Origin | undefined {
    const { body } = node as ts.FunctionLikeDeclaration;
    if (!body || !t.isBlock(body)) return body && ofExpression(body);
    const returned = body.statements.findLast(t.isReturnStatement)?.expression;
    return returned && ofExpression(returned);
  }

  /** `this.producer = kafka.producer()` in the class's constructor. */
  function ofAssigned(node: ts.PropertyDeclaration): Origin | undefined {
    const name = node.name.getText();
    const body = (node.parent as ts.ClassLikeDeclaration).members.find(t.isConstructorDeclaration)?.body;
    const values = (body?.statements ?? []).flatMap((statement) =>
      t.isExpressionStatement(statement) &&
      t.isBinaryExpression(statement.expression) &&
      statement.expression.left.getText() === `this.${name}`
        ? [statement.expression.right]
        : [],
    );
    return values.flatMap((value) => ofExpression(value) ?? [])[0];
  }

  return ofExpression(expression);
}

/** An import from a package, not from a file beside. */
function imported(node: ts.Declaration): Origin | undefined {
  const t = typescript();
  const named = t.isImportSpecifier(node) ? (node.propertyName ?? node.name).text : "default";
  const specifier = t.findAncestor(node, t.isImportDeclaration)?.moduleSpecifier;
  if (!t.isImportSpecifier(node) && !t.isImportClause(node) && !t.isNamespaceImport(node)) return undefined;
  const module = specifier && t.isStringLiteral(specifier) ? specifier.text : ".";
  return module.startsWith(".") ? undefined : { module, name: named };
}

function ofRequire({ expression, arguments: [name] }: ts.CallExpression): Origin | undefined {
  const t = typescript();
  const loads = expression.kind === t.SyntaxKind.ImportKeyword || expression.getText() === "require";
  if (!loads || !name || !t.isStringLiteral(name) || name.text.startsWith(".")) return undefined;
  return { module: name.text, name: "" };
}
