import { isMap, parseDocument } from "yaml";
import type { Phase } from "../../architecture/changes/phase";

/**
 * Returns the stack file with another phase of a schema change under `tenantry:changes`, or without the change.
 * Comments and everything else stay.
 */
export function writePhase(text: string, change: string, phase: Phase | undefined): string {
  const document = parseDocument(text);
  const path = ["config", "tenantry:changes"];
  if (phase === undefined) {
    document.deleteIn([...path, change]);
    const left = document.getIn(path);
    if (isMap(left) && left.items.length === 0) document.deleteIn(path);
  } else if (document.hasIn(path)) document.setIn([...path, change], phase);
  else document.setIn(path, document.createNode({ [change]: phase }));
  return document.toString({ lineWidth: 0 });
}
