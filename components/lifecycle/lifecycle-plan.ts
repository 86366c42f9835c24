import { createHash } from "node:crypto";
import { type Problem, refuseIfAny } from "../../common/problem";
import {
  type LifecycleSettings,
  lifecycleDeadline,
  lifecycleImage,
  lifecycleSchedule,
  lifecycleSize,
  lifecycleTemporary,
} from "../../settings/lifecycle-settings";
import { isProjectFile } from "./project-files";

export interface LifecycleOptions extends Partial<LifecycleSettings> {
  readonly namespace: string;
  /** The stack, as `stacks/Pulumi.STACK.yaml` in `files` names it. */
  readonly stack: string;
  /** The name of the CitusCluster in the same namespace. */
  readonly citus: string;
  /** The files of the project as the pods see it, by path: `stacks/Pulumi.STACK.yaml`, `sql/APPLICATION/…`. They hold no secret. */
  readonly files: Readonly<Record<string, string>>;
  readonly store: StoreAccess;
  /** Raising it by one restarts the pods that keep running, after the logins have changed. @default 1 */
  readonly rotation?: number;
}

/** How the pods reach and log in to the store. */
export interface StoreAccess {
  /** Ports of the store beside 443. @default none */
  readonly ports?: readonly number[];
  /**
   * An existing Secret with `accessKeyId` and `secretAccessKey`. @default the identity that the cloud gives the pods'
   * service account
   */
  readonly secret?: string;
  /** The keys themselves, from which the component makes the Secret. @default none */
  readonly keys?: StoreKeys;
}

interface StoreKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface LifecyclePlan extends LifecycleSettings {
  readonly name: string;
  readonly namespace: string;
  readonly stack: string;
  readonly citus: string;
  readonly files: Readonly<Record<string, string>>;
  readonly store: StoreAccess;
  readonly rotation: number;
}

/** Kubernetes stores no ConfigMap larger than this; its other fields take some of it. */
const mostBytes = 1_000_000;

/** Fills in the defaults. Throws Problems with everything that is invalid. */
export function planLifecycle(name: string, options: LifecycleOptions): LifecyclePlan {
  const problems: Problem[] = [];
  const { files, stack } = options;
  if (files[`stacks/Pulumi.${stack}.yaml`] === undefined) {
    problems.push({
      what: `The pods of \`${name}\` would find no settings of the stack \`${stack}\``,
      got: Object.keys(files).join(", ") || "no files",
      expected: `stacks/Pulumi.${stack}.yaml`,
      fix: "Add it to `files`",
    });
  }
  for (const path of Object.keys(files).filter((path) => !isProjectFile(path))) {
    problems.push({
      what: `A ConfigMap can't hold the file \`${path}\``,
      expected: "a relative path of letters, digits, `.`, `_` and `-`",
      fix: "Rename the file",
    });
  }
  if (options.store.secret !== undefined && options.store.keys) {
    problems.push({
      what: `The pods of \`${name}\` would get two logins for the store`,
      got: `the Secret \`${options.store.secret}\`, and keys`,
      expected: "one of them",
      fix: "Remove `accessKeyId` and `secretAccessKey`, or `credentials`",
    });
  }
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > mostBytes) {
    problems.push({
      what: `The SQL and the settings don't fit into one ConfigMap, from which the pods of \`${name}\` read them`,
      got: `${bytes} bytes`,
      expected: `at most ${mostBytes}`,
      fix: "Build an image from `images/tenantry` with your project in /project, name it in `tenantry:lifecycle.image`, and leave `tenantry:lifecycle` to a CronJob of your own",
    });
  }
  refuseIfAny(problems);
  return {
    schedule: lifecycleSchedule,
    deadline: lifecycleDeadline,
    temporary: lifecycleTemporary,
    image: lifecycleImage,
    rotation: 1,
    ...lifecycleSize,
    ...options,
    name,
  };
}

/** Changes with everything that a pod reads only when it starts. */
export function digestOf({ files, rotation }: Pick<LifecyclePlan, "files" | "rotation">): string {
  const entries = Object.entries(files).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([entries, rotation]))
    .digest("hex")
    .slice(0, 16);
}
