import { z } from "zod";
import { type Duration, durationExpected, durationMs, parseDuration } from "../common/duration";
import { parseSize, type Size, sizeExpected } from "../common/size";

/** A team's knowledge of its load. Rates are those of an average hour of a busy day, for all tenants together. */
export interface Workload {
  readonly tenants: {
    readonly now: number;
    /** @default as many as now */
    readonly inAYear: number;
    /** The largest tenant's share of rates and data, above 0 and at most 1. */
    readonly largest: number;
  };
  /** Transactions that write, a second. */
  readonly writes: number;
  /** Queries that name their tenant, a second. @default 0 */
  readonly reads: number;
  /** Events written to the outbox, a second. @default as many as writes */
  readonly events: number;
  /** Size of a row that a write adds. @default 512 B */
  readonly rowSize: Size;
  /** Size of an event's payload. @default 1 KiB */
  readonly eventSize: Size;
  /** A row's age at the end of each tier, as in architecture.yaml. */
  readonly retention: {
    readonly hot: Duration;
    /** @default no warm tier */
    readonly warm?: Duration;
    /** @default rows are dropped at the end of the last tier */
    readonly cold?: Duration;
    /** How long Kafka keeps an event. @default 7 days */
    readonly events: Duration;
  };
  /** @default "strong" */
  readonly consistency: "strong" | "bounded" | "eventual";
  /** The largest part that may fail while the data stays available. @default "zone" */
  readonly availability: "none" | "zone";
  /** How much capacity stays free for unforeseen load. @default "balanced" */
  readonly budget: "lean" | "balanced" | "ample";
  /** How long Kafka or Connect may be away before events are lost. @default 12 hours */
  readonly outage: Duration;
}

const duration = parsed<Duration>(durationExpected, parseDuration);
const size = parsed<Size>(sizeExpected, parseSize);
const shareExpected = "a percentage above 0 % and up to 100 %, such as `20 %`";
const rateExpected = "a number a second from 0 to 10000000";
const availabilityExpected =
  "none or zone: a stack lives in one region. To survive a region's loss, keep backups, or a second stack, in another";
const tenantsExpected = "a whole number from 1 to 10000000";

const share = z
  .string(shareExpected)
  .regex(/^\s*\d{1,3}(\.\d{1,4})?\s*%\s*$/, shareExpected)
  .transform((text) => Number.parseFloat(text) / 100)
  .refine((value) => value > 0 && value <= 1, shareExpected);
const rate = z.preprocess(toNumber, z.number(rateExpected).min(0, rateExpected).max(10_000_000, rateExpected));
const tenantCount = z.preprocess(
  toNumber,
  z.int(tenantsExpected).min(1, tenantsExpected).max(10_000_000, tenantsExpected),
);

const tenants = z
  .strictObject(
    { now: tenantCount, inAYear: tenantCount.exactOptional(), largest: share },
    "an object such as `{ now: 80, inAYear: 120, largest: 5 % }`",
  )
  .superRefine(({ now, largest }, context) => {
    const least = Math.floor(1_000_000 / now) / 10_000;
    if (largest * 100 < least) {
      const message = `at least ${least} %: the largest of ${now} tenants cannot be below their average`;
      context.addIssue({ code: "custom", message, path: ["largest"] });
    }
  })
  .transform((given) => ({ ...given, inAYear: given.inAYear ?? given.now }));

const retention = z
  .strictObject(
    {
      hot: duration,
      warm: duration.exactOptional(),
      cold: duration.exactOptional(),
      events: duration.prefault("7 days"),
    },
    "an object such as `{ hot: 3 months, warm: 12 months, cold: 7 years, events: 7 days }`",
  )
  .superRefine(({ hot, warm, cold }, context) => {
    const grows = (key: string, longer: Duration | undefined, shorter: Duration) => {
      if (longer && durationMs(longer) <= durationMs(shorter)) {
        const message = "longer than the tier before it: a row's age at its end, not the time spent in it";
        context.addIssue({ code: "custom", message, path: [key] });
      }
    };
    grows("warm", warm, hot);
    grows("cold", cold, warm ?? hot);
  });

/** Schema of `tenantry:workload` in a stack file. */
export const workloadSchema = z
  .strictObject(
    {
      tenants,
      writes: rate,
      reads: rate.default(0),
      events: rate.exactOptional(),
      rowSize: size.prefault("512 B"),
      eventSize: size.prefault("1 KiB"),
      retention,
      consistency: z.enum(["strong", "bounded", "eventual"], "strong, bounded or eventual").default("strong"),
      availability: z.enum(["none", "zone"], availabilityExpected).default("zone"),
      budget: z.enum(["lean", "balanced", "ample"], "lean, balanced or ample").default("balanced"),
      outage: duration.prefault("12 hours"),
    },
    "an object with `tenants`, `writes` and `retention`",
  )
  .transform((given): Workload => ({ ...given, events: given.events ?? given.writes }));

/** The number of tenants to plan for. Tenants who leave count until they have left. */
export function mostTenants({ tenants: { now, inAYear } }: Workload): number {
  return Math.max(now, inAYear);
}

/** Converts strings to numbers, because Pulumi writes numbers back as strings. */
export function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function parsed<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string(expected).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected, input: text });
    return z.NEVER;
  });
}
