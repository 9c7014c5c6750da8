/** Time, chance and waiting, so that tests can turn them. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** At least 0 and less than 1. */
	random(): number;
	/** `background`: it doesn't keep the process alive. */
	sleep(ms: number, options?: { background: boolean }): Promise<void>;
}

export const systemClock: Clock = {
	now: Date.now,
	random: Math.random,
	sleep: (ms, options) =>
		new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			if (options?.background === true) timer.unref();
		}),
};
