import { type Access, type Address, formatAddress, nodePorts } from "../architecture/access";
import { type CitusPlan, groupHost, groupLabels, groupName, groupsOf } from "./citus/names";
import type { ReachedServer } from "./external-access";
