import { setTimeout as delay } from "node:timers/promises";
import {
	ConnectionClosedError,
	EngineCommandError,
	EngineConnection,
} from "../../../agent/drivers/engine-connection.ts";
import type { Endpoint } from "../../../server/contract/cache-view.ts";
import { waitUntil } from "../../fixtures/wait-until.ts";

const REST_MS = 20;
const REFUSED_REST_MS = 2;
/** The longest time that a timer can take: these clients wait while their connection lives. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * A client that knows one endpoint: it sends many identical commands at once over one connection, waits for all answers,
 * and repeats. When the connection ends, it sends them again over a new one. It counts error answers by their code, and
 * measures each command's time from its first attempt. Its connections are deliberately cheap: dozens reconnect at once in
 * one process, and a client library's own work would be most of what they measure.
 */
export class ImpatientClient {
	/** Error answers, connections that ended, connections that couldn't be opened. */
	readonly troubles = new Map<string, number>();
	/** Where and when it first met each kind, for readers of the logs. */
	readonly firstMet = new Map<string, string>();
	private readonly endpoint: Endpoint;
	private readonly commands: readonly (readonly string[])[];
	private readonly running: Promise<void>;
	private connection: EngineConnection | null = null;
	/** When the commands under way were sent for the first time. */
	private firstSentAt = performance.now();
	private answered = 0;
	private longestMs = 0;
	private stopped = false;

	/** A client of a cache without a password. */
	constructor(endpoint: Endpoint, command: readonly string[], atOnce = 1) {
		this.endpoint = endpoint;
		this.commands = Array.from({ length: atOnce }, () => command);
		this.running = this.run();
	}

	/** The longest time from a command's first attempt to its answer, since the last call. */
	takeLongestMs(): number {
		const longest = this.longestMs;
		this.longestMs = 0;
		return longest;
	}

	/** Returns at the first answer from now on. */
	async goesOn(): Promise<void> {
		const before = this.answered;
		await waitUntil("a client of the endpoint to go on", async () => this.answered > before);
	}

	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.close();
		await this.running;
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			this.connection ??= this.open();
			const { connection } = this;
			const answers = this.commands.map((command) => connection.command(command, NEVER_MS));
			const settled = await Promise.allSettled(answers);
			for (const answer of settled) this.note(answer);
			if (connection.closed) this.connection = null;
			if (settled.every(({ status }) => status === "fulfilled")) {
				await delay(REST_MS);
				this.firstSentAt = performance.now();
			} else if (settled.some(isRefusal)) await delay(REFUSED_REST_MS);
		}
	}

	private open(): EngineConnection {
		const login = { username: "default", password: "any" };
		const { connection, authenticated } = EngineConnection.begin(
			{ ...this.endpoint, ...login },
			NEVER_MS,
		);
		// The first command fails as well, and is counted.
		authenticated.catch(() => {});
		return connection;
	}

	private note(answer: PromiseSettledResult<unknown>): void {
		if (this.stopped) return;
		if (answer.status === "rejected") {
			const kind = kindOf(answer.reason);
			if (!this.troubles.has(kind)) {
				const { host, port } = this.endpoint;
				this.firstMet.set(kind, `${kind} at ${host}:${port} on ${new Date().toISOString()}`);
			}
			this.troubles.set(kind, (this.troubles.get(kind) ?? 0) + 1);
			return;
		}
		this.answered += 1;
		this.longestMs = Math.max(this.longestMs, performance.now() - this.firstSentAt);
	}
}

function kindOf(reason: unknown): string {
	if (reason instanceof EngineCommandError) return reason.code;
	return reason instanceof ConnectionClosedError ? "closed" : "refused";
}

function isRefusal(answer: PromiseSettledResult<unknown>): boolean {
	return answer.status === "rejected" && kindOf(answer.reason) === "refused";
}
