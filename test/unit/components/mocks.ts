import { before } from "node:test";
import * as pulumi from "@pulumi/pulumi";

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Sets Pulumi's mocks before the file's tests. Returns the list of the registered resources, in order. */
export function mockedResources(): Registered[] {
  const registered: Registered[] = [];
  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs });
          return { id: `${name}-id`, state: inputs };
        },
        call: () => ({}),
      },
      "tenantry",
      "unit",
    ),
  );
  return registered;
}

export function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
