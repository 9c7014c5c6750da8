import { setTimeout as delay } from "node:timers/promises";
import { type Command, Option } from "commander";
import { type CacheInterface, cacheInterfaceSchema } from "../../../server/contract/index.ts";
import { type ApiClient, ApiError } from "../../api/client.ts";
import { CliError, EXIT } from "../../exit-codes.ts";
import { positiveSeconds } from "../../option-values.ts";
import { formatDuration } from "../../terminal/format.ts";
import { createStepsView } from "../../terminal/steps-view.ts";

const POLL_MS = 100;
const DEFAULT_TIMEOUT_SECONDS = 120;

export interface WaitOptions {
	wait?: boolean;
	/** Seconds. */
	timeout: number;
}

/** For a command that returns at once by default. */
export function waitOptions(command: Command): Command {
	return timeoutOption(
		command.option("--wait", "wait until it is done and show each step (on stderr)"),
	);
}

/** For a command that waits by default. Scripts may pass either flag. */
export function waitByDefaultOptions(command: Command): Command {
	return command
		.addOption(new Option("--wait", "wait until it is done").default(true, "on"))
		.option("--no-wait", "return as soon as the request is accepted");
}

export function timeoutOption(command: Command): Command {
	return command.option(
		"--timeout <seconds>",
		"how long to wait; exit code 7 after that",
		positiveSeconds,
		DEFAULT_TIMEOUT_SECONDS,
	);
}

/** What a command waits for. */
interface Goal {
	isReached(cache: CacheInterface): boolean | Promise<boolean>;
	/** Printed on stderr once it is reached. */
	reached?(): string;
	/** The start of the sentence about a time-out. */
	unreached(cache: CacheInterface): string;
}

/**
 * Returns the API's JSON of the cache once it is available and `isDone`: the requested change may not have
 * started when this first looks. `startedAt` is from performance.now().
 */
export async function waitUntilAvailable(
	api: ApiClient,
	name: string,
	options: WaitOptions,
	startedAt: number,
	isDone: (cache: CacheInterface) => boolean | Promise<boolean> = () => true,
): Promise<unknown> {
	return waitForCache(api, name, options, startedAt, {
		isReached: async (cache) => cache.status === "available" && (await isDone(cache)),
		reached: () => `${name} is available (${formatDuration(performance.now() - startedAt)})`,
		unreached: (cache) => `${name} is still ${cache.status}`,
	});
}

/** Returns the API's JSON of the cache once the condition holds. */
export async function waitForCache(
	api: ApiClient,
	name: string,
	{ timeout }: WaitOptions,
	startedAt: number,
	goal: Goal,
): Promise<unknown> {
	const view = createStepsView(process.stderr);
	let hasSteps = false;
	try {
		for (;;) {
			const answer = await getCache(api, name);
			if (answer === null) {
				throw new CliError(`${name} was deleted in the meantime.`, EXIT.notFound);
			}
			const cache = cacheInterfaceSchema.parse(answer);
			// Other changes have no steps: the reason alone describes them.
			hasSteps ||=
				cache.status === "creating" || cache.status === "rebooting" || cache.operation !== null;
			view.show(hasSteps ? cache.progress : [], cache.statusReason);
			if (await goal.isReached(cache)) {
				view.end(goal.reached?.());
				return answer;
			}
			if (cache.status === "deleting") {
				throw new CliError(`${name} is being deleted.`, EXIT.conflict);
			}
			await waitOrGiveUp(cache, goal.unreached(cache), timeout, startedAt);
		}
	} finally {
		view.end();
	}
}

/** Returns once the API no longer knows the cache. */
export async function waitUntilGone(
	api: ApiClient,
	name: string,
	{ timeout }: WaitOptions,
	startedAt: number,
): Promise<void> {
	const view = createStepsView(process.stderr);
	try {
		for (;;) {
			const answer = await getCache(api, name);
			if (answer === null) {
				view.end(`${name} is deleted (${formatDuration(performance.now() - startedAt)})`);
				return;
			}
			const cache = cacheInterfaceSchema.parse(answer);
			// Someone else may create a new cache of that name: don't wait for that one.
			if (cache.status !== "deleting") return;
			view.show(cache.progress, cache.statusReason);
			await waitOrGiveUp(cache, `${name} is still ${cache.status}`, timeout, startedAt);
		}
	} finally {
		view.end();
	}
}

async function waitOrGiveUp(
	cache: CacheInterface,
	state: string,
	timeoutSeconds: number,
	startedAt: number,
): Promise<void> {
	if (performance.now() - startedAt > timeoutSeconds * 1_000) {
		throw new CliError(`${state} after ${timeoutSeconds} s.`, EXIT.timedOut, [
			...(cache.statusReason === null ? [] : [cache.statusReason]),
			`Larder continues with it; see: larder caches show ${cache.name}`,
		]);
	}
	await delay(POLL_MS);
}

/** Null once it is gone. Retries while the control plane is being restarted. */
async function getCache(api: ApiClient, name: string): Promise<unknown> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await api.call({ method: "GET", path: `/caches/${encodeURIComponent(name)}` });
		} catch (error) {
			if (error instanceof ApiError && error.code === "not_found") return null;
			const away = error instanceof CliError && error.exitCode === EXIT.unreachable;
			if (!away || attempt >= 20) throw error;
			await delay(POLL_MS * attempt);
		}
	}
}
