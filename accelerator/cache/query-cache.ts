import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { CacheLink } from "./cache-link.ts";
import { RECENT_MS } from "./item-cache.ts";
import { keyDigest } from "./key-digest.ts";

/** Once a version has expired, the answers under it are void too. */
const VERSION_MS = 24 * 3_600_000;
/** Longer answers aren't kept. */
const ANSWER_LENGTH_MAX = 4 * 1024 ** 2;

/** What an answer depends on: one partition of a table, or all of it (`partition` null). */
export interface QueryScope {
	readonly table: string;
	readonly partition: string | null;
}

export interface CachedAnswer {
	readonly json: string;
	readonly halfUnits: number;
}

export interface QueryVersion {
	readonly version: string;
	/** A write was recent: the table should be read strongly, if it can be. */
	readonly recent: boolean;
}

/** A version that a write has set. */
export interface Renewal {
	readonly key: string;
	readonly version: string;
	/** The version until then; "" if there was none. */
	readonly before: string;
}

const renewalAnswer = z.tuple([z.string(), z.string()]);
const versionAnswer = z.tuple([z.string(), z.number()]);

/**
 * Answers of Query and Scan, each stored with the version of its scope. Every write renews the versions of its partition
 * and its table when it begins and when it ends, which voids the answers that it may change, and those that were read
 * while it was under way. All of it throws CacheAwayError.
 */
export class QueryCache {
	readonly #link: CacheLink;
	readonly #prefix: string;
	/** How long answers that are stored from now on are kept. */
	ttlMs: number;

	constructor(link: CacheLink, prefix: string, ttlMs: number) {
		this.#link = link;
		this.#prefix = prefix;
		this.ttlMs = ttlMs;
	}

	async find(scope: QueryScope, question: string): Promise<CachedAnswer | null> {
		const [version, stored] = await Promise.all([
			this.#link.get(this.#versionKey(scope)),
			this.#link.get(this.#answerKey(scope, question)),
		]);
		if (version === null || stored === null) return null;
		const [storedVersion = "", halfUnits = ""] = stored.split("\n", 2);
		if (storedVersion !== version) return null;
		return {
			halfUnits: Number(halfUnits),
			json: stored.slice(storedVersion.length + halfUnits.length + 2),
		};
	}

	async versionOf(scope: QueryScope): Promise<QueryVersion> {
		const args = [randomText(), VERSION_MS, RECENT_MS];
		const answer = await this.#link.run("larderVersion", [this.#versionKey(scope)], args);
		const [version, recent] = versionAnswer.parse(answer);
		return { version, recent: recent === 1 };
	}

	async fill(
		scope: QueryScope,
		question: string,
		version: string,
		{ json, halfUnits }: CachedAnswer,
	): Promise<void> {
		if (json.length > ANSWER_LENGTH_MAX) return;
		const value = `${version}\n${halfUnits}\n${json}`;
		await this.#link.set(this.#answerKey(scope, question), value, this.ttlMs);
	}

	/** Voids the answers that a write to these partitions may change. */
	async renew(table: string, partitions: Iterable<string>): Promise<Renewal[]> {
		const keys = [null, ...partitions].map((partition) => this.#versionKey({ table, partition }));
		return await Promise.all(
			keys.map(async (key) => {
				const answer = await this.#link.run("larderRenew", [key], [randomText(), VERSION_MS]);
				const [version, before] = renewalAnswer.parse(answer);
				return { key, version, before };
			}),
		);
	}

	/** For a write that the table hasn't got and won't get: what was stored before it counts again, unless another write came. */
	async restore({ key, version, before }: Renewal): Promise<void> {
		await this.#link.run("larderRestore", [key], [version, before, VERSION_MS]);
	}

	#versionKey({ table, partition }: QueryScope): string {
		const { generation } = this.#link;
		return `${this.#prefix}v${keyDigest(["version", generation, table, partition ?? "", partition === null ? 0 : 1])}`;
	}

	#answerKey({ table }: QueryScope, question: string): string {
		return `${this.#prefix}q${keyDigest(["query", this.#link.generation, table, question])}`;
	}
}

function randomText(): string {
	return randomBytes(9).toString("base64url");
}
