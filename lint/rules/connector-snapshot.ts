import { isDebezium, isFilledInLater } from "../connector-facts";
import type { Rule } from "../rule";

export const connectorSnapshot: Rule = {
  name: "connector-snapshot",
  severity: "error",
  harm: "A snapshot sends every retained event again; on Citus, every node's connector sends the events of all nodes.",
  checkConnector(connector) {
    const mode = connector.config["snapshot.mode"];
    if (!isDebezium(connector) || mode === "no_data" || (mode && isFilledInLater(mode))) return [];
    const said = mode === undefined ? "no `snapshot.mode`, so `initial`" : `\`snapshot.mode\` ${mode}`;
    return [
      {
        what: `Connector \`${connector.name}\` has ${said}: it reads the table and sends old events again`,
        fix: "Write `snapshot.mode: no_data`; to send again on purpose, opt in to `replay`",
        at: connector.placeOf("snapshot.mode"),
      },
    ];
  },
};
