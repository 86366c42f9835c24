import { formatSize, type Size } from "../common/size";

/** A size as Kubernetes writes it: `8Gi`. */
export function formatQuantity(size: Size): string {
  return formatSize(size).replace(" ", "").replace(/B$/, "");
}
