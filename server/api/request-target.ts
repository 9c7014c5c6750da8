import type { FastifyRequest } from "fastify";
import { AppError } from "../contract/errors.ts";

/** Calls per batch. The console sends fewer, and one request shouldn't be able to hold up all others. */
const BATCH_MAX = 20;
/** The only methods that tRPC's own client uses. */
const TRPC_METHODS = new Set(["GET", "POST"]);

/**
 * Refuses a request with an invalid Host header: URLs and origins are made from it. An HTTP/1.0 request may
 * have none.
 */
export function requireHost({ headers, host }: FastifyRequest): void {
	for (const name of new Set([headers.host, host])) {
		if (name === undefined || name === "" || isHost(name)) continue;
		throw new AppError("malformed_request", "The Host header must be a host name or address.", {
			field: "Host",
		});
	}
}

function isHost(text: string): boolean {
	if (!URL.canParse(`http://${text}/`)) return false;
	const { pathname, search, hash, username } = new URL(`http://${text}/`);
	return pathname === "/" && search === "" && hash === "" && username === "";
}

/** tRPC's library also handles other bodies and methods, but none of our procedures uses them. */
export async function requireTrpcRequest(request: FastifyRequest): Promise<void> {
	const { method, headers } = request;
	const { path = "" } = request.params as { path?: string };
	const calls = path.split(",").length;
	if (calls > BATCH_MAX) {
		throw new AppError(
			"malformed_request",
			`A batch can hold at most ${BATCH_MAX} calls, and this one holds ${calls}. Send several requests.`,
		);
	}
	if (!TRPC_METHODS.has(method)) {
		throw new AppError(
			"malformed_request",
			`Use GET for queries and POST for mutations, not ${method}.`,
		);
	}
	const type = headers["content-type"];
	if (type === undefined || /^application\/json\s*(;|$)/i.test(type)) return;
	throw new AppError("malformed_request", "Send JSON, with Content-Type: application/json.", {
		field: "Content-Type",
	});
}
