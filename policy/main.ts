import { PolicyPack } from "@pulumi/policy";
import { root } from "../common/system/checkout";
import { policies } from "./policies";

// The pack's version is the toolkit's, which Pulumi reads from package.json in the working directory.
process.chdir(root);
new PolicyPack("tenantry", { policies: policies() });
