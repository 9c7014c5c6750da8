import { renameSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Installation } from "../../fixtures/installation.ts";
import { storedFiles } from "../../fixtures/snapshots.ts";
import type { ScenarioOptions } from "../scenario.ts";
import { MortalBucket } from "./mortal-bucket.ts";

const AWAY_MS = { least: 200, range: 1_000 } as const;

/** A store that can fail for a moment. */
export interface MortalStore {
	readonly name: string;
	/** Takes it away, and brings it back. */
	strike(random: ScenarioOptions["random"]): Promise<void>;
	/** All that it holds, unfinished or not. */
	held(): string[];
}

/** The control plane's own directory, whose disk may be gone for a moment. */
function directoryStore(larder: Installation): MortalStore {
	const { snapshotsDir } = larder.home;
	const elsewhere = `${snapshotsDir}.elsewhere`;
	return {
		name: "local",
		async strike(random) {
			renameSync(snapshotsDir, elsewhere);
			await delay(AWAY_MS.least + random(AWAY_MS.range));
			renameSync(elsewhere, snapshotsDir);
		},
		held: () => storedFiles(larder),
	};
}

/** A bucket, whose server may be killed. */
function bucketStore(bucket: MortalBucket): MortalStore {
	return {
		name: "bucket",
		async strike(random) {
			await bucket.kill();
			await delay(AWAY_MS.least + random(AWAY_MS.range));
			await bucket.serve();
		},
		held: () => bucket.held(),
	};
}

/** Runs `use` with a store of each kind. */
export async function withStores<T>(
	larder: Installation,
	use: (stores: readonly [MortalStore, MortalStore]) => Promise<T>,
): Promise<T> {
	const bucket = await MortalBucket.start();
	try {
		const body = { name: "bucket", s3: bucket.settings };
		const answer = await larder.rest("POST", "/stores", { body });
		if (answer.status >= 300) throw new Error(`POST /stores: ${JSON.stringify(answer.body)}`);
		return await use([directoryStore(larder), bucketStore(bucket)]);
	} finally {
		await bucket.remove();
	}
}
