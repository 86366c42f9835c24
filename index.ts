import { program } from "./program";

/** The Pulumi program of this checkout, the same as in every project: docs/package.md. */
export = program;
