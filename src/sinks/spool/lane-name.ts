// Where a signal goes and how → the name of its lane in the spool, and back. A lane is named as it is delivered over http:
// what goes by gRPC is the same bytes as http/protobuf, so for both a host and port have one lane, and whoever corrects the
// protocol gets what waited under the other.
import { hideUserInfo } from "../../config/row.ts";
import type { OtlpTarget } from "../../config.ts";
import type { Batches } from "../exporter.ts";

export interface LanePlace {
	protocol: Exclude<OtlpTarget["protocol"], "grpc">;
	url: string;
}

export function laneOf(signal: keyof Batches, { protocol, url }: Pick<OtlpTarget, "protocol" | "url">): string {
	// What OTEL_EXPORTER_OTLP_ENDPOINT becomes over http; gRPC has no path of its own.
	if (protocol === "grpc") return laneOf(signal, { protocol: "http/protobuf", url: `${url}/v1/${signal}` });
	return `${signal} ${protocol} ${hideUserInfo(url)}`;
}

export function placeOf(lane: string): LanePlace | undefined {
	const [, protocol, url] = /^\S+ (\S+) (.+)$/.exec(lane) ?? [];
	return url === undefined ? undefined : { protocol: protocol === "http/json" ? protocol : "http/protobuf", url };
}
