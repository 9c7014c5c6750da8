import type { Logger } from "../../platform/logger.ts";
import type { Resources } from "../services/context.ts";

export interface Keeper {
	/** Returns once the pass under way has ended. */
	stop(): Promise<void>;
}

interface KeptThings {
	/** The signal that wakes it, and the name in its log. */
	readonly topic: "accelerators" | "migrations";
	/** How soon to look again after a pass that failed, in milliseconds. */
	readonly retryMs: number;
	/** One pass over all of them. Returns after how many milliseconds to look again. */
	look(resources: Resources): Promise<number>;
}

/** Passes over things again and again, at once when a signal wakes it. A pass that fails is logged and repeated. */
export function keepLooking(
	resources: Resources,
	logger: Logger,
	{ topic, retryMs, look }: KeptThings,
): Keeper {
	const ended = new AbortController();
	const run = async () => {
		while (!ended.signal.aborted) {
			const waiter = resources.signals.subscribe(topic);
			const waitMs = await look(resources).catch((err: unknown) => {
				logger.error({ err }, `looking at ${topic} failed`);
				return retryMs;
			});
			await waiter.wait(waitMs, ended.signal);
		}
	};
	const loop = run();
	return {
		async stop() {
			ended.abort();
			await loop;
		},
	};
}

/** Takes a step for each of them, whatever becomes of the others, and then throws why the first one failed. */
export async function forEach<Row>(
	rows: readonly Row[],
	step: (row: Row) => Promise<void>,
): Promise<void> {
	const failures: unknown[] = [];
	for (const row of rows) await step(row).catch((error: unknown) => failures.push(error));
	if (failures.length > 0) throw failures[0];
}
