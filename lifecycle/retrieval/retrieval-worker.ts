import { setTimeout as sleep } from "node:timers/promises";
import { recordRequests } from "../activity";
import { asTenant, type ColdRequest, hasRequests, type RequestPlace, readRequests } from "./cold-request";
import { ended, failed, forgetEnded } from "./request-state";
import { dropRestored } from "./restored-table";
import { type RetrievalContext, retrieve } from "./retrieval";
import { failureOf, type RetrievalFailure } from "./retrieval-failure";

export interface WorkerContext extends RetrievalContext {
  readonly places: readonly RequestPlace[];
  readonly tell: (line: string) => void;
}

export interface WorkDone {
  readonly ready: number;
  readonly ended: number;
  readonly failures: readonly { readonly request: string; readonly failure: RetrievalFailure }[];
}

/**
 * Serves every request that is open now, drops what has expired or was cancelled, and forgets what ended long ago. Several
 * workers share the requests: each takes one by an advisory lock of its session, which ends with it.
 */
export async function serveOnce(context: WorkerContext): Promise<WorkDone> {
  const done = { ready: 0, ended: 0, failures: [] as { request: string; failure: RetrievalFailure }[] };
  for (const place of context.places) {
    if (!(await hasRequests(context.client, place))) continue;
    for (const request of await readRequests(context.client, place, "open")) {
      if (context.signal?.aborted) return done;
      await locked(context, request, async () => {
        const [now] = await readRequests(context.client, place, request);
        const outcome = now && (await serve(context, place, now));
        if (outcome === "ready") done.ready += 1;
        if (outcome === "ended") done.ended += 1;
        if (typeof outcome === "object") done.failures.push({ request: request.id, failure: outcome });
      });
    }
    await forgetEnded(context.client, place);
  }
  return done;
}

/** The time between two notes for alerts. */
const noteMs = 30_000;

/** Serves until the signal stops it. */
export async function serveRequests(context: WorkerContext, pollMs: number): Promise<void> {
  let noted = Number.NEGATIVE_INFINITY;
  while (!context.signal?.aborted) {
    await serveOnce(context);
    if (performance.now() - noted > noteMs) {
      await noteWaiting(context);
      noted = performance.now();
    }
    await sleep(pollMs, undefined, { signal: context.signal }).catch(() => {});
  }
}

/** Notes how many requests wait behind a round, and since when. */
async function noteWaiting({ client, places }: WorkerContext): Promise<void> {
  const waiting: Date[] = [];
  for (const place of places) {
    if (!(await hasRequests(client, place))) continue;
    for (const { state, askedAt } of await readRequests(client, place, "open")) {
      if (state === "asked" || state === "fetching") waiting.push(askedAt);
    }
  }
  const [oldest] = waiting.toSorted((one, other) => +one - +other);
  await recordRequests(client, waiting.length, oldest);
}

async function serve(
  context: WorkerContext,
  place: RequestPlace,
  request: ColdRequest,
): Promise<"ready" | "ended" | "left" | RetrievalFailure> {
  const { client, tell } = context;
  const name = `${request.table} of tenant ${request.tenant}, request ${request.id}`;
  if (
    request.state === "ready"
      ? request.isExpired || request.isCancelled
      : request.state === "fetching" && request.isCancelled
  ) {
    await end(context, place, request);
    return "ended";
  }
  if (request.isCancelled || (request.state !== "asked" && request.state !== "fetching")) return "left";
  try {
    if (await retrieve(context, place, request)) {
      tell(`${name}: ready`);
      return "ready";
    }
  } catch (error) {
    const failure = failureOf(error);
    await dropRestored(client, place, request);
    const [now = request] = await readRequests(client, place, request);
    await asTenant(client, request.tenant, () => failed(client, place, now, failure));
    tell(`${name}: failed\n${failure.message}`);
    return failure;
  }
  const [now] = await readRequests(client, place, request);
  if (!now?.isCancelled) return "left";
  await end(context, place, now);
  return "ended";
}

async function end({ client, tell }: WorkerContext, place: RequestPlace, request: ColdRequest): Promise<void> {
  const state = request.isCancelled ? "cancelled" : "expired";
  await dropRestored(client, place, request);
  await asTenant(client, request.tenant, () => ended(client, place, request, state));
  tell(`${request.table} of tenant ${request.tenant}, request ${request.id}: ${state}`);
}

const lockKeys = "hashtext('tenantry.cold_request'), hashtext($1)";

/** Runs `work` unless another worker has the request. */
async function locked({ client }: WorkerContext, { id }: ColdRequest, work: () => Promise<void>): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lockKeys}) AS locked`, [id]);
  if (!rows[0]?.locked) return;
  try {
    await work();
  } finally {
    await client.query(`SELECT pg_advisory_unlock(${lockKeys})`, [id]).catch(() => {});
  }
}
