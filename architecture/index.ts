/** What components are given: a team's description of its data, read and compiled. For programs of your own: docs/components.md. */

export type { Application } from "./application";
export { type LoadedApplication, loadApplication } from "./application-loader";
export { type Database, databasesOf } from "./data-plane/application-databases";
export type { DataPlaneSettings } from "./data-plane/data-plane-settings";
export type { Declaration } from "./data-plane/declaration";
export type { Endpoints, PostgresNode } from "./endpoints";
