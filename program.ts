import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadApplication, toolkitBase } from "./architecture/application-loader";
import { databasesOf, mainProvider } from "./architecture/data-plane/application-databases";
import { wantedTopics } from "./architecture/data-plane/topics";
import { loginRoles, scopedApplications } from "./architecture/tenancy/scoped-applications";
import { shared } from "./architecture/tenancy/tenants";
import { Problems } from "./common/problem";
import { projectRoot } from "./common/system/project";
import { DataPlane } from "./components/data-plane";
import { lifecycleOf, platformOf, topicsOf } from "./components/stack-platform";
import { refusalsUnless } from "./lint/file-refusals";
import { Provider } from "./provider";
import { loadSettings } from "./settings/stack-file";

/**
 * The Pulumi program of a project; its index.ts has `export = program;`. It declares the resources of the stack's data plane
 * from the settings in stacks/Pulumi.STACK.yaml and the description in sql/APPLICATION.
 *
 * @returns the stack's outputs
 */
export function program(): Promise<pulumi.Inputs> {
  keepDebugLinesBack();
  const mapSources = leaveSourcesUnmapped();
  return declareStack().catch((error: unknown) => {
    mapSources();
    // Pulumi shows a RunError without a stack trace.
    throw error instanceof Problems ? new pulumi.RunError(error.message) : error;
  });
}

async function declareStack(): Promise<pulumi.Inputs> {
  const settings = await loadSettings(pulumi.getStack(), (key) => new pulumi.Config().requireObject(key));
  const loaded = await loadApplication(
    join(projectRoot, "sql", settings.application),
    settings.defaults,
    toolkitBase,
    refusalsUnless(settings.allow),
  );
  const { application } = loaded;
  const { citus, allow, tenancy = shared } = settings;
  const checkTogether = await holdPolicies();

  // Invalid tenants must fail before servers are declared for them.
  const logins = loginRoles(scopedApplications(application, tenancy));
  const platform = await platformOf({ ...application, roles: logins }, settings);
  const { declared, endpoints, ready, servers, namespace } = platform;
  const topics = settings.kafka.manageTopics ? [topicsOf(application, settings, platform)] : [];
  const databases = databasesOf(loaded, settings, declared);
  const roles = databases.find(({ provider }) => provider === mainProvider)?.roles ?? [];
  const wanted = wantedTopics(application);
  const owner = { application: application.name, project: pulumi.getProject(), stack: pulumi.getStack() };
  const main = new Provider(
    mainProvider,
    { endpoints, citus, allow, roles, topics: wanted, owner, model: tenancy.model },
    { dependsOn: [...ready] },
  );
  const planes: DataPlane[] = [];
  const made = new Map<string, pulumi.Resource>();
  for (const { name, provider: by, roles, declarations, makes, madeBy, reach } of databases) {
    const reached = endpoints && pulumi.output(endpoints).apply(reach);
    const args = {
      endpoints: reached,
      citus,
      allow,
      roles,
      topics: wanted,
      owner,
      made: !!madeBy,
      ...(makes && { databases: makes }),
    };
    const provider = by === mainProvider ? main : new Provider(by, args, { dependsOn: [...ready, main] });
    const maker = made.get(madeBy ?? "");
    const plane = new DataPlane(
      name,
      { declarations, ...(servers && { servers }), ...(namespace && { deletedWith: namespace }) },
      { providers: { tenantry: provider }, dependsOn: [...ready, ...topics, main, ...(maker ? [maker] : [])] },
    );
    planes.push(plane);
    for (const [key, resource] of plane.resources) made.set(key, resource);
  }
  lifecycleOf(settings, platform, planes);

  checkTogether();
  return {
    application: application.name,
    topics: application.events.aggregates.map(({ topic }) => topic),
    // `tenantry verify` and `demo` read these, because the stack file does not contain servers that the stack provisioned.
    ...(settings.kubernetes && { servers: pulumi.secret({ endpoints, declared }) }),
  };
}

/** Runs the policy pack's checks in the program, before the first resource and after the last, if Pulumi can't be given the pack. */
async function holdPolicies(): Promise<() => void> {
  if (process.env.TENANTRY_POLICIES !== "program") return () => {};
  // `import()` would fail here: the loader that compiles the program supports only `require`.
  const inProgram = require("./policy/in-program") as typeof import("./policy/in-program");
  return inProgram.holdPolicies(pulumi.getStack());
}

/**
 * Turns the SDK's debug lines off. The SDK sends the engine three lines for each resource, one call after the other, even
 * without `--debug`: https://github.com/pulumi/pulumi/issues/7146. `TENANTRY_DEBUG=1` keeps them for `--debug`.
 */
function keepDebugLinesBack(): void {
  if (!process.env.TENANTRY_DEBUG) Object.assign(pulumi.log, { debug: async () => {} });
}

/**
 * Turns source maps off, Node's and ts-node's. Pulumi takes a stack trace of each resource and promise; mapping these to the
 * sources takes half of the program's time, and hardly one is ever read. Returns a function that turns source maps on again.
 */
function leaveSourcesUnmapped(): () => void {
  const { prepareStackTrace } = Error;
  process.setSourceMapsEnabled(false);
  Reflect.deleteProperty(Error, "prepareStackTrace");
  return () => {
    process.setSourceMapsEnabled(true);
    if (prepareStackTrace) Error.prepareStackTrace = prepareStackTrace;
  };
}
