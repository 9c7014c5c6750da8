import { EngineCommandError, EngineConnection } from "../drivers/engine-connection.ts";
import type { RespValue } from "../drivers/resp-parser.ts";

interface KeptQuestionOptions {
	readonly engine: { host: string; port: number; username: string; password: string };
	readonly question: readonly string[];
	readonly timeoutMs: number;
	/** The connection ended, and not by `close`. */
	readonly onLost?: () => void;
}

/** A question that the agent asks an engine again and again, over one connection that stays open in between. */
export class KeptQuestion {
	private readonly options: KeptQuestionOptions;
	private connection: EngineConnection | null = null;
	private closed = false;

	constructor(options: KeptQuestionOptions) {
		this.options = options;
	}

	/**
	 * Throws if the engine isn't there or isn't ready; the next question opens a new connection, unless the engine
	 * is busy.
	 */
	async ask(): Promise<RespValue> {
		const { question, timeoutMs } = this.options;
		try {
			this.connection ??= await this.connect();
			// An engine that is still loading its data answers ROLE as usual, but PING with an error.
			const [, answer] = await Promise.all([
				this.connection.command(["PING"], timeoutMs),
				this.connection.command(question, timeoutMs),
			]);
			return answer;
		} catch (error) {
			if (!isBusy(error)) {
				this.connection?.close();
				this.connection = null;
			}
			throw error;
		}
	}

	close(): void {
		this.closed = true;
		this.connection?.close();
	}

	private async connect(): Promise<EngineConnection> {
		const { engine, timeoutMs, onLost } = this.options;
		const connection = await EngineConnection.open(engine, timeoutMs);
		connection.onLost = () => {
			this.connection = null;
			onLost?.();
		};
		if (this.closed) connection.close();
		return connection;
	}
}

/** The engine is running a script, and its role hasn't changed. */
export function isBusy(error: unknown): boolean {
	return error instanceof EngineCommandError && error.code === "BUSY";
}
