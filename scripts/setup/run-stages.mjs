/**
 * Runs stages as early as their `after` allows, several at once, and skips each one that says it is fresh.
 *
 *   { name, title, after: [names], isFresh?(): Promise<boolean>,
 *     run({ detail, warn }): Promise<string | { ok: boolean, note: string } | undefined> }
 *
 * What `run` returns is shown beside the title; `warn` prints what the user should know even if the stage succeeds.
 * After the first error, stages under way finish, no other starts, and the error is thrown. A stage that isn't `ok`,
 * such as tests that failed, holds up no other.
 */
export async function runStages(stages, progress) {
	const runs = new Map();
	let failure;

	const runOne = async (stage) => {
		await Promise.all(stage.after.map((name) => runs.get(name)));
		if (failure !== undefined) return;
		try {
			if ((await stage.isFresh?.()) === true) return;
			progress.start(stage.title);
			const result = await stage.run({
				detail: (text) => progress.detail(stage.title, text),
				warn: (text) => progress.line(`! ${text}`),
			});
			progress.finish(
				stage.title,
				typeof result === "object" ? result : { ok: true, note: result },
			);
		} catch (error) {
			failure ??= error;
			progress.finish(stage.title, { ok: false });
		}
	};
	for (const stage of stages) {
		if (stage.after.some((name) => !runs.has(name))) {
			throw new Error(`stage ${stage.name} comes before one that it waits for`);
		}
		runs.set(stage.name, runOne(stage));
	}
	await Promise.all(runs.values());
	if (failure !== undefined) throw failure;
}
