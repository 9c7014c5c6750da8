import type { Assignment } from "../../server/contract/desired-state.ts";
import type { EngineDriver } from "../drivers/driver.ts";
import { EngineCommandError } from "../drivers/engine-connection.ts";
import type { EngineProcess } from "../supervisor/engine-process.ts";
import { endEngine, type Removal } from "./end-engine.ts";
import type { EngineLink } from "./engine-link.ts";
import type { InstancePaths } from "./instance-paths.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** How long a process may live after it closed the connection, before it is asked again. */
const ASK_AGAIN_MS = 5_000;

/** How long an engine may stay silent before the reboot is abandoned: an earlier agent may have made it save gigabytes. */
const ANSWER_PATIENCE_MS = 5 * 60_000;

/**
 * A reboot, as the record holds it:
 *
 *   (asked) ──intent──> rebooting, launchReboot < wanted ──ended, launched──> rebooting, launchReboot = wanted
 *                          └──engine refuses, or ended without its data──┐       ├──serves──> (done)
 *                                                                        v       v
 *                                                                      (given up: an ordinary exit, if it ended)
 */
export function isStopping(record: InstanceRecord, assignment: Assignment | null): boolean {
	return record.rebooting && assignment !== null && record.launchReboot < assignment.reboot;
}

/** The record after a reboot, successful or not: it isn't tried again. */
export function rebootOver(record: InstanceRecord, reboot: number): InstanceRecord {
	const launchReboot = Math.max(record.launchReboot, reboot);
	return { ...record, rebooting: false, wakings: 0, launchReboot, reboot: launchReboot };
}

/**
 * Whether a node that ended for a reboot may start without a permit. A primary whose siblings hold the data
 * must have its own, or it would be empty and they would follow it.
 */
export async function mayStartAgain(
	driver: EngineDriver,
	assignment: Assignment,
	paths: InstancePaths,
): Promise<boolean> {
	if (!driver.keepsData || assignment.onExit === "restart") return true;
	return await driver.hasKeptData(paths);
}

/** How often a node that was killed while it woke loads its data again. */
const WAKINGS_MAX = 3;

/** Whether a node that was killed before it had loaded the data of a cache that wakes should try again: both may have been. */
export async function mayWakeAgain(
	record: InstanceRecord,
	process: Pick<EngineProcess, "endedItself">,
): Promise<boolean> {
	const isTried = record.wakings > 0 && record.wakings < WAKINGS_MAX;
	// An engine that ends by itself can't load its data.
	return record.rebooting && isTried && record.keptData && !(await process.endedItself());
}

/**
 * Keeps the data that a node couldn't load, before the node starts without it. Returns what to add to the
 * message about its end; empty if there is nothing to keep.
 */
export async function keepUnloaded(
	driver: EngineDriver,
	paths: InstancePaths,
	record: InstanceRecord,
	isDamaged = false,
): Promise<string> {
	if (!isDamaged && !(record.rebooting && record.keptData)) return "";
	const kept = await driver.keepUnloadedData(paths);
	return kept ? "; the data that it couldn't load is kept in damaged/" : "";
}

/**
 * The stopping half of a reboot. Asks the engine to save and end, in the background because saving may take minutes,
 * and asks again if it is still alive `ASK_AGAIN_MS` after its answer. An engine that keeps no data gets signals instead.
 */
export class RebootStop {
	private readonly ending: Removal = { since: performance.now(), asked: false };
	private readonly onAnswer: () => void;
	private askedAt: number | null = null;
	private answeredAt: number | null = null;
	/** Why the engine doesn't end. */
	refusal: string | null = null;

	constructor(onAnswer: () => void) {
		this.onAnswer = onAnswer;
	}

	/** Advances the end. Called until the process is gone or `refusal` is set. */
	async advance(engine: EngineProcess, link: EngineLink, keepsData: boolean): Promise<void> {
		if (!keepsData) return await endEngine(engine, null, this.ending);
		if (this.answeredAt !== null && performance.now() - this.answeredAt > ASK_AGAIN_MS) {
			this.askedAt = null;
			this.answeredAt = null;
		}
		if (this.askedAt !== null) return;
		// An engine that is already saving, because an earlier agent asked, doesn't answer.
		const session =
			link.session ?? (await link.observe(engine.identity.pid).catch(() => null))?.session;
		if (session === undefined) {
			const waitedMs = performance.now() - this.ending.since;
			if (waitedMs > ANSWER_PATIENCE_MS) this.refusal = "the engine doesn't answer";
			return;
		}
		this.askedAt = performance.now();
		void session
			.shutdownKeepingData()
			.catch((error: unknown) => {
				// Any other error means that the connection is gone, as it is once the engine ends.
				if (error instanceof EngineCommandError) this.refusal = error.message;
			})
			.finally(() => {
				this.answeredAt = performance.now();
				this.onAnswer();
			});
	}
}
