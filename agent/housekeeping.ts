import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { boundLog } from "../platform/bounded-log.ts";
import { findOpener } from "../platform/find-opener.ts";
import { sweepTemporary } from "../platform/sweep-temporary.ts";
import { MIB } from "../server/contract/limits.ts";
import {
	ENGINE_LEFTOVER,
	instancePaths,
	instancesDir,
	launchedDir,
} from "./instances/instance-paths.ts";
import { Rounds } from "./rounds.ts";

const EVERY_MS = 5_000;
const ENGINE_LOG = { maxBytes: 8 * MIB, keep: true };
/** A copy in progress is written to all the time. */
const UNTOUCHED_MS = 60_000;

/**
 * Keeps the growing files of engines within their bounds while the agent runs: logs, and the files that
 * interrupted copies of a data set leave, each up to the size of the data.
 */
export class Housekeeping {
	private readonly homeDir: string;
	private readonly rounds = new Rounds(() => this.tidy(), EVERY_MS);

	constructor(homeDir: string) {
		this.homeDir = homeDir;
	}

	/** Removes what an earlier agent's unfinished writes left, then tidies up every few seconds. */
	async start(): Promise<void> {
		const instances = await this.instanceIds();
		const directories = [
			...[this.homeDir, launchedDir(this.homeDir)],
			...instances.map((id) => instancePaths(this.homeDir, id).directory),
		];
		await Promise.all(directories.map((directory) => sweepTemporary(directory)));
		this.rounds.start();
	}

	stop(): void {
		this.rounds.stop();
	}

	/** One round. Never fails: the next round tries again what this one couldn't do. */
	async tidy(): Promise<void> {
		for (const id of await this.instanceIds()) {
			const paths = instancePaths(this.homeDir, id);
			await boundLog(paths.log, ENGINE_LOG);
			await removeEngineLeftovers(paths.data);
		}
	}

	private async instanceIds(): Promise<string[]> {
		const entries = await readdir(instancesDir(this.homeDir), { withFileTypes: true }).catch(
			() => [],
		);
		return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
	}
}

/** Removes those that no process has open or has written to recently. */
async function removeEngineLeftovers(dataDir: string): Promise<void> {
	const names = await readdir(dataDir).catch(() => []);
	for (const name of names.filter((each) => ENGINE_LEFTOVER.test(each))) {
		const path = join(dataDir, name);
		const found = await stat(path).catch(() => null);
		if (found === null || Date.now() - found.mtimeMs < UNTOUCHED_MS) continue;
		try {
			if (findOpener(path) === null) await rm(path, { force: true });
		} catch {
			// Already gone.
		}
	}
}
