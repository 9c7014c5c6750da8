import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";
import type { Logger } from "../../platform/logger.ts";
import {
	HEALTH_PATH,
	STATE_PATH,
	STATE_TOKEN_HEADER,
} from "../../server/contract/accelerator-process.ts";
import { DynamoError, internalServerError } from "../dynamodb/errors.ts";
import type { Answer, Part } from "../operations/call.ts";
import type { Accelerator } from "./accelerator.ts";

/** More than DynamoDB takes: 16 MiB. */
const BODY_BYTES_MAX = 17 * 1024 ** 2;
/** Longer than clients keep idle connections. */
const KEEP_ALIVE_MS = 65_000;

/** The door for clients: DynamoDB's JSON protocol over HTTP. */
export class HttpDoor {
	readonly #accelerator: Accelerator;
	readonly #logger: Logger;
	readonly #stateToken: string | null;
	readonly #server: Server;
	#closing = false;

	/** Tells its state to those who have the token. */
	constructor(accelerator: Accelerator, logger: Logger, stateToken: string | null = null) {
		this.#accelerator = accelerator;
		this.#stateToken = stateToken;
		this.#logger = logger;
		this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
			this.#handle(request, response).catch((err: unknown) => {
				logger.debug({ err }, "a client went away");
				response.destroy();
			});
		});
	}

	/** Returns the port. */
	async listen(host: string, port: number): Promise<number> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once("error", reject);
			this.#server.listen({ host, port }, () => {
				this.#server.off("error", reject);
				resolve();
			});
		});
		const address: AddressInfo | string | null = this.#server.address();
		return typeof address === "object" && address !== null ? address.port : port;
	}

	/** Lets calls under way end, for at most so long. */
	async close(withinMs: number): Promise<void> {
		this.#closing = true;
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		this.#server.closeIdleConnections();
		const timer = setTimeout(() => this.#server.closeAllConnections(), withinMs);
		await closed;
		clearTimeout(timer);
	}

	async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (request.method === "GET" && request.url === HEALTH_PATH) {
			response.writeHead(this.#closing ? 503 : 200).end();
			return;
		}
		if (request.method === "GET" && request.url === STATE_PATH)
			return this.#tellState(request, response);
		const startedAt = performance.now();
		const requestId = randomUUID();
		const answer = await this.#answer(request, requestId);
		send(response, answer, requestId, this.#closing);
		const ms = performance.now() - startedAt;
		const { metrics } = this.#accelerator;
		if (answer.status >= 400) return;
		if (answer.part === "hit") metrics.took("hitMs", ms);
		else if (answer.part === "write") metrics.took("writeMs", ms);
		else if (answer.part === "miss") metrics.took("missMs", ms);
	}

	#tellState(request: IncomingMessage, response: ServerResponse): void {
		const given = request.headers[STATE_TOKEN_HEADER];
		if (this.#stateToken === null || given !== this.#stateToken) {
			response.writeHead(403).end();
			return;
		}
		response.writeHead(200, { "content-type": "application/json" });
		response.end(JSON.stringify(this.#accelerator.state));
	}

	async #answer(request: IncomingMessage, requestId: string): Promise<Answer> {
		try {
			const body = await readBody(request);
			return await this.#accelerator.answer({
				...{ headers: request.headers, body, path: request.url ?? "/" },
			});
		} catch (error) {
			const expected = error instanceof DynamoError;
			if (!expected) this.#logger.error({ err: error, requestId }, "a call failed");
			const known = expected
				? error
				: internalServerError("The accelerator failed; its log says why.");
			if (known.status >= 500) this.#accelerator.metrics.add("failed");
			return { status: known.status, headers: {}, body: known.body, part: "pass" };
		}
	}
}

/** By events, which is quicker than iterating over the request. */
function readBody(request: IncomingMessage): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let length = 0;
		request.on("data", (chunk: Buffer) => {
			length += chunk.length;
			if (length > BODY_BYTES_MAX) {
				// The rest is read and dropped, so that the client hears of it.
				reject(
					new DynamoError(
						413,
						"com.amazon.coral.service#SerializationException",
						"The request is too long.",
					),
				);
				return;
			}
			chunks.push(chunk);
		});
		request.on("end", () => {
			const [only] = chunks;
			resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
		});
		request.on("error", reject);
	});
}

/** Says how the cache took part; AWS's clients ignore it. */
const PART_HEADER = "x-larder-cache";

function send(
	response: ServerResponse,
	{
		status,
		headers,
		body,
		part,
	}: { status: number; headers: Answer["headers"]; body: string | Buffer; part: Part },
	requestId: string,
	closing: boolean,
): void {
	const bytes = typeof body === "string" ? Buffer.from(body) : body;
	response.writeHead(status, {
		"content-type": "application/x-amz-json-1.0",
		"x-amzn-requestid": requestId,
		"x-amz-crc32": String(crc32(bytes)),
		...headers,
		"content-length": bytes.length,
		[PART_HEADER]: part,
		...(closing && { connection: "close" }),
	});
	response.end(bytes);
}
