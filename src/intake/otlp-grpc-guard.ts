// A gRPC call begins → it goes on, or is refused and counted: for its token, for what goes on beside it, or for its time.
import { ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { OTLP_BODY_TIME_MS, OTLP_CALLS_MAX } from "./otlp-limits.ts";
import { REFUSALS, type Refusal } from "./otlp-refusal.ts";
import type { OtlpRoom } from "./otlp-server.ts";
import { TOKEN_HEADER } from "./run-token.ts";

/** Refuses by the metadata, before the message is read, and counts what gRPC refuses by itself. */
export function guard(
	room: OtlpRoom,
	opens: (given?: string) => boolean,
	greet: (peer: string) => void,
): ServerInterceptor {
	let calls = 0;
	return (_method, call) => {
		let open = true;
		let whole = false;
		let timer: NodeJS.Timeout | undefined;
		const send = call.sendStatus.bind(call);
		const refuse = (kind: Refusal) => {
			room.counts.refused[kind]++;
			whole = true;
			send(refusal(kind));
		};
		// What a connection that was cut shows first, an end or a cancellation, is a matter of chance.
		const cut = () => {
			if (!whole) room.counts.cut++;
			whole = true;
		};
		call.sendStatus = (given) => {
			if (!whole) room.counts.refused[kindOf(given.code)]++;
			whole = true;
			send(given);
		};
		return new ServerInterceptingCall(call, {
			start(next) {
				next({
					onReceiveMetadata(metadata, goOn) {
						const [given] = metadata.get(TOKEN_HEADER);
						if (!opens(given?.toString())) return refuse("token");
						greet(call.getPeer());
						if (!room.admit()) return refuse("rate");
						if (calls >= OTLP_CALLS_MAX) return refuse("busy");
						calls++;
						timer = setTimeout(() => whole || refuse("slow"), OTLP_BODY_TIME_MS);
						goOn(metadata);
					},
					onReceiveMessage(message, goOn) {
						whole = true;
						goOn(message);
					},
					onReceiveHalfClose(goOn) {
						cut();
						goOn();
					},
					onCancel() {
						cut();
						if (timer !== undefined && open) calls--;
						open = false;
						clearTimeout(timer);
					},
				});
			},
		});
	};
}

/** What gRPC finds in a message before we see it. */
function kindOf(code: status | null | undefined): Refusal {
	if (code === status.RESOURCE_EXHAUSTED) return "large";
	return code === status.DEADLINE_EXCEEDED ? "slow" : "malformed";
}

export function refusal(kind: Refusal) {
	const { code, message } = REFUSALS[kind];
	return { code, details: message };
}
