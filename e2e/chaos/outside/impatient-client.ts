import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import type { Endpoint } from "../../../server/contract/cache-view.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";

const REST_MS = 20;
const REFUSED_REST_MS = 2;

/**
 * A client that knows one endpoint: so many equal commands at once over one connection, and the same again over a new
 * one as soon as that ends. It counts what it was answered instead, by the first word, and times its commands from the
 * first attempt on.
 */
export class ImpatientClient {
	/** Error answers, connections that ended, connections that couldn't be opened. */
	readonly troubles = new Map<string, number>();
	private readonly endpoint: Endpoint;
	private readonly commands: readonly (readonly string[])[];
	private readonly running: Promise<void>;
	private connection: Redis | null = null;
	/** When the commands under way were sent for the first time. */
	private firstSentAt = performance.now();
	private answered = 0;
	private longestMs = 0;
	private stopped = false;

	constructor(endpoint: Endpoint, command: readonly string[], atOnce = 1) {
		this.endpoint = endpoint;
		this.commands = Array.from({ length: atOnce }, () => command);
		this.running = this.run();
	}

	/** The longest time from a command's first attempt to its answer, since this was last asked. */
	takeLongestMs(): number {
		const longest = this.longestMs;
		this.longestMs = 0;
		return longest;
	}

	/** Comes back with the first answer from now on. */
	async goesOn(): Promise<void> {
		const before = this.answered;
		await waitUntil("a client of the endpoint to go on", async () => this.answered > before);
	}

	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.disconnect();
		await this.running;
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			try {
				this.connection ??= await this.open();
				const { connection } = this;
				const answers = this.commands.map(([name = "", ...args]) => connection.call(name, args));
				const settled = await Promise.allSettled(answers);
				for (const answer of settled) this.note(answer);
				if (connection.status !== "ready") this.connection = null;
				if (settled.every(({ status }) => status === "fulfilled")) await this.rest();
			} catch {
				this.count("refused");
				await delay(REFUSED_REST_MS);
			}
		}
	}

	private async rest(): Promise<void> {
		await delay(REST_MS);
		this.firstSentAt = performance.now();
	}

	private async open(): Promise<Redis> {
		const client = new Redis({
			...this.endpoint,
			...{ lazyConnect: true, enableReadyCheck: false, disableClientInfo: true },
			...{ retryStrategy: () => null, maxRetriesPerRequest: 0 },
		});
		client.on("error", () => {});
		await client.connect();
		return client;
	}

	private note(answer: PromiseSettledResult<unknown>): void {
		if (this.stopped) return;
		if (answer.status === "rejected") {
			const { name, message }: Error = answer.reason;
			this.count(name === "ReplyError" ? (message.split(" ")[0] ?? "") : "closed");
			return;
		}
		this.answered += 1;
		this.longestMs = Math.max(this.longestMs, performance.now() - this.firstSentAt);
	}

	private count(trouble: string): void {
		if (!this.stopped) this.troubles.set(trouble, (this.troubles.get(trouble) ?? 0) + 1);
	}
}
