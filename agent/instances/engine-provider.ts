import { existsSync } from "node:fs";
import type { Logger } from "../../platform/logger.ts";
import {
	ensureEngine,
	findEngine,
	type InstalledEngine,
	type WantedEngine,
} from "../bundles/index.ts";

const RETRY_MS = [1_000, 2_000, 5_000, 15_000, 60_000] as const;
/** How long an answer is kept: another process of this user may put a newer bundle into the store. */
const REMEMBER_MS = 60_000;

export type EngineAnswer =
	| { readonly kind: "ready"; readonly engine: InstalledEngine }
	| { readonly kind: "pending"; readonly message: string };

interface Entry {
	engine: InstalledEngine | null;
	readAt: number;
	fetching: boolean;
	message: string;
	failures: number;
	retryAt: number;
}

/**
 * Provides engines to instances: those in the store at once, others by a fetch in the background that all
 * waiting instances share.
 */
export class EngineProvider {
	private readonly entries = new Map<string, Entry>();
	private readonly options: {
		storeDir?: string;
		logger: Logger;
		/** An engine arrived, or the status of a missing one changed. */
		onChange: () => void;
		/** A new engine is on this host. */
		onInstalled: (engine: InstalledEngine) => void;
	};

	constructor(options: EngineProvider["options"]) {
		this.options = options;
	}

	async resolve(engine: WantedEngine["engine"], version: string): Promise<EngineAnswer> {
		const key = `${engine} ${version}`;
		const entry = this.entries.get(key) ?? {
			engine: null,
			readAt: 0,
			fetching: false,
			message: `${engine} ${version} is not on this host yet`,
			failures: 0,
			retryAt: 0,
		};
		this.entries.set(key, entry);
		const now = performance.now();
		if (entry.engine !== null && now - entry.readAt < REMEMBER_MS) {
			if (existsSync(entry.engine.server)) return { kind: "ready", engine: entry.engine };
		}
		if (entry.fetching) return { kind: "pending", message: entry.message };
		entry.engine = await findEngine({ engine, version, ...this.store() });
		entry.readAt = now;
		if (entry.engine !== null) return { kind: "ready", engine: entry.engine };
		if (now >= entry.retryAt) void this.fetch(entry, engine, version);
		return { kind: "pending", message: entry.message };
	}

	private async fetch(
		entry: Entry,
		engine: WantedEngine["engine"],
		version: string,
	): Promise<void> {
		entry.fetching = true;
		try {
			entry.engine = await ensureEngine({
				engine,
				version,
				...this.store(),
				onProgress: ({ detail }) => {
					entry.message = `${engine} ${version} is being fetched: ${detail}`;
					this.options.onChange();
				},
			});
			entry.readAt = performance.now();
			entry.failures = 0;
			this.options.onInstalled(entry.engine);
		} catch (error) {
			entry.message = error instanceof Error ? error.message : String(error);
			const waitMs = RETRY_MS[Math.min(entry.failures, RETRY_MS.length - 1)] ?? 60_000;
			entry.failures++;
			entry.retryAt = performance.now() + waitMs;
			this.options.logger.warn({ engine, version, retryInMs: waitMs }, entry.message);
		} finally {
			entry.fetching = false;
			this.options.onChange();
		}
	}

	private store(): { storeDir?: string } {
		return this.options.storeDir === undefined ? {} : { storeDir: this.options.storeDir };
	}
}
