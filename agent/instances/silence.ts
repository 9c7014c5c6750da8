import { EngineCommandError } from "../drivers/engine-connection.ts";
import { ProcessActivity } from "../supervisor/process-activity.ts";

/** The engine has run a script or function past its busy-reply-threshold, and answers BUSY. */
export function saysBusy(error: unknown): boolean {
	return error instanceof EngineCommandError && error.code === "BUSY";
}

/** The engine refuses new clients, and serves those that are connected. */
export function saysFull(error: unknown): boolean {
	return (
		error instanceof EngineCommandError &&
		/max number of clients|too many open connections/i.test(error.message)
	);
}

/**
 * How long an engine has been silent, and whether it is busy: working on a command, for no longer than it
 * may (`busyTimeoutMs`). An engine that is silent without being busy is hung.
 */
export class Silence {
	private readonly activity = new ProcessActivity();
	private began: number | null = null;
	/** For people. */
	private beganOn: Date | null = null;
	private working = false;

	/** By `performance.now()`; null while it answers. */
	get since(): number | null {
		return this.began;
	}

	get beganAt(): Date | null {
		return this.beganOn;
	}

	get busy(): boolean {
		return this.working;
	}

	get lengthMs(): number {
		return this.began === null ? 0 : performance.now() - this.began;
	}

	/** Call before the process is asked. */
	beginQuestion(pid: number): void {
		if (this.began === null) this.activity.begin(pid, performance.now());
	}

	/** A question from that time is still unanswered, or its answer says only that the engine is busy. */
	note(askedAt: number, pid: number, busyTimeoutMs: number, answeredBusy = false): void {
		const now = performance.now();
		this.began ??= askedAt;
		this.beganOn ??= new Date(Date.now() - (now - this.began));
		if (answeredBusy) this.activity.noteBusyAnswer(now);
		this.working = this.activity.isAtWork(pid, now) && this.lengthMs < busyTimeoutMs;
	}

	end(): void {
		this.began = null;
		this.beganOn = null;
		this.working = false;
	}
}
