/** Lets concurrent calls for the same thing share one piece of work. */
export class SingleFlight {
	readonly #flights = new Map<string, Promise<unknown>>();

	/** Returns the work's result, and whether this call started it. The key stands for the type of the result. */
	async run<T>(key: string, work: () => Promise<T>): Promise<{ result: T; started: boolean }> {
		const under = this.#flights.get(key);
		if (under !== undefined) return { result: (await under) as T, started: false };
		const flight = work();
		this.#flights.set(key, flight);
		try {
			return { result: await flight, started: true };
		} finally {
			this.#flights.delete(key);
		}
	}
}
