import type * as pulumi from "@pulumi/pulumi";
import type { Declaration } from "../architecture/data-plane/declaration";
import { declare } from "../provider";

/** The declared resources by `NOUN/NAME`, so that later resources can depend on them. */
export type DeclaredResources = ReadonlyMap<string, pulumi.CustomResource>;

/** Declares one resource for each declaration. It depends on the resources in its `after` and on those of `optionsOf`. */
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
