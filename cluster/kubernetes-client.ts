/** The client's module, which is no CommonJS: only `import()` loads it, and it takes half a second. */
export type Client = typeof import("@kubernetes/client-node", { with: { "resolution-mode": "import" }});

export type ApiOf<Name extends keyof Client> = InstanceType<Extract<Client[Name], new (...args: never) => unknown>>;
