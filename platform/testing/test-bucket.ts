import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import S3rver from "@20minutes/s3rver";
import type { S3Settings } from "../stores/s3/s3-bucket.ts";
import { makeOwnedDirectory } from "./owned-directory.ts";

const BUCKET = "larder";
/** Where the server keeps unfinished uploads, in the bucket's directory. */
export const UPLOADS = "._S3rver_uploads";
/**
 * Marks an aborted upload, whose directory stays: the server ends with an error when a part that it is writing loses its
 * directory.
 */
const ABORTED = "aborted";
/** The credentials that this server accepts. */
const CREDENTIALS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

/** What the server does with a request instead of answering it. */
export type Fault =
	| { kind: "status"; status: number; code: string }
	| { kind: "silence" }
	/** Answers so much later. */
	| { kind: "slow"; ms: number }
	| { kind: "cut" }
	| { kind: "checksum" };

/**
 * A bucket of an S3 server that runs in this process and checks signatures. It adds the three calls about unfinished uploads
 * that the server lacks, and misbehaves on request.
 */
export class TestBucket {
	/** Chooses what goes wrong, for each request; null for nothing. */
	fault: (request: { method: string; url: URL }) => Fault | null = () => null;
	readonly requests: string[] = [];
	readonly directory: string;
	private readonly server: Server;

	private constructor(directory: string, server: Server) {
		this.directory = directory;
		this.server = server;
	}

	/** In a new directory and on a free port, unless they are named. */
	static async start({
		directory = makeOwnedDirectory("larder-bucket-"),
		port = 0,
	} = {}): Promise<TestBucket> {
		const s3 = new S3rver({ directory, silent: true, configureBuckets: [{ name: BUCKET }] });
		await s3.configureBuckets();
		const handle = s3.callback();
		const answer: typeof handle = (request, response) => {
			// It signs listings with another path than AWS's SDK does.
			s3.allowMismatchedSignatures = /^\/[^/]+\/\?list-type=/.test(request.url ?? "");
			handle(request, response);
		};
		const server = createServer((request, response) => bucket.serve(request, response, answer));
		const bucket = new TestBucket(directory, server);
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		return bucket;
	}

	/** How to reach it. */
	get settings(): S3Settings & { endpoint: string; credentials: typeof CREDENTIALS } {
		const address = this.server.address();
		if (address === null || typeof address === "string") throw new Error("the bucket is closed");
		return {
			...{ endpoint: `http://127.0.0.1:${address.port}`, region: "eu-central-1", bucket: BUCKET },
			...{ prefix: "larder/", pathStyle: true, credentials: { ...CREDENTIALS } },
		};
	}

	/** Ids of the unfinished uploads. */
	uploads(): string[] {
		return unfinishedUploads(this.directory);
	}

	/** The file with an object's content. */
	fileOf(key: string): string {
		return join(this.directory, BUCKET, `larder/${key}._S3rver_object`);
	}

	async close(): Promise<void> {
		this.server.closeAllConnections();
		this.server.close();
		await once(this.server, "close");
		rmSync(this.directory, { recursive: true });
	}

	private get uploadsDirectory(): string {
		return uploadsDirectoryOf(this.directory);
	}

	private serve(
		request: IncomingMessage,
		response: ServerResponse,
		answer: (request: IncomingMessage, response: ServerResponse) => void,
	): void {
		const { method = "" } = request;
		const url = new URL(request.url ?? "/", "http://bucket");
		this.requests.push(`${method} ${url.pathname}${url.search}`);
		const fault = this.fault({ method, url });
		switch (fault?.kind) {
			case "status":
				request.resume();
				sendError(response, fault);
				return;
			case "silence":
				request.resume();
				return;
			case "cut":
				request.socket.destroy();
				return;
			case "slow":
				setTimeout(() => this.answer(request, response, answer), fault.ms);
				return;
			case "checksum":
				response.setHeader("x-amz-checksum-crc32", "AAAAAA==");
		}
		this.answer(request, response, answer);
	}

	private answer(
		request: IncomingMessage,
		response: ServerResponse,
		answer: (request: IncomingMessage, response: ServerResponse) => void,
	): void {
		const { method = "" } = request;
		const url = new URL(request.url ?? "/", "http://bucket");
		const uploadId = url.searchParams.get("uploadId");
		if (method === "GET" && url.searchParams.has("uploads")) this.listUploads(url, response);
		else if (uploadId !== null && isAborted(this.uploadsDirectory, uploadId)) {
			request.resume();
			sendError(response, { status: 404, code: "NoSuchUpload" });
		} else if (method === "GET" && uploadId !== null) this.listParts(uploadId, response);
		else if (method === "DELETE" && uploadId !== null) {
			writeFileSync(join(this.uploadsDirectory, uploadId, ABORTED), "");
			response.writeHead(204).end();
		} else answer(request, response);
	}

	private listUploads(url: URL, response: ServerResponse): void {
		const prefix = url.searchParams.get("prefix") ?? "";
		const uploads = this.uploads().map((id) => {
			const file = join(this.uploadsDirectory, id, "key");
			return { id, key: readFileSync(file, "utf8"), at: statSync(file).mtime.toISOString() };
		});
		const body = uploads
			.filter(({ key }) => key.startsWith(prefix))
			.map(
				({ id, key, at }) =>
					`<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${at}</Initiated></Upload>`,
			);
		sendXml(response, "ListMultipartUploadsResult", body);
	}

	private listParts(uploadId: string, response: ServerResponse): void {
		const directory = join(this.uploadsDirectory, uploadId);
		const body = readdirSync(directory)
			// A part that is being written has no checksum yet.
			.filter((name) => existsSync(join(directory, `${name}.md5`)))
			.map((name) => {
				const { size, mtime } = statSync(join(directory, name));
				const md5 = readFileSync(join(directory, `${name}.md5`), "utf8");
				return `<Part><PartNumber>${name}</PartNumber><Size>${size}</Size><ETag>"${md5}"</ETag><LastModified>${mtime.toISOString()}</LastModified></Part>`;
			});
		sendXml(response, "ListPartsResult", body);
	}
}

/** Ids of the unfinished uploads in the directory of a server, whether it runs or not. */
export function unfinishedUploads(directory: string): string[] {
	const uploads = uploadsDirectoryOf(directory);
	// There has never been any.
	if (!existsSync(uploads)) return [];
	// One that has just begun has no key yet.
	return readdirSync(uploads).filter(
		(id) => !isAborted(uploads, id) && existsSync(join(uploads, id, "key")),
	);
}

function uploadsDirectoryOf(directory: string): string {
	return join(directory, BUCKET, UPLOADS);
}

function isAborted(uploads: string, id: string): boolean {
	return existsSync(join(uploads, id, ABORTED));
}

function sendError(response: ServerResponse, { status, code }: { status: number; code: string }) {
	const body = `<Error><Code>${code}</Code><Message>out of order</Message></Error>`;
	response.writeHead(status, { "content-type": "application/xml" }).end(body);
}

function sendXml(response: ServerResponse, root: string, body: readonly string[]): void {
	const xml = `<?xml version="1.0" encoding="UTF-8"?><${root}><IsTruncated>false</IsTruncated>${body.join("")}</${root}>`;
	response.writeHead(200, { "content-type": "application/xml" }).end(xml);
}
