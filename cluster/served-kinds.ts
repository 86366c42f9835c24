import { type ClusterApi, statusOf } from "./api";

/** The kinds of a group of custom resources, in the plural, that the cluster serves in this version; none if it has no such group. */
export async function servedKinds(api: ClusterApi, group: string, version: string): Promise<string[]> {
  return api.custom.getAPIResources({ group, version }).then(
    ({ resources }) => resources.map(({ name }) => name),
    (error: unknown) => {
      if (statusOf(error) !== 404) throw error;
      return [];
    },
  );
}
