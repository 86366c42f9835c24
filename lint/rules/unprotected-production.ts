import type { Rule } from "../rule";
import { isProduction } from "../stack-facts";
import { placeOfResource } from "../stack-resources";

const holdsData = /^kubernetes:core\/v1:(PersistentVolumeClaim|Namespace|Secret)$/;

export const unprotectedProduction: Rule = {
  name: "unprotected-production",
  severity: "error",
  harm: "One `pulumi destroy` in the wrong stack deletes production's volumes and keys.",
  checkStack({ stack, get, placeOf }) {
    if (!isProduction(stack) || String(get("kubernetes", "protect")) !== "false") return [];
    return [
      {
        what: `Stack \`${stack}\` lets \`destroy\` delete its volumes, keys and namespace`,
        fix: "Write `protect: true`, or remove the key",
        at: placeOf("kubernetes", "protect"),
      },
    ];
  },
  checkResource(resource, { stack }) {
    if (!isProduction(stack) || !holdsData.test(resource.type) || resource.protect) return [];
    return [
      {
        what: `\`${resource.name}\` of stack \`${stack}\` holds what cannot be made again, and is not protected`,
        fix: "Give the resource `protect: true`",
        at: placeOfResource(resource),
      },
    ];
  },
};
