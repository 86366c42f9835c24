import { type Problem, Problems } from "../common/problem";
import { type ClusterApi, isOfCluster, reasonOf, statusOf } from "./api";

/** The oldest minor release of Kubernetes 1 that the stack's parts run on; Strimzi 1.2 sets it. */
const oldestMinor = 30;

/**
 * What a look at the cluster finds. Throws Problems where the cluster does not answer, at the first question or at a later
 * one; what else goes wrong stays the error that it is, as it is no fault of the cluster's.
 */
export async function askCluster<T>(api: ClusterApi, look: () => Promise<T>): Promise<T> {
  await requireReachable(api);
  try {
    return await look();
  } catch (error) {
    throw isOfCluster(error) ? new Problems([unreachable(api, error)]) : error;
  }
}

/** Throws Problems unless the cluster answers to these credentials and is new enough. */
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

/** Why a cluster can't be asked anything, by what it or the way to it answered. */
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
