import { program } from "./program";

/** The Pulumi program of this checkout, as any project's is: docs/package.md. */
export = program;
