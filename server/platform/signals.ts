/**
 * Wake-ups within this process. They carry no data: the woken code reads the database, so a lost or duplicate
 * wake-up only costs time.
 */
export class Signals {
	readonly #counts = new Map<string, number>();
	readonly #waiters = new Map<string, Set<() => void>>();

	/** How often a key was notified: the same number means that nothing has changed since. */
	count(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	notify(key: string): void {
		this.#counts.set(key, this.count(key) + 1);
		const waiters = this.#waiters.get(key);
		if (waiters === undefined) return;
		this.#waiters.delete(key);
		for (const wake of waiters) wake();
	}

	/**
	 * Call before reading anything, so that a change between reading and waiting isn't missed: `const
	 * waiter = signals.subscribe(k); read(); await waiter.wait(ms, abort)`. Any of the keys wakes it.
	 */
	subscribe(...keys: string[]): {
		wait(timeoutMs: number, abort?: AbortSignal): Promise<void>;
		cancel(): void;
	} {
		let wake: () => void = () => undefined;
		const woken = new Promise<void>((resolve) => {
			wake = resolve;
		});
		for (const key of keys) {
			const waiters = this.#waiters.get(key) ?? new Set();
			waiters.add(wake);
			this.#waiters.set(key, waiters);
		}
		const cancel = () => {
			for (const key of keys) {
				const current = this.#waiters.get(key);
				current?.delete(wake);
				if (current?.size === 0) this.#waiters.delete(key);
			}
			wake();
		};
		return {
			cancel,
			async wait(timeoutMs, abort) {
				const timer = setTimeout(cancel, timeoutMs);
				if (abort?.aborted) cancel();
				abort?.addEventListener("abort", cancel, { once: true });
				await woken;
				// One key has woken it: remove it from the others' lists too.
				cancel();
				clearTimeout(timer);
				abort?.removeEventListener("abort", cancel);
			},
		};
	}
}
