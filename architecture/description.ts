import { z } from "zod";
import { type Duration, durationExpected, durationMs, parseDuration } from "../common/duration";
import { formatSize, parseSize, type Size, sizeExpected } from "../common/size";
import { largestPayloadBytes, producerLimitBytes } from "./data-plane/record-limits";
import { reaches } from "./reserved-functions";

const duration = parsed<Duration>(durationExpected, parseDuration, "^\\s*[1-9][0-9]*\\s*[A-Za-z]+\\s*$", "3 days");
const size = parsed<Size>(sizeExpected, parseSize, "^\\s*[1-9][0-9]*\\s*(B|KiB|MiB|GiB|TiB)\\s*$", "8 KiB");
const every = atMost({ count: 10, unit: "year" }, "at most 10 years: up to 100 partitions are made ahead");
/** Limited to 100 years, because processed events are kept twice as long as the topic keeps the event. */
const eventRetention = atMost({ count: 100, unit: "year" }, "at most 100 years");
const timeout = atMost({ count: 24, unit: "day" }, "at most 24 days: PostgreSQL counts 2147483647 ms and no more");
const [mostPayload, mostRecord] = [largestPayloadBytes, producerLimitBytes].map((bytes) => formatSize({ bytes }));
const largestPayload = `at most ${mostPayload}: Kafka takes records of ${mostRecord}, and one that it refuses stops all events`;
const payloadSize = size.refine(({ bytes }) => bytes <= largestPayloadBytes, largestPayload);
const name = z.string("a name").min(1, "a name");
const flag = z.literal(true, "`true`, or leave the key out").optional();
const reach = z.union([z.literal("all"), z.array(name)], "`all`, or a list of tables such as `[orders, customers]`");

function atMost(longest: Duration, expected: string) {
  return duration.refine((value) => durationMs(value) <= durationMs(longest), expected);
}

function count(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int(expected).min(least, expected).max(most, expected);
}

const tenant = z.strictObject(
  {
    table: name.describe("The tenant root: one row per tenant."),
    column: name.default("tenant_id").describe("The column that every tenant table has and every key of it contains."),
    type: z.enum(["uuid", "bigint", "integer", "text"], "uuid, bigint, integer or text").default("uuid"),
  },
  "an object such as `{ table: tenants, column: tenant_id, type: uuid }`",
);

const partition = z
  .strictObject(
    {
      by: name.describe("A date or timestamp column; the table says PARTITION BY RANGE on it."),
      every: every
        .optional()
        .describe("How much time one partition holds. @default the stack's plan, without one 1 month"),
      ahead: count(1, 100).default(4).describe("Partitions made ahead."),
      retention: duration
        .optional()
        .describe("Rows older than this are dropped with their partition. Without it they stay for ever."),
    },
    "an object such as `{ by: placed_at, every: 1 month }`",
  )
  .describe("Partitions by time, made and dropped by pg_partman.");

const tiers = z
  .strictObject(
    {
      hot: duration.optional().describe("Rows are hot until they are this old."),
      warm: duration.optional().describe("Rows are warm until they are this old."),
      cold: duration.describe("Rows older than this are dropped with their partition."),
      compact: z
        .union(
          [z.enum(["heap", "columnar"]), z.strictObject({ tablespace: name })],
          "`heap`, `columnar`, or `{ tablespace: NAME }`",
        )
        .optional()
        .describe(
          "How warm partitions are stored: rewritten without free space in the order of the key, also in another tablespace, or as columns, which take inserts only and where the server has no columnar tables become heap. @default heap",
        ),
      updates: flag.describe("Warm rows are updated or deleted, so they can't be columnar."),
    },
    "an object such as `{ hot: 3 months, warm: 12 months, cold: 7 years }`",
  )
  .describe("A row's age at the end of each tier, so each is longer than the one before.");

const table = z
  .strictObject(
    {
      tenant: flag.describe("Its rows belong to a tenant: distributed with the tenant root, under row level security."),
      reference: flag.describe("Shared by all tenants, on every node, read-only for the application's roles."),
      shared: flag.describe("Of all tenants, on every node; roles whose `writes` has it may change it."),
      local: flag.describe("Stays on the coordinator and holds no tenant's data."),
      partition: partition.optional(),
      tiers: tiers.optional(),
    },
    "an object such as `{ tenant: true }`",
  )
  .describe("Exactly one of `tenant`, `reference`, `shared` and `local`.");

const aggregate = z.strictObject(
  {
    partitions: count(1, 10_000)
      .optional()
      .describe(
        "Partitions of the topic. Events of one aggregate_id keep their order. @default the stack's plan, without one 6",
      ),
    retention: eventRetention
      .optional()
      .describe("How long the topic keeps an event. @default the stack's plan, without one 7 days"),
  },
  "an object such as `{ partitions: 6, retention: 14 days }`",
);

const events = z
  .strictObject(
    {
      retention: eventRetention
        .prefault("3 days")
        .describe("How long the outbox keeps an event. It never drops one that has not reached Kafka."),
      maxPayload: payloadSize.prefault("8 KiB").describe("The largest payload that the outbox accepts."),
      aggregates: z
        .record(name, aggregate, "aggregates by name")
        .default({})
        .describe(
          "By the name in `aggregate_type`; the outbox takes events of no other, and is made only for these. The topic is APPLICATION.AGGREGATE.events.",
        ),
    },
    "an object with `retention`, `maxPayload` and `aggregates`",
  )
  .prefault({});

const resultLifetime = atMost({ count: 1, unit: "year" }, "at most 1 year: results are copies");
const cold = z
  .strictObject(
    {
      openRequests: count(1, 1000)
        .default(5)
        .describe("Requests of a tenant that are asked, fetched or ready at once."),
      rowsPerDay: count(1, 1_000_000_000)
        .default(10_000_000)
        .describe("Rows that a tenant may have restored in 24 hours."),
      bytesPerDay: size.prefault("10 GiB").describe("Bytes of files that a tenant may have fetched in 24 hours."),
      keep: resultLifetime.prefault("3 days").describe("How long a result stays. Links end after 7 days at most."),
    },
    "an object with `openRequests`, `rowsPerDay`, `bytesPerDay` and `keep`",
  )
  .prefault({})
  .describe("Limits of the requests for cold rows, for each tenant.");

const role = z
  .strictObject(
    {
      reads: reach
        .optional()
        .describe('Tables that it may SELECT from. @default "all" where `writes` is "all", else none'),
      writes: reach.optional().describe("Tenant and shared tables that it may read and change. @default none"),
      reaches: z
        .array(z.enum(reaches, `one of ${reaches.join(", ")}`))
        .default([])
        .describe("Functions that it may call, though they reach further than rows. @default none"),
      statementTimeout: timeout.optional().describe("Statements that take longer are cancelled."),
    },
    "an object such as `{ writes: all }`",
  )
  .describe("Becomes APPLICATION_NAME in PostgreSQL.");

/** `architecture.yaml`: the validator, and the source of the editors' JSON Schema. */
export const descriptionSchema = z
  .strictObject(
    {
      tenant,
      citus: z
        .enum(["required", "auto"], "required or auto")
        .optional()
        .describe(
          "`required`: the SQL has to run on Citus. @default auto: as the application's stacks say, where tenants share tables",
        ),
      schema: name.optional().describe("Where the application's tables live. @default the folder's name"),
      tables: z
        .record(name, table, "tables by name, such as `orders: { tenant: true }`")
        .describe("Every table of the SQL files; the tenant root may be left out."),
      events,
      cold,
      roles: z.record(name, role, "roles by name, such as `app: { writes: all }`").default({}),
    },
    "an object with `tenant`, `tables`, `events` and `roles`",
  )
  .meta({ title: "tenantry's architecture.yaml" });

/**
 * The content of `architecture.yaml`, before it is compared with the SQL, and without the values that depend on the
 * stack (defaults.ts).
 */
export type Description = z.output<typeof descriptionSchema>;

/** The JSON Schema with which editors complete and check `architecture.yaml`. */
export function descriptionJsonSchema(): object {
  return z.toJSONSchema(descriptionSchema, { io: "input" });
}

function parsed<T>(expected: string, parse: (text: string) => T | undefined, pattern: string, example: string) {
  return z
    .string(expected)
    .meta({ pattern, examples: [example] })
    .transform((text, context): T => {
      const value = parse(text);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    });
}
