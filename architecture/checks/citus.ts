import { refusedByCitus } from "../citus/refused";
import type { Problem } from "../problem";
import { applyAllows, readAllows } from "../rules/allow";
import { contextOf, readTables } from "../rules/context";
import { refusedByCitusRule } from "../rules/refused-by-citus";
import type { Checked } from "./check";

/** What runs on plain PostgreSQL and is refused by Citus is told before it reaches the stack that has it. */
export function checkCitus({ files, schema, description, citus }: Checked): Problem[] {
  const needs = citus ?? (description.citus === "required" ? "architecture.yaml" : undefined);
  if (needs === undefined) return [];
  const tables = readTables(files, schema, description, true);
  return files.flatMap((file) => {
    const found = refusedByCitus(file.statements, contextOf(file, tables, true));
    const named = found.map((each) => ({ ...each, rule: refusedByCitusRule.name }));
    const allows = readAllows(file.source, file.statements).filter(({ rule }) => rule === refusedByCitusRule.name);
    const { kept } = applyAllows(file.source, allows, named, new Set());
    return kept.map(({ what, fix, at }) => ({
      what,
      expected: `SQL that Citus accepts: ${needs} requires it`,
      fix,
      at,
    }));
  });
}
