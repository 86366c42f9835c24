import type { Problem } from "../common/problem";
import { parseQuantity } from "../common/quantity";
import { formatSize, type Size } from "../common/size";
import { listNames, suggest } from "../common/suggestion";
import { type ClusterApi, statusOf } from "./api";
import type { ApiOf } from "./kubernetes-client";

type StorageClass = ApiOf<"V1StorageClass">;

/** A volume that the stack declares. */
export interface WantedVolume {
  /** The name of its PersistentVolumeClaim. */
  readonly claim: string;
  readonly size: Size;
}

const isDefault = "storageclass.kubernetes.io/is-default-class";

/** Checks the volumes: new ones need a storage class; existing ones must not be larger than declared, and must be able to grow. */
export async function volumeProblems(
  api: ClusterApi,
  namespace: string,
  storageClass: string | undefined,
  wanted: readonly WantedVolume[],
): Promise<Problem[]> {
  const [classes, { items: claims }] = await Promise.all([
    // Storage classes are cluster-wide. A user who may not list them gets the API server's own error later.
    api.storage.listStorageClass().then(({ items }) => items, unlessForbidden),
    api.core.listNamespacedPersistentVolumeClaim({ namespace }),
  ]);
  const existing = claims.map(existingVolume);
  const missing = wanted.some(({ claim }) => !existing.some(({ name }) => name === claim));
  return [
    ...(classes && missing ? classProblems(storageClass, classes) : []),
    ...wanted.flatMap((volume) => sizeProblems(volume, existing, classes ?? [])),
  ];
}

function unlessForbidden(error: unknown): undefined {
  if (statusOf(error) !== 403) throw error;
}

interface ExistingVolume {
  readonly name: string;
  readonly storageClass: string | undefined;
  readonly bytes: number;
}

export function existingVolume({ metadata, spec }: ApiOf<"V1PersistentVolumeClaim">): ExistingVolume {
  return {
    name: metadata?.name ?? "",
    storageClass: spec?.storageClassName,
    bytes: parseQuantity(spec?.resources?.requests?.storage ?? "") ?? 0,
  };
}

export function classProblems(wanted: string | undefined, classes: readonly StorageClass[]): Problem[] {
  const names = classes.map(({ metadata }) => metadata?.name ?? "").toSorted();
  if (wanted === undefined) {
    if (classes.some(({ metadata }) => metadata?.annotations?.[isDefault] === "true")) return [];
    return [
      {
        what: "The cluster has no default storage class, and the stack names none",
        got: listNames(names),
        fix: "Name one of them in `tenantry:kubernetes.storageClass`, or mark one as the default",
      },
    ];
  }
  if (names.includes(wanted)) return [];
  const meant = suggest(wanted, names);
  return [
    {
      what: `The cluster has no storage class \`${wanted}\``,
      got: listNames(names),
      fix: `Set \`tenantry:kubernetes.storageClass\` to ${meant ? `\`${meant}\`` : "one of these"}, or leave it out for the default`,
    },
  ];
}

export function sizeProblems(
  { claim, size }: WantedVolume,
  existing: readonly ExistingVolume[],
  classes: readonly StorageClass[],
): Problem[] {
  const found = existing.find(({ name }) => name === claim);
  if (!found || found.bytes === size.bytes) return [];
  if (found.bytes > size.bytes) {
    return [
      {
        what: `The volume \`${claim}\` would shrink, which Kubernetes cannot do`,
        got: formatSize(size),
        expected: `at least ${formatSize({ bytes: found.bytes })}, as it is`,
        fix: "Set `storage` back; to make it smaller, add workers of the new size and remove these",
      },
    ];
  }
  const storageClass = classes.find(({ metadata }) => metadata?.name === found.storageClass);
  if (!storageClass || storageClass.allowVolumeExpansion) return [];
  return [
    {
      what: `The volume \`${claim}\` cannot grow: its storage class \`${found.storageClass}\` does not allow it`,
      got: formatSize(size),
      expected: formatSize({ bytes: found.bytes }),
      fix: "Set `allowVolumeExpansion: true` on that class if its driver can do so, or set `storage` back",
    },
  ];
}
