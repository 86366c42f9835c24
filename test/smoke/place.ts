import { parse } from "yaml";
import { type Problem, refuseIfAny } from "../../common/problem";

/** The cluster of the smoke test: one that the test creates and removes, or an existing one. */
export type Place =
  | { readonly kind: true; readonly engine: "docker" | "podman"; readonly keys: Keys }
  | {
      readonly kind: false;
      readonly citus: string;
      readonly connect: string;
      readonly keys: Keys;
      /** A shell command that sends the named signal to the API server. @default the step is skipped */
      readonly signalApiServer?: string;
    };

/** Keys that override `tenantry:kubernetes` of the stack `kind`. */
export type Keys = Readonly<Record<string, unknown>>;

/** The names of the programs that were found. */
type Programs = ReadonlySet<string>;

/** Reads the place from the environment. Throws Problems with everything that is missing, before anything is created. */
export function placeOf(env: NodeJS.ProcessEnv, programs: Programs): Place {
  const [kubeconfig, citus, connect] = [env.KUBECONFIG, env.TENANTRY_CITUS_IMAGE, env.TENANTRY_CONNECT_IMAGE];
  const problems: Problem[] = [];
  const keys = keysOf(env.TENANTRY_SMOKE_KEYS, problems);
  if (!programs.has("kubectl")) problems.push(missing("kubectl", "https://kubernetes.io/docs/tasks/tools"));
  if (citus !== undefined || connect !== undefined) {
    for (const [name, value] of Object.entries({
      KUBECONFIG: kubeconfig,
      TENANTRY_CITUS_IMAGE: citus,
      TENANTRY_CONNECT_IMAGE: connect,
    })) {
      if (!value) problems.push(unset(name));
    }
    refuseIfAny(problems);
    const signalApiServer = env.TENANTRY_SMOKE_SIGNAL_API_SERVER;
    return {
      kind: false,
      citus: citus ?? "",
      connect: connect ?? "",
      keys,
      ...(signalApiServer && { signalApiServer }),
    };
  }
  const engine = programs.has("docker") ? "docker" : programs.has("podman") ? "podman" : undefined;
  if (!programs.has("kind")) problems.push(missing("kind", "https://kind.sigs.k8s.io"));
  if (!engine) problems.push(missing("docker or podman", "https://docs.docker.com/engine/install"));
  refuseIfAny(problems);
  return { kind: true, engine: engine ?? "docker", keys };
}

function keysOf(text: string | undefined, problems: Problem[]): Keys {
  const parsed: unknown = text ? parse(text) : {};
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Keys;
  problems.push({
    what: "TENANTRY_SMOKE_KEYS cannot be read",
    got: text ?? "",
    expected: "keys of `tenantry:kubernetes`, such as `{ access: cluster }`",
    fix: "Write them as YAML on one line",
  });
  return {};
}

function missing(program: string, from: string): Problem {
  return {
    what: `The smoke test needs ${program}, which is not on PATH`,
    fix: `Install it (${from}), or run on an existing cluster: set KUBECONFIG, TENANTRY_CITUS_IMAGE and TENANTRY_CONNECT_IMAGE`,
  };
}

function unset(name: string): Problem {
  return {
    what: `${name} is not set`,
    expected: "KUBECONFIG, TENANTRY_CITUS_IMAGE and TENANTRY_CONNECT_IMAGE together",
    fix: `Set ${name}; or set none of the images, and the test creates a cluster with kind and builds them`,
  };
}
