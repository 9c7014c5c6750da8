import { type ClientRequest, Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { cleanText } from "../../server/contract/storable.ts";

export interface JsonAnswer {
	readonly status: number;
	/** The parsed body; null if it isn't JSON. */
	readonly body: unknown;
}

/**
 * POSTs JSON over connections that stay open. It uses Node's own HTTP client because fetch would add 6 MiB to
 * every agent.
 */
export class JsonHttp {
	private readonly http = new HttpAgent({ keepAlive: true });
	private readonly https = new HttpsAgent({ keepAlive: true });

	/**
	 * Returns an answer of any status; throws if no complete answer arrives. Cleans texts on the way: some
	 * quote an engine's log or answer, which may contain any bytes, and the control plane refuses the whole
	 * body for a character that it can't store.
	 */
	post(
		url: URL,
		options: { body: unknown; headers: Record<string, string>; signal: AbortSignal },
	): Promise<JsonAnswer> {
		const body = Buffer.from(JSON.stringify(options.body, cleanTexts));
		return new Promise((resolve, reject) => {
			const request = this.open(url, {
				method: "POST",
				signal: options.signal,
				headers: {
					...options.headers,
					"content-type": "application/json",
					"content-length": body.length,
				},
			});
			request.once("response", (response) => {
				const chunks: Buffer[] = [];
				response.on("data", (chunk: Buffer) => chunks.push(chunk));
				response.once("error", reject);
				response.once("end", () => {
					const text = Buffer.concat(chunks).toString("utf8");
					resolve({ status: response.statusCode ?? 0, body: parseOrNull(text) });
				});
			});
			request.once("error", reject);
			request.end(body);
		});
	}

	/** A request whose body, or whose answer's body, is a stream. The caller ends it. */
	open(
		url: URL,
		options: {
			method: "GET" | "POST" | "PUT";
			headers: Record<string, string | number>;
			signal: AbortSignal;
		},
	): ClientRequest {
		const secure = url.protocol === "https:";
		const agent = secure ? this.https : this.http;
		return (secure ? httpsRequest : httpRequest)(url, { ...options, agent });
	}

	close(): void {
		this.http.destroy();
		this.https.destroy();
	}
}

function cleanTexts(_name: string, value: unknown): unknown {
	return typeof value === "string" ? cleanText(value) : value;
}

function parseOrNull(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
