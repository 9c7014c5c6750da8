import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { deniedError, noteDenied } from "../../auth/deny.ts";
import { mayDo } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import { snapshotFileSchema } from "../../contract/snapshot.ts";
import { watchedBody } from "../../fleet/watched-body.ts";
import type { Caller } from "../../services/context.ts";
import { findDownload, findUpload, takeUpload } from "../../services/snapshots/snapshot-files.ts";
import type { Context } from "../trpc/trpc.ts";

const offsetSchema = z.object({ offset: z.coerce.number().int().min(0).default(0) });

/** The files of snapshots, which are streams and so no procedures: downloads with ranges, and uploads that continue. */
export async function snapshotFilesPlugin(
	app: FastifyInstance,
	options: { createContext: (request: FastifyRequest) => Promise<Context> },
): Promise<void> {
	app.addContentTypeParser("application/octet-stream", (_request, body, done) => done(null, body));
	const open = async (request: FastifyRequest, call: string) => {
		const context = await options.createContext(request);
		const query = request.query as object;
		const file = snapshotFileSchema.loose().parse({ ...query, ...(request.params as object) });
		return { ...context, file, caller: await requireManager(context, call, file) };
	};

	app.get("/snapshots/:name/download", async (request, reply) => {
		const { resources, caller, file } = await open(request, "snapshots.download");
		const {
			fileName,
			totalBytes,
			sha256,
			open: read,
		} = await findDownload(resources, caller, file);
		const range = rangeOf(request.headers.range, totalBytes);
		reply
			.type("application/octet-stream")
			.header("accept-ranges", "bytes")
			.header("etag", `"${sha256}"`)
			.header("x-content-sha256", sha256)
			.header("cache-control", "no-store")
			.header("content-disposition", `attachment; filename="${fileName}"`);
		if (range === "unsatisfiable") {
			return reply.code(416).header("content-range", `bytes */${totalBytes}`).send();
		}
		const { start, end } = range ?? { start: 0, end: totalBytes };
		if (range !== null) {
			reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${totalBytes}`);
		}
		const gone = new AbortController();
		reply.raw.once("close", () => gone.abort());
		reply.header("content-length", end - start);
		return reply.send(await read({ start, end }, gone.signal));
	});

	app.get("/snapshots/:name/upload", async (request) => {
		const { resources, file } = await open(request, "snapshots.upload");
		return await findUpload(resources, file);
	});

	app.put("/snapshots/:name/upload", { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
		const { resources, caller, file } = await open(request, "snapshots.upload");
		const { offset } = offsetSchema.parse(request.query);
		if (typeof (request.body as Readable | undefined)?.pipe !== "function") {
			throw new AppError(
				"malformed_request",
				"Send the file itself, with Content-Type: application/octet-stream.",
			);
		}
		const length = Number(request.headers["content-length"] ?? Number.NaN);
		return await takeUpload(resources, caller, file, {
			offset,
			length: Number.isSafeInteger(length) ? length : null,
			body: (signal) => watchedBody(request.body as Readable, signal),
		});
	});
}

/** A snapshot holds everything that clients stored, so reading isn't enough. */
async function requireManager(
	{ caller, resources, gate }: Context,
	path: string,
	input: unknown,
): Promise<Caller> {
	if (caller === null) {
		throw new AppError("unauthenticated", "Send an API token as Authorization: Bearer <token>.");
	}
	if (mayDo(caller.access, "snapshot:manage")) return caller;
	await gate.pass(() => noteDenied(resources, caller, { path, input }));
	throw deniedError(caller, path, "snapshot:manage");
}

/** One range of bytes; null for the whole, also for ranges in a form that no download program uses. */
function rangeOf(
	header: string | undefined,
	totalBytes: number,
): { start: number; end: number } | "unsatisfiable" | null {
	const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
	if (first === "" && last === "") return null;
	const start = first === "" ? Math.max(0, totalBytes - Number(last)) : Number(first);
	const end = first === "" || last === "" ? totalBytes : Math.min(totalBytes, Number(last) + 1);
	return start < end ? { start, end } : "unsatisfiable";
}
