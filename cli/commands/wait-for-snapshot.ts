import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { type Snapshot, snapshotSchema } from "../../server/contract/snapshot.ts";
import { type ApiClient, ApiError } from "../api/client.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { positiveSeconds } from "../option-values.ts";
import { createStepsView } from "../terminal/steps-view.ts";

const POLL_MS = 200;
const DEFAULT_TIMEOUT_SECONDS = 3_600;
/** While the control plane is being restarted. */
const RETRIES = 20;

export interface SnapshotWaitOptions {
	wait?: boolean;
	/** Seconds. */
	timeout: number;
}

export function snapshotWaitOptions(command: Command): Command {
	return command
		.option("--wait", "wait until it is available, and show its progress (on stderr)")
		.option(
			"--timeout <seconds>",
			"how long to wait; exit code 7 after that",
			positiveSeconds,
			DEFAULT_TIMEOUT_SECONDS,
		);
}

/** Returns the snapshot once it is available or has failed. */
export async function waitForSnapshot(
	api: ApiClient,
	name: string,
	{ timeout }: SnapshotWaitOptions,
): Promise<Snapshot> {
	const startedAt = performance.now();
	const view = createStepsView(process.stderr);
	try {
		for (;;) {
			const snapshot = await getSnapshot(api, name);
			const reason = snapshot.statusReason === null ? "" : ` ${snapshot.statusReason}`;
			view.show([], `${snapshot.percent} %.${reason}`);
			if (snapshot.status !== "creating") return snapshot;
			if (performance.now() - startedAt > timeout * 1_000) {
				throw new CliError(`${name} is still being taken after ${timeout} s.`, EXIT.timedOut, [
					...(snapshot.statusReason === null ? [] : [snapshot.statusReason]),
					`Larder continues with it; see: larder snapshots show ${name}`,
				]);
			}
			await delay(POLL_MS);
		}
	} finally {
		view.end();
	}
}

async function getSnapshot(api: ApiClient, name: string): Promise<Snapshot> {
	const path = `/snapshots/${encodeURIComponent(name)}`;
	for (let attempt = 1; ; attempt += 1) {
		try {
			return snapshotSchema.parse(await api.call({ method: "GET", path }));
		} catch (error) {
			const isAway = error instanceof CliError && error.exitCode === EXIT.unreachable;
			if (error instanceof ApiError || !isAway || attempt >= RETRIES) throw error;
			await delay(POLL_MS * attempt);
		}
	}
}
