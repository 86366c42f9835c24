import type { DefElem, Node } from "libpg-query";

/** The options in parentheses or after WITH, as the parse tree lists them. */
export function definitions(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => ("DefElem" in node ? [node.DefElem] : []));
}

/** True if a Boolean option is on, in any of PostgreSQL's spellings. The last one counts. */
export function isOn(options: readonly Node[] | undefined, name: string, otherwise = false): boolean {
  const said = definitions(options).findLast(({ defname }) => defname === name);
  return said ? optionIsOn(said) : otherwise;
}

export function optionIsOn({ arg }: DefElem): boolean {
  if (!arg) return true;
  if ("String" in arg) return ["true", "on", "yes", "1"].includes((arg.String.sval ?? "").toLowerCase());
  if ("Boolean" in arg) return arg.Boolean.boolval ?? false;
  return "Integer" in arg && arg.Integer.ival === 1;
}
