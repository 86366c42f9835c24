import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Rule } from "./rule";

const folder = join(__dirname, "rules");

/** Every rule, sorted by name. Each file of `rules/` exports one rule with the file's name. */
export const rules: readonly Rule[] = readdirSync(folder)
  .filter((file) => /^[\w-]+\.[jt]s$/.test(file))
  .toSorted()
  .map(readRule);

function readRule(file: string): Rule {
  const name = basename(file).replace(/\.[jt]s$/, "");
  const rule = Object.values(require(join(folder, file)) as Record<string, Rule>).find((value) => value.name === name);
  if (!rule) throw new Error(`lint/rules/${file} exports no rule of the name ${name}`);
  return rule;
}
