import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { z } from "zod";
import {
	type FetchLink,
	type SendLink,
	type TransferAnswer,
	type TransferContent,
	TransferRefused,
} from "../../platform/transfers/transfer-link.ts";
import { type Snapshot, snapshotUploadSchema } from "../../server/contract/snapshot.ts";
import { transferRefusalSchema, transferResultSchema } from "../../server/contract/transfer.ts";
import type { ApiClient } from "./client.ts";
import type { Connection } from "./connection.ts";

const failureSchema = z.object({
	error: z.object({ message: z.string(), details: z.unknown().optional() }),
});

/** How the command line sends a file of a snapshot; `shard` counts from 1. */
export function uploadLink(
	api: ApiClient,
	connection: Connection,
	{ name, shard }: { name: string; shard: number },
): SendLink {
	const path = `/snapshots/${encodeURIComponent(name)}/upload`;
	return {
		sendsDigest: false,
		async state() {
			const answer = await api.call({ method: "GET", path, query: { shard } });
			const { offset, finished } = snapshotUploadSchema.parse(answer);
			return finished === null ? { offset } : { finished };
		},
		open: (offset, length, signal) =>
			open(connection, `${path}?shard=${shard}&offset=${offset}`, {
				...{ method: "PUT", signal },
				headers: { "content-type": "application/octet-stream", "content-length": length },
			}),
		readAnswer(answer) {
			if (answer.status !== 200) throw refusalOf(answer);
			return transferResultSchema.parse(answer.body);
		},
	};
}

/** How it fetches one. */
export function downloadLink(
	connection: Connection,
	{ name }: Snapshot,
	{ shard, content }: { shard: number; content: TransferContent },
): FetchLink {
	const path = `/snapshots/${encodeURIComponent(name)}/download?shard=${shard}`;
	return {
		expected: async () => content,
		open: (offset, signal) =>
			open(connection, path, {
				...{ method: "GET", signal },
				headers: offset === 0 ? {} : { range: `bytes=${offset}-` },
			}),
		refusal: refusalOf,
	};
}

function open(
	{ url, token }: Connection,
	path: string,
	options: { method: string; headers: Record<string, string | number>; signal: AbortSignal },
): ClientRequest {
	const target = new URL(`${url}/api/v1${path}`);
	const request = target.protocol === "https:" ? httpsRequest : httpRequest;
	const headers = { ...options.headers, authorization: `Bearer ${token}` };
	return request(target, { ...options, headers });
}

/** Tried again unless the control plane says that it is of no use. */
function refusalOf({ status, body }: TransferAnswer): Error {
	const failure = failureSchema.safeParse(body).data?.error;
	const message = failure?.message ?? `HTTP ${status}`;
	const retry = transferRefusalSchema.safeParse(failure?.details).data?.retry ?? status >= 500;
	return retry ? new Error(message) : new TransferRefused(message);
}
