import type { Clock } from "../clock.ts";

/** A clock that only `pass` turns. Sleepers wake when their time has come. */
export function fakeClock(): Clock & { pass(ms: number): Promise<void>; chance: number } {
	let nowMs = 1_700_000_000_000;
	const sleepers: { at: number; wake: () => void }[] = [];
	return {
		/** What `random` returns. */
		chance: 0.5,
		now: () => nowMs,
		random() {
			return this.chance;
		},
		sleep: (ms) =>
			new Promise((wake) => {
				sleepers.push({ at: nowMs + ms, wake });
			}),
		async pass(ms) {
			nowMs += ms;
			for (const sleeper of sleepers.filter(({ at }) => at <= nowMs)) {
				sleepers.splice(sleepers.indexOf(sleeper), 1);
				sleeper.wake();
			}
			// Lets what was woken run until it waits again.
			await new Promise(setImmediate);
		},
	};
}

/** A promise, and what settles it. */
export function deferred<T = void>() {
	let resolve: (value: T) => void = () => undefined;
	let reject: (error: unknown) => void = () => undefined;
	const promise = new Promise<T>((onResolve, onReject) => {
		resolve = onResolve;
		reject = onReject;
	});
	return { promise, resolve, reject };
}
