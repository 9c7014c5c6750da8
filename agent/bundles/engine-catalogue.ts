import type { Engine } from "../../server/contract/enums.ts";

/** How one engine is found in a Debian-like archive, on PATH, and in what a user is told to install. */
export interface EngineRecipe {
	readonly engine: Engine;
	/** The name people know it by. */
	readonly title: string;
	/** Packages whose programs are wanted; libraries follow from their `Depends`. */
	readonly packages: readonly string[];
	/** Package whose version is the engine's. */
	readonly versionPackage: string;
	/** Programs copied from the packages' `usr/bin`. The first is the server. */
	readonly programs: readonly [string, ...string[]];
	/** Libraries that the program opens by name while it runs, so that its header doesn't list them. */
	readonly openedLibraries: readonly string[];
	/** Finds the version in what `<server> --version` prints. */
	readonly versionPattern: RegExp;
	/** Version prefixes to try, best first, when the caller doesn't ask for one. */
	readonly preferredVersions: readonly [string, ...string[]];
}

const recipes: Record<Engine, EngineRecipe> = {
	valkey: {
		engine: "valkey",
		title: "Valkey",
		packages: ["valkey-server", "valkey-tools"],
		versionPackage: "valkey-server",
		programs: ["valkey-server", "valkey-cli", "valkey-benchmark"],
		// glibc loads it when a thread is cancelled, which the engine does to its background threads.
		openedLibraries: ["libgcc_s.so.1"],
		versionPattern: /\bv=(\d+\.\d+\.\d+)/,
		preferredVersions: ["9", "8"],
	},
};

export function engineRecipe(engine: Engine): EngineRecipe {
	return recipes[engine];
}

export function allEngineRecipes(): EngineRecipe[] {
	return Object.values(recipes);
}

/**
 * Suites to look in beside the machine's own, newest software first. Aliases, not code names, so that the list
 * stays right when the distribution releases.
 */
export const SUITES_BY_DISTRIBUTION: Readonly<
	Record<string, { suites: readonly string[]; components: string; keyring: string }>
> = {
	debian: {
		suites: ["testing", "stable-backports", "stable", "oldstable-backports"],
		components: "main",
		keyring: "debian-archive-keyring",
	},
	ubuntu: {
		suites: ["devel"],
		components: "main universe",
		keyring: "ubuntu-archive-keyring",
	},
};
