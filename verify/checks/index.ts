import type { Check } from "../check";
import { boundary } from "./boundary";
import { bypasses } from "./bypasses";
import { connectors } from "./connectors";
import { consumers } from "./consumers";
import { drift } from "./drift";
import { estimates } from "./estimates";
import { eventSizes } from "./event-sizes";
import { events } from "./events";
import { functions } from "./functions";
import { indexes } from "./indexes";
import { isolation } from "./isolation";
import { leaks } from "./leaks";
import { partitions } from "./partitions";
import { foreignKeys, placement } from "./placement";
import { policies } from "./policies";
import { redelivery } from "./redelivery";
import { replication } from "./replication";
import { roles } from "./roles";
import { scans } from "./scans";
import { statements } from "./statements";
import { tenantBoundaries } from "./tenant-boundaries";
import { tenantSizes } from "./tenant-sizes";
import { tiers } from "./tiers";
import { views } from "./views";

/** Checks in the order of the report: later ones depend on earlier ones. */
export const checks: readonly Check[] = [
  placement,
  foreignKeys,
  boundary,
  roles,
  policies,
  isolation,
  tenantBoundaries,
  views,
  functions,
  bypasses,
  leaks,
  estimates,
  partitions,
  tiers,
  replication,
  connectors,
  events,
  redelivery,
  consumers,
  eventSizes,
  tenantSizes,
  statements,
  scans,
  indexes,
  drift,
];
