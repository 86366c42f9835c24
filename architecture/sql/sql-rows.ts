/**
 * Recognises INSERTs of constants by their shape. Data files have hundreds of thousands of them, which then share a
 * tree.
 */

const blanks = "[ \\t\\r\\n]*";
const name = '(?:[A-Za-z_]\\w*|"[^"]+")';
const names = `\\(${blanks}${name}(?:${blanks},${blanks}${name})*${blanks}\\)${blanks}`;
const head = new RegExp(`insert[ \\t\\r\\n]+into[ \\t\\r\\n]+${name}(?:\\.${name})?${blanks}(?:${names})?`, "iy");
const values = new RegExp(`values${blanks}`, "iy");
const constant = "(?:'[^']*'(?:'[^']*')*|-?\\d+(?:\\.\\d+)?\\b|null\\b|true\\b|false\\b|default\\b)";
const row = new RegExp(`\\(${blanks}${constant}(?:${blanks},${blanks}${constant})*${blanks}\\)${blanks}`, "iy");
const comma = new RegExp(`,${blanks}`, "y");

/** An INSERT that represents all INSERTs of constants with the same shape. Undefined for any other statement. */
export function shapeOfRows(text: string, start: number, end: number): string | undefined {
  const into = behind(head, text, start);
  let at = into && behind(values, text, into);
  while (at !== undefined) {
    const last = behind(row, text, at);
    if (last !== undefined && last >= end) return `${text.slice(start, into)} VALUES (NULL)`;
    at = last && behind(comma, text, last);
  }
  return undefined;
}

function behind(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
