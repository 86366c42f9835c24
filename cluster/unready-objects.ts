import type { Problem } from "../common/problem";
import type { ApiOf } from "./kubernetes-client";

export type Pod = ApiOf<"V1Pod">;
type Event = ApiOf<"CoreV1Event">;
type StatefulSet = ApiOf<"V1StatefulSet">;
type Job = ApiOf<"V1Job">;
type Claim = ApiOf<"V1PersistentVolumeClaim">;
type ContainerStatus = ApiOf<"V1ContainerStatus">;

/** The kind, name and readiness of a custom resource. */
export interface CustomObject {
  readonly kind: string;
  readonly name: string;
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The objects in a namespace at one moment. */
export interface NamespaceObjects {
  readonly namespace: string;
  readonly pods: readonly Pod[];
  readonly statefulSets: readonly StatefulSet[];
  readonly jobs: readonly Job[];
  readonly claims: readonly Claim[];
  readonly custom: readonly CustomObject[];
  readonly events: readonly Event[];
  /** The last lines that a pod's failing container wrote, by the pod's name. */
  readonly logs: ReadonlyMap<string, string>;
}

const shownEvents = 3;

/** One problem for each object that is not ready, with its last events and the next step. */
export function unreadyProblems(seen: NamespaceObjects): Problem[] {
  return [
    ...seen.claims.flatMap((claim) => claimTrouble(claim, seen)),
    ...seen.statefulSets.flatMap((set) => creationProblems("StatefulSet", set, seen)),
    ...seen.jobs.flatMap((job) => creationProblems("Job", job, seen)),
    ...seen.pods.flatMap((pod) => podTrouble(pod, seen)),
    ...seen.custom.flatMap((object) => customTrouble(object, seen)),
  ];
}

function claimTrouble({ metadata, status }: Claim, seen: NamespaceObjects): Problem[] {
  const events = warnings("PersistentVolumeClaim", metadata?.name, seen);
  if (status?.phase === "Bound" || events.length === 0) return [];
  return [
    {
      what: `Volume claim \`${metadata?.name}\` in \`${seen.namespace}\` gets no volume`,
      got: lines(events),
      fix: "Check `tenantry:kubernetes.storageClass`, and that its driver runs and has space; then run `up` again",
    },
  ];
}

/** The problem of a controller whose pods the API server refuses. */
function creationProblems(kind: string, { metadata }: StatefulSet | Job, seen: NamespaceObjects): Problem[] {
  const events = seen.events.filter(
    (event) => event.reason === "FailedCreate" && isAbout(event, kind, metadata?.name) && !isOvercome(event, seen),
  );
  if (events.length === 0) return [];
  const quota = events.some(({ message }) => message?.includes("exceeded quota"));
  return [
    {
      what: `${kind} \`${metadata?.name}\` in \`${seen.namespace}\` is not allowed to create its pods`,
      got: lines(lastEvents(events)),
      fix: quota
        ? `Raise the quota (\`kubectl --namespace ${seen.namespace} describe resourcequota\`), or give the stack fewer or smaller nodes; then run \`up\` again`
        : "Correct the cause in the message, such as a policy of the cluster or a missing service account; then run `up` again",
    },
  ];
}

/** True if the pods exist by now. Controllers retry, so an old refusal no longer matters then. */
function isOvercome({ involvedObject }: Event, seen: NamespaceObjects): boolean {
  const set = seen.statefulSets.find(({ metadata }) => metadata?.name === involvedObject.name);
  const job = seen.jobs.find(({ metadata }) => metadata?.name === involvedObject.name);
  return set ? set.status?.replicas === set.spec?.replicas : Boolean(job?.status?.active || job?.status?.succeeded);
}

function podTrouble(pod: Pod, seen: NamespaceObjects): Problem[] {
  const { metadata, status } = pod;
  if (status?.phase === "Succeeded" || isReady(pod) || metadata?.deletionTimestamp) return [];
  const name = metadata?.name ?? "";
  const unschedulable = status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  const cause = unschedulable
    ? scheduling(unschedulable.message)
    : containerCause(statusesOf(pod), seen.namespace, name);
  const log = seen.logs.get(name);
  const events = warnings("Pod", name, seen);
  const details = cause.details.filter((detail) => !events.some((event) => event.endsWith(detail)));
  const told = [...details, ...events, ...(log ? [`its log ends: ${log}`] : [])];
  return [
    {
      what: `Pod \`${name}\` in \`${seen.namespace}\` ${cause.what}`,
      got: lines(told),
      fix: `${cause.fix}; then run \`up\` again`,
    },
  ];
}

interface Cause {
  readonly what: string;
  readonly details: readonly string[];
  readonly fix: string;
}

function scheduling(message = ""): Cause {
  return {
    what: "finds no machine to run on",
    details: [message],
    fix: /affinity/.test(message)
      ? "Add machines, or allow two pods of a node on one: `tenantry:kubernetes.spread: preferred`"
      : "Add machines, or larger ones, or make the nodes smaller in `tenantry:kubernetes`",
  };
}

function containerCause(statuses: readonly ContainerStatus[], namespace: string, pod: string): Cause {
  const failing = statuses.find(({ ready }) => !ready);
  const { waiting, terminated } = failing?.state ?? {};
  const ended = terminated ?? failing?.lastState?.terminated;
  const details = [waiting?.message, terminated?.message].filter((text) => text !== undefined);
  const logs = `\`kubectl --namespace ${namespace} logs ${pod}${waiting ? " --previous" : ""}\``;
  if (/Image/.test(waiting?.reason ?? "")) {
    return {
      what: `cannot get its image \`${failing?.image}\``,
      details,
      fix: "Build it from `images/` and push it to where the cluster pulls from, or name another in the stack file",
    };
  }
  if (ended?.reason === "OOMKilled") {
    return {
      what: "was killed because it used more memory than its limit",
      details,
      fix: "Give it more `memory` in `tenantry:kubernetes`",
    };
  }
  if (waiting?.reason?.startsWith("CreateContainer")) {
    return { what: "cannot start its container", details, fix: "Restore the object that the message names" };
  }
  if (ended && ended.exitCode !== 0) {
    const exit = `its container \`${failing?.name}\` ended with ${ended.exitCode} (${ended.reason}), ${failing?.restartCount} restarts`;
    return { what: "keeps failing", details: [exit, ...details], fix: `Find the reason in ${logs}` };
  }
  const fix = `Look at ${logs} and \`kubectl --namespace ${namespace} describe pod ${pod}\``;
  return { what: "is not ready", details, fix };
}

function customTrouble({ kind, name, conditions }: CustomObject, seen: NamespaceObjects): Problem[] {
  const unready = conditions.filter(({ type, status }) => type === "Ready" && status === "False");
  const events = warnings(kind, name, seen);
  if (unready.length === 0) return [];
  return [
    {
      what: `${kind} \`${name}\` in \`${seen.namespace}\` is not ready`,
      got: lines([...unready.map(({ reason, message }) => [reason, message].filter(Boolean).join(": ")), ...events]),
      fix: `Correct the cause in the message, or look at the operator's log and \`kubectl --namespace ${seen.namespace} describe ${kind.toLowerCase()} ${name}\``,
    },
  ];
}

/** True if the pod serves requests. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

/** Init containers come first because they run first. */
export function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  const init = status?.initContainerStatuses ?? [];
  return [...init.filter(({ state }) => state?.terminated?.exitCode !== 0), ...(status?.containerStatuses ?? [])];
}

function warnings(kind: string, name: string | undefined, { events }: NamespaceObjects): string[] {
  return lastEvents(events.filter((event) => event.type === "Warning" && isAbout(event, kind, name)));
}

function isAbout({ involvedObject }: Event, kind: string, name: string | undefined): boolean {
  return involvedObject.kind === kind && involvedObject.name === name;
}

/** The texts of the last events, newest first, without repetitions. */
function lastEvents(events: readonly Event[]): string[] {
  const time = (event: Event) =>
    new Date(event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? 0).getTime();
  const texts = events
    .toSorted((a, b) => time(b) - time(a))
    .map(
      ({ reason, message, count }) =>
        `${reason}: ${message?.trim().replaceAll(/\s*\n\s*/g, " ")}${count && count > 1 ? ` (${count} times)` : ""}`,
    );
  return [...new Set(texts)].slice(0, shownEvents);
}

function lines(texts: readonly string[]): string {
  const told = texts.filter((text) => text !== "");
  return told.length > 0 ? told.join("\n            ") : "no event says why";
}
