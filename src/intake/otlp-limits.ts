// What the OTLP doors take at most. Claude Code sends up to 512 records in a request, three requests in five seconds,
// over a handful of connections; all of these are far above that, and keep a sender gone wild from harming the session.

/** Of a request on the wire. */
export const OTLP_BODY_MAX = 16 * 1024 * 1024;
/** Of a request after decompression. */
export const OTLP_DECODED_MAX = 32 * 1024 * 1024;
/** Of all requests that are being received or decoded, on the wire. */
export const OTLP_HELD_MAX = 64 * 1024 * 1024;
/** Of one door. The hooks share a port with OTLP over http, so this leaves most of HOOK_CONNECTIONS_MAX to them. */
export const OTLP_CONNECTIONS_MAX = 128;
export const OTLP_REQUESTS_PER_SECOND = 250;
/** From a request's head to the end of its body. */
export const OTLP_BODY_TIME_MS = 5_000;
/** Values in values: protobuf libraries stop at 100. */
export const OTLP_DEPTH_MAX = 100;
/** gRPC calls at one time, each of which may hold a whole body. */
export const OTLP_CALLS_MAX = 32;
