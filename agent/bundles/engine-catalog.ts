import { OFFERED_VERSIONS } from "../../server/contract/offered-versions.ts";
import type { BundleName } from "./bundle-name.ts";
import { versionFits } from "./engine-version.ts";

export type SuiteOrder = "newest" | "oldest";

/** How to find one engine in a Debian-like archive and on PATH, and what to tell a user to install. */
export interface EngineRecipe {
	readonly engine: BundleName;
	/** The product name. */
	readonly title: string;
	/** Version prefixes that Larder runs, best first. Others are neither fetched nor listed. */
	readonly offers: readonly [string, ...string[]];
	/** Which suites to search first: the newest, or the oldest for software that newer suites have dropped. */
	readonly searchFrom: SuiteOrder;
	/** Packages whose programs are needed; libraries follow from their `Depends`. */
	readonly packages: readonly string[];
	/** Package whose version is the engine's. */
	readonly versionPackage: string;
	/** Where the packages put the programs. */
	readonly programDir: "usr/bin" | "usr/sbin";
	readonly server: string;
	/** The command-line client, if the engine has one. */
	readonly client: string | null;
	/** Other programs to include. */
	readonly tools: readonly string[];
	/** Libraries that the program opens by name at run time, so its header doesn't list them. */
	readonly openedLibraries: readonly string[];
	/** Arguments that make the server print its version. */
	readonly versionArguments: readonly string[];
	/** Matches the version in that output. */
	readonly versionPattern: RegExp;
}

/** glibc loads it when a thread is canceled or exits, and every engine ends background threads that way. */
const UNWINDER = "libgcc_s.so.1";

const recipes: Readonly<Record<BundleName, EngineRecipe>> = {
	valkey: {
		engine: "valkey",
		title: "Valkey",
		offers: OFFERED_VERSIONS.valkey,
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
		// ElastiCache's Redis OSS ends here: later versions have another license.
		offers: OFFERED_VERSIONS.redis,
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
		offers: OFFERED_VERSIONS.memcached,
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
	nftables: {
		engine: "nftables",
		title: "nftables",
		offers: ["1"],
		searchFrom: "newest",
		packages: ["nftables", "conntrack"],
		versionPackage: "nftables",
		programDir: "usr/sbin",
		server: "nft",
		// Lists the connections that the kernel forwards.
		client: "conntrack",
		tools: [],
		openedLibraries: [],
		versionArguments: ["--version"],
		versionPattern: /^nftables v(\d+\.\d+\.\d+)/m,
	},
};

export function engineRecipe(engine: BundleName): EngineRecipe {
	return recipes[engine];
}

export function allEngineRecipes(): EngineRecipe[] {
	return Object.values(recipes);
}

/** Whether Larder runs this full version. */
export function offersVersion(engine: BundleName, version: string): boolean {
	return recipes[engine].offers.some((offered) => versionFits(version, offered));
}

/** Whether the prefix names any version that Larder runs. */
export function offersPrefix(engine: BundleName, prefix: string): boolean {
	return recipes[engine].offers.some(
		(offered) => versionFits(prefix, offered) || versionFits(offered, prefix),
	);
}

/**
 * Suites to search besides the machine's own, newest software first. They are aliases, not code names, so the list
 * stays right when the distribution has a new release; Ubuntu has none for the release that still has Redis 7.
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
