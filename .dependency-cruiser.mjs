/** Rooms, and the rooms that each may use. `common` may be used by all, and `examples` and `test` by no room. */
const rooms = {
  common: [],
  architecture: [],
  kafka: ["architecture"],
  planner: ["architecture"],
  lint: ["architecture"],
  store: [],
  settings: ["architecture", "planner", "store"],
  "pulumi-cli": [],
  provider: ["architecture", "kafka"],
  lifecycle: ["architecture", "provider", "store"],
  cluster: ["architecture", "kafka", "settings"],
  local: ["architecture", "kafka", "provider", "pulumi-cli", "settings"],
  components: ["architecture", "cluster", "kafka", "planner", "provider", "settings", "store"],
  verify: ["architecture", "kafka", "lint", "provider", "store"],
  policy: ["architecture", "lint", "settings"],
  client: ["store"],
};

const all = Object.keys(rooms);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-cycle",
      comment: "Files that need each other are one file, or share a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...Object.entries(rooms).map(([room, used]) => ({
      name: `${room}-uses`,
      comment: `${room}/ may use ${["common", ...used].join(", ")}.`,
      severity: "error",
      from: { path: `^${room}/` },
      to: {
        dependencyTypes: ["local"],
        pathNot: `^(${[room, "common", ...used].join("|")}|node_modules)/|^package\\.json$`,
      },
    })),
    {
      name: "no-example",
      comment: "No product code needs an example.",
      severity: "error",
      from: { pathNot: "^(examples|test)/" },
      to: { path: "^examples/" },
    },
    {
      name: "no-program",
      comment: "program.ts puts the rooms together; no room imports it back.",
      severity: "error",
      from: { path: `^(${all.join("|")})/` },
      to: { path: "^(index|program)\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^test/|^(client/)?dist/|^\\.tenantry/|^node_modules/(?!tenantry)" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
