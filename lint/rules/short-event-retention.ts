import { durationMs, formatDuration } from "../../common/duration";
import type { Rule } from "../rule";

/** The longest time that a connector may stand still before somebody repairs it. */
const allowedLagMs = 24 * 3_600_000;

export const shortEventRetention: Rule = {
  name: "short-event-retention",
  severity: "warning",
  harm: "An outbox that keeps less than a day leaves no time to mend a connector, and nothing to send again.",
  checkDescription({ events: { retention } }, placeOf) {
    if (durationMs(retention) >= allowedLagMs) return [];
    return [
      {
        what: `Events are kept ${formatDuration(retention)}: less than a connector may lag (1 day)`,
        fix: "Keep them a day or more",
        at: placeOf("events", "retention"),
      },
    ];
  },
};
