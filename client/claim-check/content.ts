import type { Body } from "../../store/store";

/** A payload that is no JSON: an image, a document, a file of any size. It always goes to the store. */
export class Content {
  constructor(
    /** The bytes, or the path of a file that holds them. */
    readonly body: Body,
    /** @default "application/octet-stream" */
    readonly contentType = "application/octet-stream",
  ) {}
}
