import type * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../architecture/data-plane/declaration";
import { declare } from "../provider";

/** What was declared, by `NOUN/NAME`, for resources that must come after. */
export type DeclaredResources = ReadonlyMap<string, pulumi.CustomResource>;

/** A resource each, after those that its declaration names and `optionsOf` adds. */
export function declareInOrder(
  declarations: readonly Declaration[],
  optionsOf: (declaration: Declaration) => pulumi.CustomResourceOptions & { readonly dependsOn?: pulumi.Resource[] },
): DeclaredResources {
  const made = new Map<string, pulumi.CustomResource>();
  for (const declaration of declarations) {
    const { dependsOn = [], ...options } = optionsOf(declaration);
    const earlier = declaration.after.map((key) => resourceOf(made, key, declaration));
    const resource = declare(declaration, { ...options, dependsOn: [...earlier, ...dependsOn] });
    made.set(`${declaration.noun}/${declaration.name}`, resource);
  }
  return made;
}

function resourceOf(made: DeclaredResources, key: string, by: Declaration): pulumi.CustomResource {
  const found = made.get(key);
  if (!found) throw new Error(`${by.noun}/${by.name} comes after ${key}, which is not declared before it`);
  return found;
}
