import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import type { BucketSettings } from "./store-settings";

// The client's versions after this pinned one need a newer Node.js, which is nothing that a user can mend.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** How long a store tries before it reports a failure. */
export interface Patience {
  /** Attempts of a request, with waits between them that double. @default 8, about ten seconds: a server that restarts is back by then */
  readonly attempts?: number;
  /** Time without a byte after which an attempt has failed. @default 30 seconds */
  readonly silenceMs?: number;
}

/** A client of the settings. Connects to nothing yet. */
export function s3Client(settings: BucketSettings, { attempts = 8, silenceMs = 30_000 }: Patience = {}): S3Client {
  const { region, endpoint, pathStyle, accessKeyId, secretAccessKey, ca } = settings;
  const agent = { keepAlive: true, maxSockets: 50 };
  return new S3Client({
    maxAttempts: attempts,
    // Regions mean nothing to most servers that are not AWS, but signatures need one.
    ...(region !== undefined ? { region } : endpoint !== undefined ? { region: "us-east-1" } : {}),
    ...(endpoint !== undefined && { endpoint }),
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
    // Many servers refuse the checksums behind a body that the client would add. Ours are in headers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: 5_000,
      socketTimeout: silenceMs,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...(ca !== undefined && { ca }) }),
    },
  });
}
