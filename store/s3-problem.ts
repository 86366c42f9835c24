import type { Problem } from "../common/problem";
import type { BucketSettings } from "./store-settings";

/** An error of the AWS client. All of its parts may be missing. */
export interface S3Error {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Code?: string;
  readonly Region?: string;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

type Explain = (error: S3Error, settings: BucketSettings, action: string) => Omit<Problem, "got">;

const place = ({ bucket, endpoint }: BucketSettings) => `bucket \`${bucket}\`${endpoint ? ` at ${endpoint}` : ""}`;

const missingBucket: Explain = (_, settings) => ({
  what: `There is no ${place(settings)}`,
  fix: "Create the bucket, or correct `bucket` or `endpoint` in `tenantry:store`",
});
const wrongRegion: Explain = (error, settings) => {
  const region = regionOf(error);
  return {
    what: `The ${place(settings)} is in another region`,
    expected: region ?? "the bucket's region",
    fix: region ? `Set \`region: ${region}\` in \`tenantry:store\`` : "Set the bucket's `region` in `tenantry:store`",
  };
};
const denied: Explain = (_, settings, action) => ({
  what: `The store's login may not ${action} in the ${place(settings)}`,
  expected: "s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket",
  fix: "Give the login this right in the bucket's policy or in the account's",
});
const wrongLogin: Explain = (_, settings) => ({
  what: `The ${place(settings)} does not accept the store's login`,
  fix: "Correct `accessKeyId` and `secretAccessKey`, or what the AWS client reads instead of them",
});
const expired: Explain = (_, settings) => ({
  what: `The login for the ${place(settings)} has expired`,
  fix: "Renew the login (its session token), then run this again",
});
const noLogin: Explain = (_, settings) => ({
  what: `There is no login for the ${place(settings)}`,
  expected: "`accessKeyId` and `secretAccessKey`, or a login in the AWS client's environment",
  fix: "Give `tenantry:store` a login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
});
const noRegion: Explain = () => ({
  what: "The store's region is unknown",
  fix: "Set `region` in `tenantry:store`, or AWS_REGION",
});
const skewed: Explain = (_, settings) => ({
  what: `This machine's clock differs from that of the ${place(settings)}`,
  expected: "at most 5 minutes",
  fix: "Set the clock right (NTP)",
});
const full: Explain = (_, settings) => ({
  what: `The ${place(settings)} is full`,
  fix: "Give the store more room or a higher quota, then run this again",
});
const unreachable: Explain = (_, settings) => ({
  what: `The ${place(settings)} cannot be reached`,
  fix: "Check that the store's server runs, and `region` or `endpoint` (`http` or `https`, host, port) in `tenantry:store`",
});
const untrusted: Explain = (_, settings) => ({
  what: `The TLS certificate of the ${place(settings)} is not trusted`,
  fix: "Set `ca` in `tenantry:store` to the authority's PEM, and `endpoint` to a name that the certificate holds",
});
const noTls: Explain = (_, settings) => ({
  what: `TLS to the ${place(settings)} fails`,
  fix: "Write `http://` or `https://` in `endpoint` as the server expects it",
});
const notS3: Explain = (_, settings) => ({
  what: `The server of the ${place(settings)} does not answer as S3 does`,
  fix: "Correct `endpoint` in `tenantry:store`: the address of the S3 interface, not of a console",
});
const overloaded: Explain = (_, settings) => ({
  what: `The server of the ${place(settings)} fails or is overloaded`,
  fix: "Look at the server's log, then run this again",
});
const archived: Explain = (_, settings) => ({
  what: `The object in the ${place(settings)} is in an archive, and can't be read at once`,
  fix: "Restore it from the archive, and remove the bucket's rule that moves objects there",
});

const byName: Readonly<Record<string, Explain>> = {
  NoSuchBucket: missingBucket,
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IncorrectEndpoint: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  AccessDenied: denied,
  AllAccessDisabled: denied,
  InvalidAccessKeyId: wrongLogin,
  SignatureDoesNotMatch: wrongLogin,
  InvalidToken: wrongLogin,
  XAdminUserNotFound: wrongLogin,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  CredentialsProviderError: noLogin,
  TokenProviderError: expired,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  QuotaExceeded: full,
  XMinioAdminBucketQuotaExceeded: full,
  XMinioStorageFull: full,
  InsufficientCapacity: full,
  InvalidObjectState: archived,
  TimeoutError: unreachable,
  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  EPIPE: unreachable,
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EPROTO: noTls,
  SyntaxError: notS3,
};

const byStatus: Readonly<Record<number, Explain>> = {
  301: wrongRegion,
  307: wrongRegion,
  401: wrongLogin,
  403: denied,
  404: notS3,
  405: notS3,
  500: overloaded,
  502: overloaded,
  503: overloaded,
  504: overloaded,
  507: full,
};

/** Explains an error of the AWS client. `action` completes "may not …": `write objects`. */
export function s3Problem(error: unknown, settings: BucketSettings, action: string): Problem {
  const known = (error ?? {}) as S3Error;
  const explain = explanationOf(known);
  if (explain) return { ...explain(known, settings, action), got: gotOf(known) };
  return { what: `Could not ${action} in the ${place(settings)}`, got: gotOf(known), fix: "Look at the store's log" };
}

/** The problem of a clock that differs from the server's. */
export function clockProblem(settings: BucketSettings, minutes: number): Problem {
  return { ...skewed({}, settings, ""), got: `${minutes} minutes` };
}

/** True if another login, which the AWS client may find meanwhile, could help. */
export function isLoginError(error: unknown): boolean {
  const explain = explanationOf((error ?? {}) as S3Error);
  return explain === expired || explain === wrongLogin;
}

/** True if the login lacks a right. */
export function isDenied(error: unknown): boolean {
  return explanationOf((error ?? {}) as S3Error) === denied;
}

/** True if the same request may succeed a moment later. */
export function isPassing(error: unknown): boolean {
  const explain = explanationOf((error ?? {}) as S3Error);
  return explain === unreachable || explain === overloaded;
}

function explanationOf(error: S3Error): Explain | undefined {
  if (/certificate|CERT|altnames/i.test(`${error.code ?? ""} ${error.name === "Error" ? error.message : ""}`))
    return untrusted;
  if (/Region is missing/.test(error.message ?? "")) return noRegion;
  if (/Deserialization error|char '.+' is not expected|not valid JSON|Unexpected token/i.test(error.message ?? ""))
    return notS3;
  if (/no space left|disk quota exceeded|storage (is )?full/i.test(error.message ?? "")) return full;
  const names = [error.code, error.Code, error.name].flatMap((name) => (name ? [byName[name]] : []));
  return names.find(Boolean) ?? byStatus[statusOf(error) ?? 0];
}

/** The HTTP status of the answer. */
export function statusOf(error: S3Error): number | undefined {
  return error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
}

function regionOf({ Region, message = "", $response }: S3Error): string | undefined {
  return Region ?? $response?.headers?.["x-amz-bucket-region"] ?? /expecting '([a-z0-9-]+)'/.exec(message)?.[1];
}

function gotOf(error: S3Error): string {
  const name = [error.code, error.Code, error.name].find((each) => each && each !== "Error" && each !== "Unknown");
  const status = statusOf(error);
  const text = (error.message ?? "").split("\n")[0]?.slice(0, 200);
  return [name, status && `HTTP ${status}`, text].filter(Boolean).join(", ");
}
