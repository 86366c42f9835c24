import { join } from "node:path";
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./policies";

// The pack has the toolkit's version, which is read from package.json here.
process.chdir(join(__dirname, ".."));
new PolicyPack("tenantry", { policies: policies() });
