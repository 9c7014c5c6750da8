import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { transferPathSchema } from "../../contract/transfer.ts";
import { giveContent, takeContent } from "../../fleet/transfers.ts";
import type { Resources } from "../../services/context.ts";

const offsetSchema = z.strictObject({ offset: z.coerce.number().int().min(0).default(0) });

/** Content that hosts send to stores and fetch from them; the contract's transfer.ts describes it. */
export function registerTransfers(
	app: FastifyInstance,
	resources: Resources,
	identifyHost: (request: FastifyRequest, reply: FastifyReply) => Promise<string>,
): void {
	app.addContentTypeParser("application/octet-stream", (_request, body, done) => done(null, body));
	const transferOf = async (request: FastifyRequest, reply: FastifyReply) => ({
		hostId: await identifyHost(request, reply),
		...transferPathSchema.parse(request.params),
	});

	app.put(
		"/transfers/:transferId",
		{ bodyLimit: Number.MAX_SAFE_INTEGER },
		async (request, reply) => {
			const transfer = await transferOf(request, reply);
			const { offset } = offsetSchema.parse(request.query);
			return await takeContent(resources, transfer, request.body as Readable, {
				offset,
				length: lengthOf(request),
			});
		},
	);

	app.get("/transfers/:transferId", async (request, reply) => {
		const transfer = await transferOf(request, reply);
		const start = startOf(request.headers.range);
		const gone = new AbortController();
		reply.raw.once("close", () => gone.abort());
		const { totalBytes, content } = await giveContent(resources, transfer, { start }, gone.signal);
		return reply
			.code(start === 0 ? 200 : 206)
			.type("application/octet-stream")
			.header("content-length", Math.max(0, totalBytes - start))
			.send(content);
	});
}

function lengthOf({ headers }: FastifyRequest): number | null {
	const length = Number(headers["content-length"] ?? Number.NaN);
	return Number.isSafeInteger(length) ? length : null;
}

/** The first byte that is wanted: agents always want the rest. */
function startOf(range: string | undefined): number {
	const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
	return Number.isSafeInteger(start) ? start : 0;
}
