import assert from "node:assert/strict";
import test from "node:test";
import { Problems } from "../../../common/problem";
import { placeOf } from "../../smoke/place";

const given = { KUBECONFIG: "/kube/config", TENANTRY_CITUS_IMAGE: "citus:1", TENANTRY_CONNECT_IMAGE: "connect:1" };

function problems(env: NodeJS.ProcessEnv, ...programs: string[]): string[] {
  try {
    placeOf(env, new Set(programs));
  } catch (error) {
    if (error instanceof Problems) return error.problems.map(({ what }) => what);
  }
  return [];
}

test("uses kind with Docker, or else with podman", () => {
  const place = (...programs: string[]) => placeOf({}, new Set(["kubectl", "kind", ...programs]));
  assert.deepEqual(place("docker", "podman"), { kind: true, engine: "docker", keys: {} });
  assert.deepEqual(place("podman"), { kind: true, engine: "podman", keys: {} });
});

test("needs only kubectl with an existing cluster and images, and can override the stack's keys", () => {
  const env = { ...given, TENANTRY_SMOKE_KEYS: "{ access: cluster }" };
  assert.deepEqual(placeOf(env, new Set(["kubectl"])), {
    kind: false,
    citus: "citus:1",
    connect: "connect:1",
    keys: { access: "cluster" },
  });
});

test("takes the command that signals the API server from the environment", () => {
  const place = placeOf({ ...given, TENANTRY_SMOKE_SIGNAL_API_SERVER: "signal" }, new Set(["kubectl"]));
  assert.equal(place.kind ? undefined : place.signalApiServer, "signal");
});

test("reports everything that is missing at once", () => {
  assert.deepEqual(problems({}), [
    "The smoke test needs kubectl, which is not on PATH",
    "The smoke test needs kind, which is not on PATH",
    "The smoke test needs docker or podman, which is not on PATH",
  ]);
});

test("rejects incomplete settings for a cluster, and invalid keys", () => {
  assert.deepEqual(problems({ TENANTRY_CITUS_IMAGE: "citus:1" }, "kubectl"), [
    "KUBECONFIG is not set",
    "TENANTRY_CONNECT_IMAGE is not set",
  ]);
  assert.deepEqual(problems({ ...given, TENANTRY_SMOKE_KEYS: "cluster" }, "kubectl"), [
    "TENANTRY_SMOKE_KEYS cannot be read",
  ]);
});
