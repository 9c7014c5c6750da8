/** Returns a function that begins each piece of work once the one before it has ended, however it ended. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
	let last: Promise<unknown> = Promise.resolve();
	return (work) => {
		const run = last.then(work, work);
		last = run.catch(() => undefined);
		return run;
	};
}
