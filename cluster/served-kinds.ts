import { type ClusterApi, statusOf } from "./api";

/** The plural names of the custom resources that the cluster serves in this API group and version; none without that group. */
export async function servedKinds(api: ClusterApi, group: string, version: string): Promise<string[]> {
  return api.custom.getAPIResources({ group, version }).then(
    ({ resources }) => resources.map(({ name }) => name),
    (error: unknown) => {
      if (statusOf(error) !== 404) throw error;
      return [];
    },
  );
}
