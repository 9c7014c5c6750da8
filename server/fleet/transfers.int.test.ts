import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
	existsSync,
	linkSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { currentBootId } from "../../platform/process-identity.ts";
import { DirectoryStore } from "../../platform/stores/directory-store.ts";
import { fetchFile } from "../../platform/transfers/fetch-file.ts";
import { sendFile } from "../../platform/transfers/send-file.ts";
import { type TransferAnswer, TransferRefused } from "../../platform/transfers/transfer-link.ts";
import type { AppError } from "../contract/errors.ts";
import { type TransferState, transferResultSchema } from "../contract/transfer.ts";
import { openTransfer } from "../services/stores/open-transfer.ts";
import { LOCAL_STORE } from "../services/stores/store-shelf.ts";
import { agentCaller } from "../testing/agent-caller.ts";
import { enrollTestHost, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const MIB = 1024 ** 2;
const CONTENT = randomBytes(12 * MIB);
const WHOLE = { bytes: CONTENT.length, sha256: createHash("sha256").update(CONTENT).digest("hex") };

let directory: string;
let file: string;
let test: TestResources;
let server: TestServer;
let host: TestHost;
let stranger: TestHost;
let cable: Cable;
beforeAll(async () => {
	directory = mkdtempSync(join(tmpdir(), "larder-transfers-"));
	file = join(directory, "dump.rdb");
	test = await openTestResources();
	server = await startTestServer(test);
	host = await enrollTestHost(test, "h1", "a");
	stranger = await enrollTestHost(test, "h2", "b");
	cable = await Cable.to(Number(new URL(server.url).port));
});
beforeEach(() => writeFileSync(file, CONTENT));
afterAll(async () => {
	await cable.close();
	await server.close();
	rmSync(directory, { recursive: true });
});

/** A network path that can be cut. */
class Cable {
	readonly port: number;
	/** Of all connections, towards the control plane and from it. */
	carried = 0;
	/** Cuts all connections once so much more was carried. */
	cutAfter = Number.POSITIVE_INFINITY;
	private readonly sockets = new Set<Socket>();
	private readonly listener;

	private constructor(listener: ReturnType<typeof createServer>, port: number) {
		this.listener = listener;
		this.port = port;
	}

	static async to(port: number): Promise<Cable> {
		const listener = createServer((near) => cable.join(near, connect(port, "127.0.0.1")));
		listener.listen(0, "127.0.0.1");
		await once(listener, "listening");
		const address = listener.address();
		if (address === null || typeof address === "string") throw new Error("no port");
		const cable = new Cable(listener, address.port);
		return cable;
	}

	private join(near: Socket, far: Socket): void {
		for (const [from, to] of [
			[near, far],
			[far, near],
		] as const) {
			this.sockets.add(from);
			from.on("error", () => to.destroy());
			from.on("close", () => to.destroy());
			from.on("data", (chunk) => {
				this.carried += chunk.length;
				this.cutAfter -= chunk.length;
				if (this.cutAfter < 0) this.cut();
				else if (!to.write(chunk)) {
					from.pause();
					to.once("drain", () => from.resume());
				}
			});
		}
	}

	private cut(): void {
		this.cutAfter = Number.POSITIVE_INFINITY;
		for (const socket of this.sockets) socket.destroy();
		this.sockets.clear();
	}

	async close(): Promise<void> {
		this.cut();
		this.listener.close();
		await once(this.listener, "close");
	}
}

const http = new Agent();

function open(
	as: TestHost,
	id: string,
	options: { method: string; query?: string; headers: Record<string, string | number> },
	signal?: AbortSignal,
) {
	const { method, query = "", headers } = options;
	return httpRequest(`http://127.0.0.1:${cable.port}/api/agent/transfers/${id}${query}`, {
		...{ method, agent: http, ...(signal && { signal }) },
		headers: { ...headers, authorization: `Bearer ${as.enrollment.credential}` },
	});
}

async function stateOf(id: string, as = host): Promise<TransferState> {
	return await agentCaller(test.resources, as.enrollment.credential).transfer({ transferId: id });
}

function refusal({ status, body }: TransferAnswer): Error {
	const text = JSON.stringify(body);
	return text.includes('"retry":false')
		? new TransferRefused(text)
		: new Error(`${status} ${text}`);
}

function send(id: string, options: { offset?: number; signal?: AbortSignal } = {}) {
	const failures: string[] = [];
	const sent = sendFile(
		{
			sendsDigest: true,
			async state() {
				const state = await stateOf(id).catch((error: AppError) => {
					throw new TransferRefused(error.message);
				});
				if (state.direction !== "put") throw new Error("not a put");
				if (state.finished !== null) return { finished: state.finished };
				return { offset: options.offset ?? state.offset };
			},
			open: (offset, length, signal) =>
				open(
					host,
					id,
					{
						...{ method: "PUT", query: `?offset=${offset}` },
						headers: { "content-type": "application/octet-stream", "content-length": length },
					},
					signal,
				),
			readAnswer(answer) {
				if (answer.status !== 200) throw refusal(answer);
				return transferResultSchema.parse(answer.body);
			},
		},
		file,
		{
			signal: options.signal ?? new AbortController().signal,
			onRetry: (error) => failures.push(error.message),
		},
	);
	return { sent, failures };
}

function fetchTo(id: string, path: string) {
	return fetchFile(
		{
			async expected() {
				const state = await stateOf(id);
				if (state.direction !== "get") throw new Error("not a get");
				return state.expected;
			},
			open: (offset, signal) =>
				open(host, id, { method: "GET", headers: { range: `bytes=${offset}-` } }, signal),
			refusal,
		},
		path,
		{ signal: new AbortController().signal },
	);
}

async function openPut(key: string, maxBytes?: number): Promise<string> {
	const { db, clock } = test.resources;
	const { id } = await openTransfer(db, clock, {
		...{ hostId: host.hostId, storeId: LOCAL_STORE, key, direction: "put" },
		...(maxBytes !== undefined && { maxBytes }),
	});
	return id;
}

async function openGet(key: string, content = WHOLE): Promise<string> {
	const { db, clock } = test.resources;
	const place = { hostId: host.hostId, storeId: LOCAL_STORE, key };
	return (await openTransfer(db, clock, { ...place, direction: "get", ...content })).id;
}

const rowOf = (id: string) => test.resources.db.transfer.findUniqueOrThrow({ where: { id } });
const local = () => test.resources.stores.open(LOCAL_STORE);

it("a file travels to the store and back over connections that break, most bytes once", async () => {
	const put = await openPut("snapshots/a/0.rdb");
	const before = cable.carried;
	cable.cutAfter = 10 * MIB;
	const { sent, failures } = send(put);
	expect(await sent).toEqual(WHOLE);
	// A cut ends the connections that stand by for reuse as well.
	expect(failures).not.toEqual([]);
	expect(await rowOf(put)).toMatchObject({ ...WHOLE, bytes: BigInt(WHOLE.bytes), error: null });
	expect((await rowOf(put)).finishedAt).not.toBeNull();
	// What was on its way in the kernel's buffers goes twice: less than a second time all of it.
	expect(cable.carried - before).toBeLessThan(18 * MIB);

	const copy = join(directory, "copy.rdb");
	cable.cutAfter = 10 * MIB;
	expect(await fetchTo(await openGet("snapshots/a/0.rdb"), copy)).toEqual(WHOLE);
	expect(readFileSync(copy).equals(CONTENT)).toBe(true);
	expect(cable.carried - before).toBeLessThan(36 * MIB);
});

it("a finished put says so to a host that didn't hear the answer", async () => {
	const put = await openPut("snapshots/b/0.rdb");
	await send(put).sent;
	const before = cable.carried;
	expect(await send(put).sent).toEqual(WHOLE);
	expect(cable.carried).toBe(before);
});

it("an object whose content no longer matches isn't passed on as good", async () => {
	await send(await openPut("snapshots/c/0.rdb")).sent;
	const get = await openGet("snapshots/c/0.rdb", { ...WHOLE, sha256: "0".repeat(64) });
	await expect(fetchTo(get, join(directory, "bad.rdb"))).rejects.toThrow("checksum differs");
});

describe("a host on the machine of the store", () => {
	const caller = (as = host) => agentCaller(test.resources, as.enrollment.credential);
	const near = (transferId: string) =>
		caller().transfer({ transferId, bootId: currentBootId() }) as Promise<{
			place?: string;
			file?: string;
			offset?: number;
		}>;
	const placed = (transferId: string, content: object = WHOLE) =>
		caller().placed({ transferId, ...content });

	it("links its file into the store, and the object to where its engine loads it from", async () => {
		const key = "snapshots/near/0.rdb";
		const put = await openPut(key);
		const { place = "" } = await near(put);
		// Nothing is there yet.
		await expect(placed(put)).rejects.toMatchObject({ code: "conflict" });
		linkSync(file, place);
		expect(await placed(put)).toEqual(WHOLE);
		expect(await rowOf(put)).toMatchObject({ ...WHOLE, bytes: BigInt(WHOLE.bytes), error: null });
		expect(existsSync(place)).toBe(false);
		const object = (await near(await openGet(key))).file ?? "";
		expect(statSync(object).ino).toBe(statSync(file).ino);
		// The host may begin another file.
		rmSync(file);
		writeFileSync(file, "another");
		expect(readFileSync(object).equals(CONTENT)).toBe(true);
	});

	it("is given no place while the store has a part of the content, nor in a store without files", async () => {
		const put = await openPut("snapshots/parts/0.rdb");
		const store = await local();
		await expect(
			store.put("snapshots/parts/0.rdb", broken(CONTENT.subarray(0, MIB))),
		).rejects.toThrow("broken");
		expect(await near(put)).toMatchObject({ offset: MIB });
		expect(await near(put)).not.toHaveProperty("place");
		expect(await send(put).sent).toEqual(WHOLE);
		expect(await stateOf(await openPut("snapshots/far/0.rdb"))).not.toHaveProperty("place");
		expect(await stateOf(await openGet("snapshots/parts/0.rdb"))).not.toHaveProperty("file");
	});

	it("can't make anything else than a file of that size the object, and may still send it", async () => {
		const key = "snapshots/odd/0.rdb";
		const put = await openPut(key, 20 * MIB);
		const { place = "" } = await near(put);
		symlinkSync(file, place);
		await expect(placed(put)).rejects.toMatchObject({ code: "conflict" });
		rmSync(place);
		linkSync(file, place);
		await expect(placed(put, { ...WHOLE, bytes: 1 })).rejects.toMatchObject({ code: "conflict" });
		await expect(caller(stranger).placed({ transferId: put, ...WHOLE })).rejects.toMatchObject({
			code: "not_found",
		});
		expect(await (await local()).stat(key)).toBeNull();
		// The link counts as what has arrived.
		expect(await send(put).sent).toEqual(WHOLE);
		expect(readFileSync(file).equals(CONTENT)).toBe(true);
	});

	it("never finds its own file cut off by a put that begins again", async () => {
		const store = await local();
		if (!(store instanceof DirectoryStore)) throw new Error("the local store has no files");
		const place = await store.placeFor("snapshots/again/0.rdb");
		linkSync(file, place ?? "");
		await store.put("snapshots/again/0.rdb", oneChunk(Buffer.from("other")));
		expect(readFileSync(file).equals(CONTENT)).toBe(true);
	});
});

async function* oneChunk(chunk: Buffer) {
	yield chunk;
}

async function* broken(chunk: Buffer) {
	yield chunk;
	throw new Error("broken");
}

describe("refuses", () => {
	it("content with another digest than the host's", async () => {
		const put = await openPut("snapshots/d/0.rdb");
		const request = open(host, put, {
			method: "PUT",
			headers: { "content-type": "application/octet-stream", "content-length": 132 },
		});
		request.end(Buffer.alloc(132, 7));
		const [response] = await once(request, "response");
		expect(response.statusCode).toBe(409);
		response.resume();
		expect((await rowOf(put)).error).toContain("changed between");
		expect(await (await local()).stat("snapshots/d/0.rdb")).toBeNull();
		expect(await stateOf(put)).toMatchObject({ offset: 0 });
	});

	it("more than the transfer allows, with an answer before the end of the body", async () => {
		const { sent } = send(await openPut("snapshots/e/0.rdb", MIB));
		await expect(sent).rejects.toThrow("longer than");
	});

	it("another host, and every host once the transfer is withdrawn", async () => {
		const put = await openPut("snapshots/f/0.rdb");
		await expect(stateOf(put, stranger)).rejects.toMatchObject({ code: "not_found" });
		const request = open(stranger, put, { method: "GET", headers: {} }).end();
		const [response] = await once(request, "response");
		expect(response.statusCode).toBe(404);
		response.resume();
		await test.resources.db.transfer.delete({ where: { id: put } });
		await expect(send(put).sent).rejects.toThrow("doesn't want this transfer any longer");
	});
});

it("a put that is withdrawn while it runs ends, and leaves no object", async () => {
	const put = await openPut("snapshots/g/0.rdb");
	const request = open(host, put, {
		method: "PUT",
		headers: { "content-type": "application/octet-stream", "content-length": 20 * MIB },
	});
	request.write(CONTENT);
	const ended = new Promise((resolve) => request.once("error", resolve));
	await expect.poll(() => test.resources.transfers.progressOf(put)).toBeGreaterThan(MIB);
	await test.resources.db.transfer.delete({ where: { id: put } });
	await ended;
	await expect.poll(() => test.resources.transfers.progressOf(put)).toBeNull();
	expect(await (await local()).stat("snapshots/g/0.rdb")).toBeNull();
});

it("a host is asked for its own files, and can refuse these and nothing else", async () => {
	const { db, clock } = test.resources;
	const put = { direction: "put", hostId: host.hostId, storeId: LOCAL_STORE } as const;
	const asked = await openTransfer(db, clock, { ...put, key: "i/1", sourcePath: "/srv/dump.rdb" });
	const copied = await openTransfer(db, clock, { ...put, key: "i/2" });
	expect((await host.state()).imports).toEqual([{ transferId: asked.id, path: "/srv/dump.rdb" }]);
	expect((await stranger.state()).imports).toBeUndefined();
	const refusalOf = async (id: string) =>
		(await db.transfer.findUniqueOrThrow({ where: { id } })).refusal;
	const refuse = ({ enrollment }: TestHost, transferId: string) =>
		agentCaller(test.resources, enrollment.credential).refuseTransfer({
			transferId,
			message: "No.",
		});
	await refuse(stranger, asked.id);
	await refuse(host, copied.id);
	await refuse(host, "gone");
	expect([await refusalOf(asked.id), await refusalOf(copied.id)]).toEqual([null, null]);
	await refuse(host, asked.id);
	expect(await refusalOf(asked.id)).toBe("No.");
	expect((await host.state()).imports).toBeUndefined();
	await db.transfer.deleteMany({ where: { id: { in: [asked.id, copied.id] } } });
});
