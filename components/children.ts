import type * as pulumi from "@pulumi/pulumi";

type Kind<Args, Made> = new (name: string, args: Args, options: pulumi.CustomResourceOptions) => Made;

/** Makes a child of a component, named `PREFIX-suffix`. */
export type MakeChild = <Args, Made extends pulumi.Resource>(
  kind: Kind<Args, Made>,
  suffix: string,
  args: Args,
  options?: pulumi.CustomResourceOptions,
) => Made;

/** Returns the function that makes a component's children. A child's own options override `common`. */
export function childrenOf(
  parent: pulumi.Resource,
  prefix: string,
  common: pulumi.CustomResourceOptions = {},
): MakeChild {
  return (kind, suffix, args, options = {}) => new kind(`${prefix}-${suffix}`, args, { parent, ...common, ...options });
}
