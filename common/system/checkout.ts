import { join } from "node:path";

/** The checkout's root. */
export const root = join(__dirname, "..", "..");

/** What belongs to this checkout and is not in version control. */
export const workDirectory = join(root, ".tenantry");
