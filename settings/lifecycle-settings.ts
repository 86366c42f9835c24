import { z } from "zod";
import { type Duration, durationExpected, parseDuration } from "../common/duration";
import type { Place, Problem } from "../common/problem";
import type { Size } from "../common/size";
import { size, type WorkerSize, workerSize } from "./pod-size";

/** How a stack on Kubernetes runs `tenantry lifecycle`. */
export interface LifecycleSettings extends WorkerSize {
  /** When a run begins, as cron writes it, in UTC. @default at 17 minutes past each hour */
  readonly schedule: string;
  /** How long a run may take; the next one continues where it ended. @default 6 hours */
  readonly deadline: Duration;
  /** Room on the machine for the files of one run before they are in the store. @default 10 GiB */
  readonly temporary: Size;
  readonly image: string;
  /** Annotations of the pods' service account, by which a cloud gives them an identity. @default none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** @default the image that `images/tenantry` builds */
export const lifecycleImage = "ghcr.io/tenantry/tenantry:0.1.0";
/** @default size of a pod */
export const lifecycleSize: WorkerSize = { cpu: "250m", memory: { bytes: 2 ** 30 } };
/** @default when a run begins: off the full hour, when much else begins */
export const lifecycleSchedule = "17 * * * *";
/** @default how long a run may take */
export const lifecycleDeadline: Duration = { count: 6, unit: "hour" };
/** @default room for the files of one run */
export const lifecycleTemporary: Size = { bytes: 10 * 2 ** 30 };

const scheduleExpected = "five fields as in cron, such as `17 * * * *`";
const field = String.raw`(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/\d+)?`;
const fields = `${field}(,${field})*`;
const schedule = z
  .string(scheduleExpected)
  .trim()
  .regex(new RegExp(String.raw`^${fields}(\s+${fields}){4}$`), scheduleExpected);

/** `tenantry:lifecycle` of a stack file. */
export const lifecycleSchema = workerSize(lifecycleSize).extend({
  schedule: schedule.default(lifecycleSchedule),
  deadline: z
    .string(durationExpected)
    .transform((text, context): Duration => {
      const parsed = parseDuration(text);
      if (parsed) return parsed;
      context.addIssue({ code: "custom", message: durationExpected });
      return z.NEVER;
    })
    .default(lifecycleDeadline),
  temporary: size.default(lifecycleTemporary),
  image: z.string().min(1).default(lifecycleImage),
  annotations: z.record(z.string(), z.string()).exactOptional(),
});

/** The keys of a stack file that say where and how rows age. */
interface Written {
  readonly "tenantry:platform": "external" | "kubernetes";
  readonly "tenantry:lifecycle"?: unknown;
  readonly "tenantry:store"?: object | undefined;
}

/** Reports keys that the stack's platform has no use for. */
export function lifecycleProblems(config: Written, placeOf: (...path: string[]) => Place): Problem[] {
  const { "tenantry:platform": platform, "tenantry:lifecycle": lifecycle, "tenantry:store": store = {} } = config;
  const problems: Problem[] = [];
  if (platform === "external" && lifecycle !== undefined) {
    problems.push({
      what: "`tenantry:lifecycle` describes pods, and means nothing where the platform is `external`",
      fix: "Remove it, and run `tenantry lifecycle run` by a timer of your own",
      at: placeOf("config", "tenantry:lifecycle"),
    });
  }
  if (platform === "kubernetes" && lifecycle !== undefined && config["tenantry:store"] === undefined) {
    problems.push({
      what: "`tenantry:lifecycle` describes pods that move rows to a store, and the stack has none",
      expected: "`tenantry:store: { bucket: NAME, credentials: { secret: NAME } }`",
      fix: "Add `tenantry:store`, or remove `tenantry:lifecycle`",
      at: placeOf("config", "tenantry:lifecycle"),
    });
  }
  if (platform === "kubernetes" && "folder" in store) {
    problems.push({
      what: "Pods on different machines share no folder, so a folder can't be their store",
      got: "`tenantry:store.folder`",
      expected: "`tenantry:store: { bucket: NAME, credentials: { secret: NAME } }`",
      fix: "Name a bucket",
      at: placeOf("config", "tenantry:store", "folder"),
    });
  }
  return problems;
}
