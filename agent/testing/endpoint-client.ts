import type { EngineConnection } from "../drivers/engine-connection.ts";
import { eventually } from "./agent-fixture.ts";

const RETRY_MS = 2;
const ANSWER_TIMEOUT_MS = 10_000;

/** A client as applications have them: one command after another over one connection, and a new one when that fails. */
export class EndpointClient {
	/** When answers came that were no errors, by performance.now(). */
	readonly answeredAt: number[] = [];
	private readonly open: () => Promise<EngineConnection>;
	private readonly command: readonly string[];
	private readonly done: Promise<void>;
	private stopped = false;

	constructor(open: EndpointClient["open"], command: readonly string[]) {
		this.open = open;
		this.command = command;
		this.done = this.run();
	}

	/** Waits for an answer that came after that time, and says when. */
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
			} catch {
				connection?.close();
				connection = null;
				await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
			}
		}
		connection?.close();
	}
}
