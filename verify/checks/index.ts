import type { Check } from "../check";
import { connectors } from "./connectors";
import { drift } from "./drift";
import { events } from "./events";
import { functions } from "./functions";
import { isolation } from "./isolation";
import { leaks } from "./leaks";
import { partitions } from "./partitions";
import { foreignKeys, placement } from "./placement";
import { redelivery } from "./redelivery";
import { replication } from "./replication";
import { roles } from "./roles";
import { views } from "./views";

/** In the order of the report: what later ones rest on comes first. */
export const checks: readonly Check[] = [
  placement,
  foreignKeys,
  roles,
  isolation,
  views,
  functions,
  leaks,
  partitions,
  replication,
  connectors,
  events,
  redelivery,
  drift,
];
