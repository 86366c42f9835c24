import type { ConnectorStatus } from "./connect-state";

/**
 * Reason of a task's failure. `record`: the record that it had to write; another record might pass. `topic`: a
 * missing or forbidden topic. `memory`: too much at once. `elsewhere`: no record is the cause.
 */
export interface TaskFailure {
  readonly kind: "too large" | "topic" | "memory" | "record" | "elsewhere";
  /** The innermost error, with its name: `RecordTooLargeException: The request included …`. */
  readonly cause: string;
  readonly fix: string;
}

interface Sign {
  readonly kind: TaskFailure["kind"];
  readonly sign: RegExp;
  readonly fix: string;
}

const signs: readonly Sign[] = [
  {
    kind: "too large",
    sign: /RecordTooLargeException|RecordBatchTooLargeException|MESSAGE_TOO_LARGE/,
    fix: "raise the topic's `max.message.bytes` (the broker's `message.max.bytes`) again",
  },
  {
    kind: "topic",
    sign: /TopicAuthorizationException|not authorized to (?:create|access|describe).*topic/i,
    fix: "give Connect's login back its rights on the topic: Describe, Write, and Create where Connect makes topics",
  },
  {
    kind: "topic",
    sign: /UnknownTopicOrPartition|not present in metadata|failed to create new topic|does not host this topic/i,
    fix: "make the topic again, or let Connect make it",
  },
  {
    kind: "topic",
    sign: /InvalidTopicException|collides with existing topic|TopicExistsException|InvalidReplicationFactor|PolicyViolation/,
    fix: "see what the broker refuses of the topic: its name, or another topic of nearly the same name",
  },
  {
    kind: "memory",
    sign: /OutOfMemoryError|Java heap space|GC overhead/,
    fix: "give Connect's workers more memory (on this machine `tenantry local up --connect-heap MIB`)",
  },
  {
    kind: "record",
    sign: /DataException|SerializationException|InvalidRecordException|CorruptRecordException|Tolerance exceeded|error state/,
    fix: "see the worker's log for what it could not convert or write",
  },
];

const others: Sign = {
  kind: "elsewhere",
  sign: /^/,
  fix: "correct the cause (the worker's log has all of it), then run `tenantry up --refresh`: it restarts what failed",
};

/** Finds the failure; undefined if no task failed. */
export function failureOf({ connector, trace, tasks }: ConnectorStatus): TaskFailure | undefined {
  const failed = tasks.find(({ state }) => state === "FAILED");
  if (!failed && connector !== "FAILED") return undefined;
  const text = (failed ? failed.trace : trace) ?? "";
  const cause = rootCause(text);
  // The outer errors say what Connect did. That helps if the innermost one comes from a database or a library.
  const { kind, fix } =
    signs.find(({ sign }) => sign.test(cause)) ?? signs.find(({ sign }) => sign.test(text)) ?? others;
  return { kind, cause, fix };
}

/** The innermost "Caused by" of a Java stack trace, without packages: what went wrong, not what was being done. */
export function rootCause(trace: string): string {
  const thrown = trace.split("\n").flatMap((line) => {
    const [, name, message = ""] =
      /^(?:Caused by: )?(?:[\w$]+\.)*([\w$]+(?:Exception|Error))\b(?::\s*(.*))?$/.exec(line) ?? [];
    return name === undefined ? [] : [message === "" ? name : `${name}: ${message}`];
  });
  const innermost = thrown.at(-1) ?? trace.split("\n", 1)[0]?.trim();
  const text = innermost || "Connect gives no reason";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
