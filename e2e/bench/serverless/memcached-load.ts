import { once } from "node:events";
import { connect } from "node:net";
import type { Cache } from "../../../server/contract/cache-view.ts";
import { requireEndpoint } from "../../fixtures/engine-clients.ts";

const VALUE = Buffer.alloc(16 * 1_024, "x");
const CONNECTIONS = 4;
/** Requests that a connection sends before it waits for an answer. */
const IN_FLIGHT = 8;

/** The parts of a request whose answer is one line. */
type Request = readonly (string | Buffer)[];

/** Numbered keys in a serverless Memcached cache, over several connections through all gateways. */
export class MemcachedLoad {
	/** Answers to writes, with how often each came. */
	readonly answers = new Map<string, number>();
	private readonly cache: Cache;
	private keys = 0;

	constructor(cache: Cache) {
		this.cache = cache;
	}

	/** Of the values that are stored now. */
	get bytes(): number {
		return this.keys * VALUE.length;
	}

	/** So many bytes more, as fast as the machine makes it. */
	async write(bytes: number): Promise<void> {
		const from = this.keys;
		this.keys += Math.ceil(bytes / VALUE.length);
		const set = (key: number) => [`set load:${key} 0 0 ${VALUE.length}\r\n`, VALUE, "\r\n"];
		await this.send(from, this.keys, set, this.answers);
	}

	/** Deletes the keys from `from` up. */
	async deleteFrom(from: number): Promise<void> {
		await this.send(from, this.keys, (key) => [`delete load:${key}\r\n`], new Map());
		this.keys = from;
	}

	/** How many of the first `count` keys are there with their whole value. */
	async countPresent(count: number): Promise<number> {
		const found = new Map<string, number>();
		await this.send(0, count, (key) => [`mg load:${key} s\r\n`], found);
		return found.get(`HD s${VALUE.length}`) ?? 0;
	}

	private async send(
		from: number,
		to: number,
		request: (key: number) => Request,
		answers: Map<string, number>,
	): Promise<void> {
		let next = from;
		const take = () => (next < to ? request(next++) : null);
		const lanes = Array.from({ length: CONNECTIONS }, (_, lane) => this.lane(lane, take, answers));
		await Promise.all(lanes);
	}

	private async lane(
		lane: number,
		take: () => Request | null,
		answers: Map<string, number>,
	): Promise<void> {
		const { gateways } = this.cache.endpoints;
		const { port } = requireEndpoint(this.cache, "configuration");
		const socket = connect(port, gateways[lane % gateways.length]);
		let open = 0;
		let isOver = false;
		let rest = "";
		const send = () => {
			while (!isOver && open < IN_FLIGHT) {
				const parts = take();
				if (parts === null) isOver = true;
				else {
					for (const part of parts) socket.write(part);
					open++;
				}
			}
			if (isOver && open === 0) socket.end();
		};
		socket.on("data", (chunk) => {
			const lines = (rest + chunk.toString("latin1")).split("\r\n");
			rest = lines.pop() ?? "";
			open -= lines.length;
			for (const line of lines) answers.set(line, (answers.get(line) ?? 0) + 1);
			send();
		});
		send();
		await once(socket, "close");
		if (open > 0) throw new Error(`a connection ended before ${open} answers`);
	}
}
