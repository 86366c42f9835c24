import type * as pulumi from "@pulumi/pulumi";

type Kind<Args, Made> = new (name: string, args: Args, options: pulumi.CustomResourceOptions) => Made;

/** Makes a child of a component, named `PREFIX-suffix`. */
export type MakeChild = <Args, Made extends pulumi.Resource>(
  kind: Kind<Args, Made>,
  suffix: string,
  args: Args,
  options?: pulumi.CustomResourceOptions,
) => Made;

/** What a component makes its children with; `common` holds for each of them unless its own options say otherwise. */
export function childrenOf(
  parent: pulumi.Resource,
  prefix: string,
  common: pulumi.CustomResourceOptions = {},
): MakeChild {
  return (kind, suffix, args, options = {}) => new kind(`${prefix}-${suffix}`, args, { parent, ...common, ...options });
}
