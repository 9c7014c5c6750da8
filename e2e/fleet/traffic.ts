import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import { z } from "zod";

/** What hosts sent and received since the last call of `take`. */
export interface Traffic {
	/** Answers to `watch` that had news. */
	readonly watchAnswers: number;
	/** Their bodies, in bytes as sent. */
	readonly watchBytes: number;
	readonly reports: number;
}

const NO_TRAFFIC: Traffic = { watchAnswers: 0, watchBytes: 0, reports: 0 };
/** An answer without news is shorter. */
const NEWS_BYTES = 100;

const responseSchema = z.object({
	request: z.custom<ClientRequest>(),
	response: z.custom<IncomingMessage>(),
});

/** Counts the reports that this process's HTTP clients send, and the answers to `watch` that they receive. */
export function countTraffic(): { take(): Traffic } {
	let traffic = NO_TRAFFIC;
	subscribe("http.client.response.finish", (message) => {
		// The headers have arrived; the body follows.
		const { request, response } = responseSchema.parse(message);
		if (request.path.endsWith("/report")) traffic = { ...traffic, reports: traffic.reports + 1 };
		if (!request.path.endsWith("/watch")) return;
		let bytes = 0;
		response.on("data", (chunk: Buffer) => {
			bytes += chunk.length;
		});
		response.once("end", () => {
			if (bytes < NEWS_BYTES) return;
			const { watchAnswers, watchBytes } = traffic;
			traffic = { ...traffic, watchAnswers: watchAnswers + 1, watchBytes: watchBytes + bytes };
		});
	});
	return {
		take() {
			const taken = traffic;
			traffic = NO_TRAFFIC;
			return taken;
		},
	};
}
