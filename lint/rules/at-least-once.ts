import { isDebezium } from "../connector-facts";
import type { Rule } from "../rule";

export const atLeastOnce: Rule = {
  name: "at-least-once",
  severity: "error",
  harm: "A killed worker sends hundreds of events twice, although the stack's consistency promises once.",
  checkConnector(connector) {
    const { config, name, consistency, placeOf } = connector;
    if (consistency !== "strong" || !isDebezium(connector) || config["exactly.once.support"] === "required") return [];
    return [
      {
        what: `Connector \`${name}\` sends at least once, and the stack's consistency is \`strong\``,
        fix: "Write `exactly.once.support: required`, or ask for `bounded` consistency",
        at: placeOf("exactly.once.support"),
      },
    ];
  },
};
