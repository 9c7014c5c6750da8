import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Endpoint } from "../../server/contract/cache-view.ts";

const KEYS = 10_000;

export interface MemcachedLoadOptions {
	clients: number;
	/** Requests that a client sends before it waits for their answers. */
	pipeline: number;
	/** Total requests of each command, over all clients. */
	requests: number;
	valueBytes: number;
}

/** Sets, then gets over 10,000 keys. Returns requests a second of each. */
export async function memcachedLoad(
	endpoint: Endpoint,
	options: MemcachedLoadOptions,
): Promise<Record<string, number>> {
	const value = "x".repeat(options.valueBytes);
	const set = (key: number) => `set k${key} 0 0 ${options.valueBytes}\r\n${value}\r\n`;
	const get = (key: number) => `get k${key}\r\n`;
	return {
		set: await run(endpoint, options, set, Buffer.from("STORED\r\n")),
		get: await run(endpoint, options, get, Buffer.from("END\r\n")),
	};
}

async function run(
	{ host, port }: Endpoint,
	{ clients, pipeline, requests }: MemcachedLoadOptions,
	request: (key: number) => string,
	answerEnd: Buffer,
): Promise<number> {
	const sockets = await Promise.all(
		Array.from({ length: clients }, async () => {
			const socket = connect(port, host);
			socket.setNoDelay(true);
			await once(socket, "connect");
			return socket;
		}),
	);
	const batches = Array.from({ length: 64 }, (_, batch) =>
		Buffer.from(
			Array.from({ length: pipeline }, (_, index) =>
				request((batch * 157 + index * 31) % KEYS),
			).join(""),
		),
	);
	const rounds = Math.ceil(requests / clients / pipeline);
	const startedAt = performance.now();
	await Promise.all(
		sockets.map((socket, index) => drive(socket, { batches, index, rounds, pipeline, answerEnd })),
	);
	const seconds = (performance.now() - startedAt) / 1_000;
	for (const socket of sockets) socket.destroy();
	return (rounds * clients * pipeline) / seconds;
}

/** One client: a batch, all its answers, the next batch. */
function drive(
	socket: Socket,
	work: {
		batches: readonly Buffer[];
		index: number;
		rounds: number;
		pipeline: number;
		answerEnd: Buffer;
	},
): Promise<void> {
	const { batches, index, rounds, pipeline, answerEnd } = work;
	return new Promise((resolve, reject) => {
		let round = 0;
		let answers = 0;
		let rest: Buffer = Buffer.alloc(0);
		const next = () => {
			if (round === rounds) return resolve();
			const batch = batches[(index + round) % batches.length];
			if (batch !== undefined) socket.write(batch);
			round += 1;
		};
		socket.once("error", reject);
		socket.once("close", () => reject(new Error("the connection was closed")));
		socket.on("data", (chunk: Buffer) => {
			const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
			let at = text.indexOf(answerEnd);
			let end = 0;
			while (at !== -1) {
				answers += 1;
				end = at + answerEnd.length;
				at = text.indexOf(answerEnd, end);
			}
			rest = text.subarray(end);
			if (answers < pipeline) return;
			answers = 0;
			next();
		});
		next();
	});
}
