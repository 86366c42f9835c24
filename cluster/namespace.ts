import type { Problem } from "../common/problem";
import { type ClusterApi, statusOf } from "./api";

/** Label of a stack's namespace; its value is the stack's name. */
export const stackLabel = "tenantry.io/stack";

/**
 * Checks that an existing namespace belongs to this stack. It must, because `up` takes over the objects that it finds there:
 * an earlier `up` may have been killed after it created them.
 */
export async function namespaceProblems(api: ClusterApi, namespace: string, stack: string): Promise<Problem[]> {
  const labels = await labelsOf(api, namespace);
  return labels ? ownerProblems(labels, { context: api.context, namespace, stack }) : [];
}

async function labelsOf(api: ClusterApi, name: string): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    return (await api.core.readNamespace({ name })).metadata?.labels ?? {};
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

export function ownerProblems(
  labels: Readonly<Record<string, string>>,
  { context, namespace, stack }: { readonly context: string; readonly namespace: string; readonly stack: string },
): Problem[] {
  const owner = labels[stackLabel];
  if (owner === stack) return [];
  return [
    {
      what: `The namespace \`${namespace}\` exists already and does not belong to the stack \`${stack}\``,
      got: owner ? `it belongs to the stack \`${owner}\`` : `it has no label ${stackLabel}`,
      expected: "a namespace of the stack's own: `up` takes over what it finds in it, and `destroy` deletes it",
      fix: `Choose another \`namespace\`, or give it to the stack: \`kubectl --context ${context} label namespace ${namespace} ${stackLabel}=${stack}${owner ? " --overwrite" : ""}\``,
    },
  ];
}
