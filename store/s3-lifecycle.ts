import type { LifecycleRule } from "@aws-sdk/client-s3";
import type { Problem } from "../common/problem";

const archives = ["GLACIER", "DEEP_ARCHIVE"];

/** A problem for each rule of the bucket that deletes or archives objects below the prefix. */
export function lifecycleProblems(rules: readonly LifecycleRule[], bucket: string, prefix: string): Problem[] {
  return rules
    .filter((rule) => rule.Status === "Enabled" && covers(rule, prefix))
    .flatMap((rule) => {
      const harm = harmOf(rule);
      if (!harm) return [];
      return [
        {
          what: `A lifecycle rule of the bucket \`${bucket}\` ${harm}, also those of this stack`,
          got: `the rule \`${rule.ID ?? "without a name"}\`, prefix \`${prefixOf(rule)}\``,
          expected: `no rule that ends the life of objects below \`${prefix}/\`: tenantry deletes them when their time is over`,
          fix: "Remove the rule, or limit its prefix to other objects",
        },
      ];
    });
}

function harmOf({ Expiration, Transitions }: LifecycleRule): string | undefined {
  if (Expiration?.Days !== undefined) return `deletes objects after ${Expiration.Days} days`;
  if (Expiration?.Date !== undefined) return `deletes objects on ${Expiration.Date.toISOString()}`;
  const archive = Transitions?.find(({ StorageClass = "" }) => archives.includes(StorageClass));
  return archive && `moves objects to ${archive.StorageClass}, where they can't be read at once`;
}

/** True if the rule applies to an object below the prefix. Our objects have no tags. */
function covers(rule: LifecycleRule, prefix: string): boolean {
  const { Tag, And } = rule.Filter ?? {};
  if (Tag || (And?.Tags?.length ?? 0) > 0) return false;
  const theirs = prefixOf(rule);
  return theirs.startsWith(`${prefix}/`) || `${prefix}/`.startsWith(theirs);
}

function prefixOf({ Filter, Prefix }: LifecycleRule): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
}
