import { setTimeout as pause } from "node:timers/promises";
import type { Assignment } from "../../server/contract/agent.ts";
import type { EngineCounters, EngineSession, EngineState } from "../drivers/driver.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { driverOf } from "./instance-context.ts";
import type { InstancePaths } from "./instance-paths.ts";

const OPEN_TIMEOUT_MS = 2_000;

/** The connection to an instance's engine, opened when it is needed and again after it broke. */
export class EngineLink {
	private readonly options: {
		readonly assignment: () => Assignment | null;
		readonly paths: InstancePaths;
		readonly bindAddress: string;
		readonly inTouch: () => boolean;
		readonly turnedLately: () => boolean;
		/** The engine has let go of the connection, as it does when it gets another role, or ends. */
		readonly onClosed: () => void;
	};
	private current: EngineSession | null = null;

	constructor(options: EngineLink["options"]) {
		this.options = options;
	}

	/** The connection that stands; null when there is none. */
	get session(): EngineSession | null {
		return this.current?.closed === false ? this.current : null;
	}

	/**
	 * What the engine says of itself. Throws when it doesn't answer, or when another process than `pid` does, and leaves
	 * no connection behind then.
	 */
	async observe(pid: number): Promise<{ session: EngineSession; state: EngineState }> {
		try {
			const session = this.session ?? (await this.open());
			this.current = session;
			const { processId, ...state } = await session.observe();
			if (processId === pid) return { session, state };
			throw new Error(`process ${processId} answers on its port, not ${pid}`);
		} catch (error) {
			this.close();
			throw error;
		}
	}

	/** Whether the engine answers anybody within that time, over a connection of its own. */
	async answers(withinMs: number): Promise<boolean> {
		const asking = this.open().then(async (session) => {
			try {
				await session.observe();
				return true;
			} finally {
				session.close();
			}
		});
		const answer = asking.catch((error: unknown) => error instanceof EngineCommandError);
		return await Promise.race([answer, pause(withinMs, false, { ref: false })]);
	}

	/** Counters for metrics; null when the engine doesn't answer, which the next observation meets and deals with. */
	async sample(): Promise<EngineCounters | null> {
		return (await this.session?.sample().catch(() => null)) ?? null;
	}

	/** Ends the connection; answers that are still awaited fail at once. */
	close(): void {
		this.current?.close();
		this.current = null;
	}

	private open(): Promise<EngineSession> {
		const { assignment, ...rest } = this.options;
		const wanted = () => {
			const current = assignment();
			if (current === null) throw new Error("the instance has no assignment");
			return current;
		};
		return driverOf(wanted().engine).openSession({
			...{ ...rest, assignment: wanted, timeoutMs: OPEN_TIMEOUT_MS },
		});
	}
}
