import type { BundleName } from "./bundle-name.ts";
import { versionFits } from "./engine-version.ts";

export type SuiteOrder = "newest" | "oldest";

/** How one engine is found in a Debian-like archive, on PATH, and in what a user is told to install. */
export interface EngineRecipe {
	readonly engine: BundleName;
	/** The name people know it by. */
	readonly title: string;
	/** Version prefixes that Larder runs, best first. Others are neither fetched nor listed. */
	readonly offers: readonly [string, ...string[]];
	/** Which suites are asked first: the newest, or, for software that newer ones have left behind, the oldest. */
	readonly searchFrom: SuiteOrder;
	/** Packages whose programs are wanted; libraries follow from their `Depends`. */
	readonly packages: readonly string[];
	/** Package whose version is the engine's. */
	readonly versionPackage: string;
	/** Where the packages put the programs. */
	readonly programDir: "usr/bin" | "usr/sbin";
	readonly server: string;
	/** The command-line client, where there is one. */
	readonly client: string | null;
	/** Other programs that come along. */
	readonly tools: readonly string[];
	/** Libraries that the program opens by name while it runs, so that its header doesn't list them. */
	readonly openedLibraries: readonly string[];
	/** What makes the server say its version. */
	readonly versionArguments: readonly string[];
	/** Finds the version in what it says then. */
	readonly versionPattern: RegExp;
}

/** glibc loads it when a thread is cancelled or ends itself, which all of them do to their background threads. */
const UNWINDER = "libgcc_s.so.1";

const recipes: Readonly<Record<BundleName, EngineRecipe>> = {
	valkey: {
		engine: "valkey",
		title: "Valkey",
		offers: ["9", "8"],
		searchFrom: "newest",
		packages: ["valkey-server", "valkey-tools"],
		versionPackage: "valkey-server",
		programDir: "usr/bin",
		server: "valkey-server",
		client: "valkey-cli",
		tools: ["valkey-benchmark"],
		openedLibraries: [UNWINDER],
		versionArguments: ["--version"],
		versionPattern: /^Valkey server v=(\d+\.\d+\.\d+)/m,
	},
	redis: {
		engine: "redis",
		title: "Redis OSS",
		// ElastiCache's Redis OSS ends here: later ones have another licence.
		offers: ["7"],
		searchFrom: "oldest",
		packages: ["redis-server", "redis-tools"],
		versionPackage: "redis-server",
		programDir: "usr/bin",
		server: "redis-server",
		client: "redis-cli",
		tools: ["redis-benchmark"],
		openedLibraries: [UNWINDER],
		versionArguments: ["--version"],
		// Valkey's compatibility package has a redis-server too, which names itself Valkey.
		versionPattern: /^Redis server v=(\d+\.\d+\.\d+)/m,
	},
	memcached: {
		engine: "memcached",
		title: "Memcached",
		offers: ["1.6"],
		searchFrom: "newest",
		packages: ["memcached"],
		versionPackage: "memcached",
		programDir: "usr/bin",
		server: "memcached",
		client: null,
		tools: [],
		openedLibraries: [UNWINDER],
		versionArguments: ["--version"],
		versionPattern: /^memcached (\d+\.\d+\.\d+)/m,
	},
	haproxy: {
		engine: "haproxy",
		title: "HAProxy",
		offers: ["3", "2"],
		searchFrom: "newest",
		packages: ["haproxy"],
		versionPackage: "haproxy",
		programDir: "usr/sbin",
		server: "haproxy",
		client: null,
		tools: [],
		openedLibraries: [UNWINDER],
		versionArguments: ["-v"],
		versionPattern: /^HAProxy version (\d+\.\d+\.\d+)/m,
	},
};

export function engineRecipe(engine: BundleName): EngineRecipe {
	return recipes[engine];
}

export function allEngineRecipes(): EngineRecipe[] {
	return Object.values(recipes);
}

/** Whether Larder runs that version, given in full. */
export function offersVersion(engine: BundleName, version: string): boolean {
	return recipes[engine].offers.some((offered) => versionFits(version, offered));
}

/** Whether some version that the prefix names is offered. */
export function offersPrefix(engine: BundleName, prefix: string): boolean {
	return recipes[engine].offers.some(
		(offered) => versionFits(prefix, offered) || versionFits(offered, prefix),
	);
}

/**
 * Suites to look in beside the machine's own, newest software first. Aliases, not code names, so that the list
 * stays right when the distribution releases; Ubuntu has none for the release that still holds Redis 7.
 */
export const SUITES_BY_DISTRIBUTION: Readonly<
	Record<string, { suites: readonly string[]; components: string; keyring: string }>
> = {
	debian: {
		suites: ["testing", "stable-backports", "stable", "oldstable-backports", "oldstable"],
		components: "main",
		keyring: "debian-archive-keyring",
	},
	ubuntu: {
		suites: ["devel", "noble"],
		components: "main universe",
		keyring: "ubuntu-archive-keyring",
	},
};
