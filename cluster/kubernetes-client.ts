/** The module of the Kubernetes client. It is an ES module, so only `import()` can load it, which takes half a second. */
type Client = typeof import("@kubernetes/client-node", { with: { "resolution-mode": "import" }});

export type ApiOf<Name extends keyof Client> = InstanceType<Extract<Client[Name], new (...args: never) => unknown>>;
