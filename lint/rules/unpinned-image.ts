import type { Rule } from "../rule";
import { containersOf, placeOfResource } from "../stack-resources";

const fix = "Name a version, or better, a digest: `IMAGE:17-13.2@sha256:…`";

export const unpinnedImage: Rule = {
  name: "unpinned-image",
  severity: "error",
  harm: "An image without a version may change at the next restart: untested, and on one pod only.",
  checkStack({ get, placeOf }) {
    const image = get("kubernetes", "image");
    if (typeof image !== "string" || isPinned(image)) return [];
    return [{ what: `Image \`${image}\` is whatever was pushed last`, fix, at: placeOf("kubernetes", "image") }];
  },
  checkResource: (resource) =>
    containersOf(resource)
      .filter(({ image }) => image !== undefined && !isPinned(image))
      .map(({ image }) => ({
        what: `Image \`${image}\` is whatever was pushed last`,
        fix,
        at: placeOfResource(resource),
      })),
};

function isPinned(image: string): boolean {
  if (image.includes("@sha256:") || image.startsWith("[known ")) return true;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag !== undefined && !/^(latest|stable|main|master|edge|nightly|dev)$/.test(tag);
}
