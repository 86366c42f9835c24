import { type Problem, Problems } from "../common/problem";
import { type ClusterApi, isOfCluster, reasonOf, statusOf } from "./api";

/** The oldest supported minor release of Kubernetes 1. Strimzi 1.2 needs it. */
const oldestMinor = 30;

/**
 * Runs `look` on the cluster and returns its result. Throws Problems if the cluster does not answer, then or later; passes
 * every other error on unchanged.
 */
export async function askCluster<T>(api: ClusterApi, look: () => Promise<T>): Promise<T> {
  await requireReachable(api);
  try {
    return await look();
  } catch (error) {
    throw isOfCluster(error) ? new Problems([unreachable(api, error)]) : error;
  }
}

/** Throws Problems unless the cluster accepts the credentials and is new enough. */
export async function requireReachable(api: ClusterApi): Promise<void> {
  const minor = await api.version.getCode().then(
    (version) => Number.parseInt(version.minor, 10),
    (error: unknown) => {
      throw new Problems([unreachable(api, error)]);
    },
  );
  if (minor < oldestMinor) {
    throw new Problems([
      {
        what: `The cluster of the context \`${api.context}\` is too old`,
        got: `Kubernetes 1.${minor}`,
        expected: `1.${oldestMinor} or newer`,
        fix: "Upgrade the cluster",
      },
    ]);
  }
}

/** The problem for a cluster that refuses the credentials or does not answer. */
export function unreachable({ context, server }: Pick<ClusterApi, "context" | "server">, error: unknown): Problem {
  const status = statusOf(error);
  const got = `${server}: ${reasonOf(error)}`;
  if (status === 401 || status === 403) {
    return {
      what: `The cluster of the context \`${context}\` refuses your credentials`,
      got,
      fix: `Log in to the cluster again, and try \`kubectl --context ${context} get namespaces\``,
    };
  }
  return {
    what: `The cluster of the context \`${context}\` does not answer`,
    got,
    expected: "an API server",
    fix: `Start the cluster, or connect to its network; \`kubectl --context ${context} version\` must answer. Nothing was changed`,
  };
}
