import { setTimeout as pause } from "node:timers/promises";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { EngineCounters, EngineSession, EngineState } from "../drivers/driver.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import { driverOf } from "./instance-context.ts";
import type { InstancePaths } from "./instance-paths.ts";
import { saysBusy } from "./silence.ts";

const OPEN_TIMEOUT_MS = 2_000;

/** The connection to an instance's engine, opened when needed and reopened after it breaks. */
export class EngineLink {
	private readonly options: {
		readonly assignment: () => Assignment | null;
		readonly paths: InstancePaths;
		readonly bindAddress: string;
		readonly inTouch: () => boolean;
		readonly cacheHosts: () => readonly string[];
		readonly turnedLately: () => boolean;
		/** The engine has closed the connection, as it does when its role changes or it ends. */
		readonly onClosed: () => void;
	};
	private current: EngineSession | null = null;

	constructor(options: EngineLink["options"]) {
		this.options = options;
	}

	/** The open connection; null if there is none. */
	get session(): EngineSession | null {
		return this.current?.closed === false ? this.current : null;
	}

	/**
	 * The engine's own report. Throws if it doesn't answer, or if a process other than `pid` does; then it
	 * leaves no connection open.
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

	/**
	 * Whether the engine answers within that time, over a connection of its own: it is well, busy with a script
	 * and says so, or silent.
	 */
	async ask(withinMs: number): Promise<"well" | "busy" | "silent"> {
		const asking = this.open().then(async (session) => {
			try {
				await session.observe();
				return "well" as const;
			} finally {
				session.close();
			}
		});
		const answer = asking.catch((error: unknown) => {
			if (saysBusy(error)) return "busy";
			return error instanceof EngineCommandError ? "well" : "silent";
		});
		return await Promise.race([answer, pause(withinMs, "silent" as const, { ref: false })]);
	}

	/**
	 * Kills the script or function that keeps the engine busy. False if it has already written, or can't be
	 * reached.
	 */
	async killScript(): Promise<boolean> {
		try {
			const session = await this.open();
			try {
				return await session.killScript();
			} finally {
				session.close();
			}
		} catch {
			return false;
		}
	}

	/** Counters for metrics; null if the engine doesn't answer. The next observation handles that. */
	async sample(): Promise<EngineCounters | null> {
		return (await this.session?.sample().catch(() => null)) ?? null;
	}

	/** Ends the connection; pending answers fail at once. */
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
