import { EngineCommandError, type EngineConnection } from "../drivers/engine-connection.ts";
import { eventually } from "./agent-fixture.ts";

const RETRY_MS = 2;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * A typical application client: one command after another over one connection, and a new connection when that
 * fails.
 */
export class EndpointClient {
	/** When successful answers arrived, by performance.now(). */
	readonly answeredAt: number[] = [];
	/** The first word of each error that the engine answered with instead. */
	readonly refusals: string[] = [];
	private readonly open: () => Promise<EngineConnection>;
	private readonly command: readonly string[];
	private readonly done: Promise<void>;
	private stopped = false;

	constructor(open: EndpointClient["open"], command: readonly string[]) {
		this.open = open;
		this.command = command;
		this.done = this.run();
	}

	/** Waits for an answer that arrives after `time`, and returns the time of its arrival. */
	async firstAnswerAfter(time: number): Promise<number> {
		const find = () => this.answeredAt.find((at) => at > time);
		await eventually("an answer came", () => find() !== undefined);
		return find() ?? Number.NaN;
	}

	/** The longest time between two answers. */
	get longestGapMs(): number {
		return Math.max(...this.answeredAt.map((at, index) => at - (this.answeredAt[index - 1] ?? at)));
	}

	async stop(): Promise<void> {
		this.stopped = true;
		await this.done;
	}

	private async run(): Promise<void> {
		let connection: EngineConnection | null = null;
		while (!this.stopped) {
			try {
				connection ??= await this.open();
				await connection.command(this.command, ANSWER_TIMEOUT_MS);
				this.answeredAt.push(performance.now());
			} catch (error) {
				if (error instanceof EngineCommandError) this.refusals.push(error.code);
				connection?.close();
				connection = null;
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			}
		}
		connection?.close();
	}
}
