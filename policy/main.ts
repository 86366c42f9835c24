import { PolicyPack } from "@pulumi/policy";
import { root } from "../common/system/checkout";
import { policies } from "./policies";

// The pack has the toolkit's version, which is read from package.json here.
process.chdir(root);
new PolicyPack("tenantry", { policies: policies() });
