import { Agent as HttpAgent, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { HTTPLinkOptions } from "@trpc/client";

type Fetch = NonNullable<HTTPLinkOptions<never>["fetch"]>;

/**
 * The few parts of fetch that tRPC's link uses, on Node's own HTTP client: the agent then does without the memory of
 * the built-in fetch, and its connections stay open between calls.
 */
export function createFetch(): { fetch: Fetch; close(): void } {
	const http = new HttpAgent({ keepAlive: true, maxSockets: 4 });
	const https = new HttpsAgent({ keepAlive: true, maxSockets: 4 });
	const fetch: Fetch = (input, init) => {
		const url = new URL(String(input));
		const secure = url.protocol === "https:";
		return new Promise((resolve, reject) => {
			const request = (secure ? httpsRequest : httpRequest)(
				url,
				{
					method: init?.method ?? "GET",
					// tRPC hands them over as a plain object.
					headers: { ...init?.headers } as OutgoingHttpHeaders,
					agent: secure ? https : http,
					...(init?.signal ? { signal: init.signal as AbortSignal } : {}),
				},
				(response) => {
					const chunks: Buffer[] = [];
					response.on("data", (chunk: Buffer) => chunks.push(chunk));
					response.once("error", reject);
					response.once("end", () => {
						const text = Buffer.concat(chunks).toString("utf8");
						resolve({
							ok: (response.statusCode ?? 500) < 400,
							status: response.statusCode ?? 500,
							json: async () => JSON.parse(text),
							text: async () => text,
						} as Awaited<ReturnType<Fetch>>);
					});
				},
			);
			request.once("error", reject);
			request.end(init?.body ?? undefined);
		});
	};
	return {
		fetch,
		close() {
			http.destroy();
			https.destroy();
		},
	};
}
