import assert from "node:assert/strict";
import test from "node:test";
import type { ClusterApi } from "../../../cluster/api";
import { askCluster, requireReachable, unreachable } from "../../../cluster/reachability";
import { renderProblem } from "../../../common/problem";

const place = { context: "staging", server: "https://10.0.0.1:6443" };
const told = (error: unknown) => renderProblem(unreachable(place, error));

test("reports a cluster that does not answer, with its address and a command to try", () => {
  assert.equal(
    told(new Error("connect ECONNREFUSED 10.0.0.1:6443")),
    `The cluster of the context \`staging\` does not answer
  got:      https://10.0.0.1:6443: connect ECONNREFUSED 10.0.0.1:6443
  expected: an API server
  fix:      Start the cluster, or connect to its network; \`kubectl --context staging version\` must answer. Nothing was changed`,
  );
  assert.match(told(Object.assign(new Error("aborted"), { name: "AbortError" })), /no answer within 20 s/);
});

test("reports refused credentials, with the server's own message", () => {
  const refused = Object.assign(new Error("HTTP-Code: 401"), { code: 401, body: '{"message":"Unauthorized"}' });
  assert.match(told(refused), /refuses your credentials\n {2}got: {6}https:\/\/10\.0\.0\.1:6443: Unauthorized/);
});

const cluster = (minor: string) =>
  ({ ...place, version: { getCode: async () => ({ minor }) } }) as unknown as ClusterApi;

test("rejects a cluster that is too old for Strimzi", async () => {
  await assert.rejects(
    requireReachable(cluster("29+")),
    /too old\n {2}got: {6}Kubernetes 1\.29\n {2}expected: 1\.30 or newer/,
  );
  await requireReachable(cluster("33"));
});

test("reports a cluster that stops answering during the checks, and passes other errors on unchanged", async () => {
  const failing = (error: Error) => askCluster(cluster("33"), () => Promise.reject(error));
  for (const away of [
    Object.assign(new Error("request failed, reason: read ECONNRESET"), { name: "FetchError", code: "ECONNRESET" }),
    Object.assign(new Error("The operation was aborted"), { name: "AbortError", type: "aborted" }),
    Object.assign(new Error("HTTP-Code: 503"), { code: 503, body: "" }),
    Object.assign(new Error("spawn aws ENOENT"), { code: "ENOENT", syscall: "spawn aws" }),
  ]) {
    await assert.rejects(failing(away), /^Problems: The cluster of the context `staging` does not answer/);
  }
  for (const fault of [
    new TypeError("x.map is not a function"),
    Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" }),
  ]) {
    await assert.rejects(failing(fault), (thrown) => thrown === fault);
  }
});
