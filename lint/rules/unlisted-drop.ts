import type { Rule } from "../rule";

export const unlistedDrop: Rule = {
  name: "unlisted-drop",
  severity: "error",
  harm: "An opt-in to drop a table that somebody forgot or slipped in loses the rows with the next change of the description.",
  checkStack({ stack, get, placeOf, drops }) {
    const allow = get("allow");
    return (Array.isArray(allow) ? allow : []).flatMap((optIn: unknown) => {
      const table = /^drop (\S+)$/.exec(String(optIn))?.[1];
      if (table === undefined || drops.includes(table)) return [];
      return [
        {
          what: `Stack \`${stack}\` may drop \`${table}\` with its rows, and nobody else has signed that`,
          fix: `List \`${table}\` under \`drops\` in tenantry-lint.yaml, in a change of its own, or remove the opt-in`,
          at: placeOf("allow"),
        },
      ];
    });
  },
};
