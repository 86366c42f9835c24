/**
 * The inputs of the components: a team's description of its data, parsed and compiled. For your own programs, see
 * docs/components.md.
 */

export type { Application } from "./application";
export { type LoadedApplication, loadApplication } from "./application-loader";
export { type Database, databasesOf } from "./data-plane/application-databases";
export type { DataPlaneSettings } from "./data-plane/data-plane-settings";
export type { Declaration } from "./data-plane/declaration";
export type { Endpoints, PostgresNode } from "./endpoints";
