import type { Rule } from "../rule";
import { type Container, containersOf, placeOfResource } from "../stack-resources";

export const missingResources: Rule = {
  name: "missing-resources",
  severity: "error",
  harm: "A pod without requests is the first to be evicted; one without a limit on memory takes its neighbours with it.",
  checkResource: (resource) =>
    containersOf(resource).flatMap((container) => {
      const missing = missingIn(container);
      if (missing.length === 0) return [];
      const what = `Container \`${container.name}\` of \`${resource.name}\` has no ${missing.join(", no ")}`;
      return [
        { what, fix: "Give it requests of cpu and memory, and a limit on memory", at: placeOfResource(resource) },
      ];
    }),
};

function missingIn({ resources: { requests = {}, limits = {} } = {} }: Container): string[] {
  return [
    ...(requests.cpu === undefined ? ["request of cpu"] : []),
    ...(requests.memory === undefined ? ["request of memory"] : []),
    ...(limits.memory === undefined ? ["limit on memory"] : []),
  ];
}
