import type * as ts from "typescript";
import type { Code } from "./code";
import type { CodeText } from "./code-text";
import { typescript } from "./typescript";

/** The text of a literal, a template, a sum of these, or a constant; undefined for anything else. */
export function textOf(code: Code, node: ts.Node): CodeText | undefined {
  const t = typescript();
  const file = node.getSourceFile();

  function read(each: ts.Node, depth: number): CodeText | undefined {
    if (t.isParenthesizedExpression(each) || t.isAsExpression(each)) return read(each.expression, depth);
    if (t.isStringLiteral(each) || t.isNoSubstitutionTemplateLiteral(each)) return literal(each, 1, 1);
    if (t.isTemplateExpression(each)) return template(each, depth);
    if (t.isBinaryExpression(each) && each.operatorToken.kind === t.SyntaxKind.PlusToken) {
      const [left, right] = [read(each.left, depth), read(each.right, depth)];
      if (!left && !right) return undefined;
      return [left ?? hole(each.left), right ?? hole(each.right)].reduce(joined);
    }
    return t.isIdentifier(each) && depth < 3 ? constant(each, depth) : undefined;
  }

  function template({ head, templateSpans }: ts.TemplateExpression, depth: number): CodeText {
    return templateSpans.reduce(
      (text, { expression, literal: behind }) => {
        const last = behind.kind === t.SyntaxKind.TemplateTail;
        return [text, read(expression, depth + 1) ?? hole(expression), literal(behind, 1, last ? 1 : 2)].reduce(joined);
      },
      literal(head, 1, 2),
    );
  }

  function constant(name: ts.Identifier, depth: number): CodeText | undefined {
    const symbol = code.checker.getSymbolAtLocation(name);
    const declared = symbol && symbol.flags & t.SymbolFlags.Alias ? code.checker.getAliasedSymbol(symbol) : symbol;
    const declaration = declared?.valueDeclaration;
    if (!declaration || !t.isVariableDeclaration(declaration) || !declaration.initializer) return undefined;
    if (!(t.getCombinedNodeFlags(declaration) & t.NodeFlags.Const)) return undefined;
    const text = read(declaration.initializer, depth + 1);
    // For a constant of another file, the place is where the code uses it.
    return text && declaration.getSourceFile() !== file
      ? { ...text, offsets: text.offsets.map(() => name.getStart()) }
      : text;
  }

  return read(node, 0);
}

function literal(node: ts.LiteralLikeNode, before: number, after: number): CodeText {
  const start = node.getStart();
  return unescaped(node.getText().slice(before, -after), start + before);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", 0: "\0" };

/** The text at run time: escapes are resolved, each keeping the offset of its beginning. */
function unescaped(raw: string, start: number): CodeText {
  let text = "";
  const offsets: number[] = [];
  for (const match of raw.matchAll(/\\(?:u\{([\da-f]+)\}|u([\da-f]{4})|x([\da-f]{2})|(\r\n|[\s\S]))|[^\\]/gi)) {
    const [whole, point, unit, byte, other] = match;
    const number = point ?? unit ?? byte;
    const escaped = other !== undefined && /[\r\n]/.test(other) ? "" : (escapes[other ?? ""] ?? other);
    const value = number !== undefined ? character(Number.parseInt(number, 16)) : (escaped ?? whole);
    text += value;
    for (let index = 0; index < value.length; index++) offsets.push(start + match.index);
  }
  return { text, offsets, holes: [] };
}

/** A character by its number; a tagged template or a file that does not compile may hold an invalid number. */
function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

function hole(node: ts.Node): CodeText {
  const length = Math.max(node.getWidth(), 3);
  const offsets = Array.from({ length }, () => node.getStart());
  return { text: " ".repeat(length), offsets, holes: [{ start: 0, end: length }] };
}

export function joined(a: CodeText, b: CodeText): CodeText {
  const shifted = b.holes.map(({ start, end }) => ({ start: start + a.text.length, end: end + a.text.length }));
  return { text: a.text + b.text, offsets: [...a.offsets, ...b.offsets], holes: [...a.holes, ...shifted] };
}
