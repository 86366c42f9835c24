import type * as ts from "typescript";
import { assignedIn, type Call, calledName, chainNames, returnedIn, usesOf } from "./calls";
import type { Code } from "./code";
import { typescript } from "./typescript";

/**
 * The package that a value comes from, and the export that created it: `new Kafka().producer()` gives `kafkajs`,
 * `Kafka`.
 */
export interface Origin {
  readonly module: string;
  readonly name: string;
  /** True for a value from a transaction that code began, and for a dedicated connection. */
  readonly transaction?: boolean;
  /** True for a parameter: its caller may pass a transaction or not. */
  readonly given?: boolean;
}

/**
 * The origin of an expression's value, by imports, calls and type annotations; undefined for values of the code itself.
 * Packages need not be installed.
 */
export function originOf(code: Code, expression: ts.Node): Origin | undefined {
  const key = (typescript().isIdentifier(expression) && code.checker.getSymbolAtLocation(expression)) || expression;
  const known = origins.get(code) ?? new Map<ts.Symbol | ts.Node, Origin | undefined>();
  origins.set(code, known);
  if (!known.has(key)) known.set(key, findOrigin(code, expression));
  return known.get(key);
}

const origins = new WeakMap<Code, Map<ts.Symbol | ts.Node, Origin | undefined>>();

function findOrigin(code: Code, expression: ts.Node): Origin | undefined {
  const t = typescript();
  const { checker } = code;
  const open = new Set<ts.Node>();

  function ofExpression(node: ts.Node): Origin | undefined {
    if (open.has(node)) return undefined;
    open.add(node);
    if (t.isIdentifier(node)) return ofSymbol(checker.getSymbolAtLocation(node));
    if (t.isPropertyAccessExpression(node)) {
      const own = ofSymbol(checker.getSymbolAtLocation(node.name));
      if (own) return own;
      const origin = ofExpression(node.expression);
      return t.isIdentifier(node.expression) && importOf(code, node.expression)
        ? exportOf(origin, node.name.text)
        : origin;
    }
    if (node.kind === t.SyntaxKind.ThisKeyword) {
      const owner = t.findAncestor(node, t.isClassLike);
      return owner && ofDeclaration(owner);
    }
    if (t.isCallExpression(node)) {
      const made = ofRequire(node) ?? ofExpression(node.expression);
      if (!made) return node.typeArguments?.flatMap((each) => ofType(each) ?? [])[0];
      const begins = code.libraries.has(made.module, calledName(node), ({ transactions }) => transactions);
      return begins ? { ...made, transaction: true } : made;
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
    if (t.isArrowFunction(node) || t.isFunctionExpression(node)) return ofFunction(node);
    if (t.isAsExpression(node)) return ofType(node.type) ?? ofExpression(node.expression);
    if (t.isBinaryExpression(node)) return ofExpression(node.left) ?? ofExpression(node.right);
    if (t.isConditionalExpression(node)) return ofExpression(node.whenTrue) ?? ofExpression(node.whenFalse);
    return undefined;
  }

  function ofSymbol(symbol: ts.Symbol | undefined): Origin | undefined {
    for (const declaration of symbol?.declarations ?? []) {
      const origin = imported(code, declaration) ?? ofDeclaration(declaration);
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
    if (t.isClassLike(node) || t.isInterfaceDeclaration(node)) {
      return node.heritageClauses?.flatMap(({ types }) => types.flatMap((each) => ofType(each) ?? []))[0];
    }
    if (t.isFunctionLike(node)) return ofFunction(node);
    const typed = node as ts.VariableDeclaration | ts.ParameterDeclaration | ts.PropertyDeclaration;
    const origin = (typed.type && ofType(typed.type)) ?? (typed.initializer && ofExpression(typed.initializer));
    if (t.isParameter(node)) {
      const isOpen = !typed.type || typed.type.kind === t.SyntaxKind.AnyKeyword;
      return origin ? { ...origin, given: true } : isOpen ? ofArguments(node) : undefined;
    }
    if (origin || typed.initializer) return origin;
    return t.isPropertyDeclaration(node) || t.isVariableDeclaration(node) ? ofAssigned(node) : undefined;
  }

  /**
   * The origin of a parameter. It is a transaction if the function is a transaction's callback, or if callers pass one.
   */
  function ofArguments(node: ts.ParameterDeclaration): Origin | undefined {
    const owner = node.parent;
    if (!("parameters" in owner)) return undefined;
    const index = owner.parameters.indexOf(node);
    for (const { call, argument } of usesOf(code, owner)) {
      const origin = argument ? index === 0 && ofTransaction(call) : ofExpression(call.arguments?.[index] ?? node);
      if (origin) return { ...origin, given: true };
    }
    return undefined;
  }

  function ofTransaction(call: Call): Origin | undefined {
    const origin = ofExpression(call.expression);
    if (!origin) return undefined;
    const begins = chainNames(call).some((name) =>
      code.libraries.has(origin.module, name, ({ transactions }) => transactions),
    );
    return begins ? { ...origin, transaction: true } : undefined;
  }

  /** The origin of `{ producer }`: its declared type in the container, or the container's origin. */
  function ofBinding(node: ts.BindingElement): Origin | undefined {
    const name = (node.propertyName ?? node.name).getText();
    const property = checker.getTypeAtLocation(node.parent).getProperty(name);
    const owner = node.parent.parent;
    const container = () => (t.isBindingElement(owner) ? ofBinding(owner) : ofDeclaration(owner));
    return ofSymbol(property) ?? exportOf(container(), name);
  }

  function ofType(node: ts.TypeNode): Origin | undefined {
    if (t.isTypeReferenceNode(node) || t.isExpressionWithTypeArguments(node)) {
      const name = t.isTypeReferenceNode(node) ? node.typeName : node.expression;
      const first = t.isQualifiedName(name) ? name.left : name;
      const own = ofSymbol(checker.getSymbolAtLocation(first));
      return own ?? node.typeArguments?.flatMap((each) => ofType(each) ?? [])[0];
    }
    if (t.isTypeQueryNode(node)) return ofEntity(node.exprName);
    if (t.isIndexedAccessTypeNode(node)) return ofType(node.objectType);
    if (t.isTypeOperatorNode(node) || t.isParenthesizedTypeNode(node)) return ofType(node.type);
    if (t.isArrayTypeNode(node)) return ofType(node.elementType);
    if (t.isUnionTypeNode(node) || t.isIntersectionTypeNode(node)) {
      return node.types.flatMap((each) => ofType(each) ?? [])[0];
    }
    if (t.isImportTypeNode(node) && t.isLiteralTypeNode(node.argument)) {
      return { module: (node.argument.literal as ts.StringLiteral).text, name: node.qualifier?.getText() ?? "" };
    }
    return undefined;
  }

  /** The origin of `typeof db`, or of a member of a package such as `typeof db.transaction`. */
  function ofEntity(name: ts.EntityName): Origin | undefined {
    const own = ofSymbol(checker.getSymbolAtLocation(name));
    return own ?? (t.isQualifiedName(name) ? ofEntity(name.left) : undefined);
  }

  function ofFunction(node: ts.SignatureDeclaration): Origin | undefined {
    return (node.type && ofType(node.type)) ?? ofReturned(node);
  }

  function ofReturned(node: ts.SignatureDeclaration): Origin | undefined {
    const { body } = node as ts.FunctionLikeDeclaration;
    if (!body || !t.isBlock(body)) return body && ofExpression(body);
    return returnedIn(body).flatMap((each) => ofExpression(each) ?? [])[0];
  }

  /**
   * The origin of an assignment: `this.producer = kafka.producer()` in the class, `producer = kafka.producer()` in the
   * file.
   */
  function ofAssigned(node: ts.PropertyDeclaration | ts.VariableDeclaration): Origin | undefined {
    const symbol = checker.getSymbolAtLocation(node.name);
    const values = assignedIn(node.getSourceFile(), node.name.getText());
    const own = values.filter(({ name }) => symbol !== undefined && checker.getSymbolAtLocation(name) === symbol);
    return own.flatMap(({ value }) => ofExpression(value) ?? [])[0];
  }

  return ofExpression(expression);
}

/** The package's export that an imported name stands for. */
export function importOf(code: Code, name: ts.Identifier): Origin | undefined {
  const declarations = code.checker.getSymbolAtLocation(name)?.declarations ?? [];
  return declarations.flatMap((each) => imported(code, each) ?? [])[0];
}

/** The origin of an import from a package, not from one of the code's own files. */
function imported(code: Code, node: ts.Declaration): Origin | undefined {
  const t = typescript();
  if (!t.isImportSpecifier(node) && !t.isImportClause(node) && !t.isNamespaceImport(node)) return undefined;
  const specifier = t.findAncestor(node, t.isImportDeclaration)?.moduleSpecifier;
  if (!specifier || !t.isStringLiteral(specifier)) return undefined;
  const name = t.isImportSpecifier(node) ? (node.propertyName ?? node.name).text : "default";
  const module = specifier.text;
  if (code.libraries.of(module).length > 0) return { module, name };
  if (code.isOwn(module, node.getSourceFile())) return undefined;
  const generating = code.libraries.generating(name);
  if (generating !== undefined) return { module: generating, name };
  return module.startsWith(".") ? undefined : { module, name };
}

/** The export of a member: `pg.Pool` of `import pg from "pg"` is `Pool`. */
function exportOf(origin: Origin | undefined, name: string): Origin | undefined {
  return origin?.name === "" || origin?.name === "default" ? { ...origin, name } : origin;
}

function ofRequire({ expression, arguments: [name] }: ts.CallExpression): Origin | undefined {
  const t = typescript();
  const loads = expression.kind === t.SyntaxKind.ImportKeyword || expression.getText() === "require";
  if (!loads || !name || !t.isStringLiteral(name) || name.text.startsWith(".")) return undefined;
  return { module: name.text, name: "" };
}
