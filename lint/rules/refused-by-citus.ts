import { refusedByCitus } from "../citus/refused";
import type { Rule } from "../rule";

export const refusedByCitusRule: Rule = {
  name: "refused-by-citus",
  severity: "error",
  harm: "Plain PostgreSQL accepts the statement and Citus refuses it: it works on every machine but production.",
  refuses: true,
  check: (statements, context) =>
    context.tables.citus ? refusedByCitus(statements, context).map(({ what, fix, at }) => ({ what, fix, at })) : [],
};
