import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isRecord } from "./attribute-value.ts";
import { internalServerError, unavailable } from "./errors.ts";
import { CallSigner, type Credentials } from "./signature.ts";

const TARGET_PREFIX = "DynamoDB_20120810.";
/** Long enough for any answer of DynamoDB, and well below the time after which a write counts as dead. */
const ANSWER_MS = 20_000;
const CONNECT_MS = 3_000;
const SOCKETS_MAX = 512;
const ANSWER_BYTES_MAX = 32 * 1024 ** 2;

export interface UpstreamAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** Why a call got no answer. `sent`: the upstream may have carried it out. */
export class UpstreamAwayError extends Error {
	readonly sent: boolean;

	constructor(message: string, sent: boolean, cause: unknown) {
		super(message, { cause });
		this.name = "UpstreamAwayError";
		this.sent = sent;
	}
}

/** What x-amz-target names for an operation of DynamoDB. */
export function operationTarget(operation: string): string {
	return `${TARGET_PREFIX}${operation}`;
}

/** The operation that x-amz-target names; null for another service's. */
export function operationOf(target: string): string | null {
	return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : null;
}

/** The DynamoDB behind the accelerator. Every call is signed anew (docs/decisions/0068). */
export class Upstream {
	readonly #url: URL;
	readonly #region: string;
	readonly #credentials: Credentials | null;
	readonly #agent: HttpAgent;
	readonly #signers = new Map<string, CallSigner>();

	/** Without credentials, calls carry the client's access key id and a signature that means nothing. */
	constructor(endpoint: string, region: string, credentials: Credentials | null) {
		this.#url = new URL(endpoint);
		this.#region = region;
		this.#credentials = credentials;
		const options = { keepAlive: true, maxSockets: SOCKETS_MAX, scheduling: "lifo" } as const;
		this.#agent =
			this.#url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
	}

	close(): void {
		this.#agent.destroy();
	}

	/**
	 * Throws UpstreamAwayError if there is no answer. `repeatable`: a connection that breaks is tried once more, as it is for
	 * reads. `text` is the request's JSON, `target` what x-amz-target names.
	 */
	async call(
		target: string,
		text: string | Buffer,
		options: { accessKeyId: string; repeatable: boolean },
	): Promise<UpstreamAnswer> {
		const body = Buffer.from(text);
		const headers = await this.#signerFor(options.accessKeyId).headersFor({
			...{ host: this.#url.host, path: this.#url.pathname, target, body },
		});
		try {
			return await this.#send(headers, body);
		} catch (error) {
			if (!options.repeatable || !isBroken(error)) throw error;
			return await this.#send(headers, body);
		}
	}

	#signerFor(accessKeyId: string): CallSigner {
		const known = this.#signers.get(accessKeyId);
		if (known !== undefined) return known;
		const credentials = this.#credentials ?? { accessKeyId, secretAccessKey: "not-verified" };
		const signer = new CallSigner(credentials, this.#region);
		if (this.#signers.size < 100) this.#signers.set(accessKeyId, signer);
		return signer;
	}

	#send(headers: Record<string, string>, body: Buffer): Promise<UpstreamAnswer> {
		const { hostname, port, pathname, protocol, origin } = this.#url;
		const send = protocol === "https:" ? httpsRequest : httpRequest;
		return new Promise((resolve, reject) => {
			let sent = false;
			const fail = (cause: unknown) => {
				const why = cause instanceof Error ? cause.message : String(cause);
				reject(
					new UpstreamAwayError(
						`The accelerator can't reach its upstream ${origin}: ${why}`,
						sent,
						cause,
					),
				);
			};
			const call = send({
				...{ method: "POST", hostname: hostname.replace(/^\[|\]$/g, ""), path: pathname, headers },
				...{ agent: this.#agent, ...(port !== "" && { port }) },
			});
			const connecting = setTimeout(
				() => call.destroy(new Error(`no connection within ${CONNECT_MS} ms`)),
				CONNECT_MS,
			);
			call.on("socket", (socket) => {
				const ready = () => {
					clearTimeout(connecting);
					sent = true;
				};
				if (!socket.connecting) ready();
				else socket.once(protocol === "https:" ? "secureConnect" : "connect", ready);
			});
			call.setTimeout(ANSWER_MS, () => call.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
			call.on("error", fail);
			call.on("close", () => clearTimeout(connecting));
			call.on("response", (response) => {
				const chunks: Buffer[] = [];
				let length = 0;
				response.on("data", (chunk: Buffer) => {
					chunks.push(chunk);
					length += chunk.length;
					if (length > ANSWER_BYTES_MAX) call.destroy(new Error("the answer is too long"));
				});
				response.on("error", fail);
				response.on("aborted", () => fail(new Error("the answer broke off")));
				response.on("end", () =>
					resolve({
						status: response.statusCode ?? 502,
						headers: response.headers,
						body: Buffer.concat(chunks),
					}),
				);
			});
			call.end(body);
		});
	}
}

/** A kept connection that the upstream had just closed. */
function isBroken(error: unknown): boolean {
	return (
		error instanceof UpstreamAwayError &&
		error.cause instanceof Error &&
		"code" in error.cause &&
		(error.cause.code === "ECONNRESET" || error.cause.code === "EPIPE")
	);
}

/** The error that a client gets when there is no answer; `writes`: it asked for a change. */
export function toClientError(error: UpstreamAwayError, writes: boolean): Error {
	if (!writes) return unavailable(`${error.message}. What was asked for isn't in the cache.`);
	return error.sent
		? internalServerError(`${error.message}. It isn't known whether the write was carried out.`)
		: unavailable(`${error.message}. The write wasn't carried out.`);
}

/** The answer's JSON object; null for a failure, or for anything else. */
export function successOf({
	status,
	body,
}: UpstreamAnswer): Readonly<Record<string, unknown>> | null {
	if (status !== 200) return null;
	const parsed: unknown = JSON.parse(body.toString("utf8"));
	return isRecord(parsed) ? parsed : null;
}
