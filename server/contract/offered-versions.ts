import type { Engine } from "./enums.ts";
import type { ParameterFamily } from "./parameter-group.ts";

/** The versions that Larder runs, as prefixes, newest first. */
export const OFFERED_VERSIONS = {
	valkey: ["9", "8"],
	redis: ["7"],
	memcached: ["1.6"],
} as const satisfies Readonly<Record<Engine, readonly [string, ...string[]]>>;

/** Why caches can't have that version; null if they can. */
export function versionProblem(engine: Engine, version: string): string | null {
	const prefixes = OFFERED_VERSIONS[engine];
	const fits = (prefix: string) => version === prefix || version.startsWith(`${prefix}.`);
	return prefixes.some(fits)
		? null
		: `engineVersion of ${engine} must be ${prefixes.map((prefix) => `${prefix}.x`).join(" or ")}`;
}

/** The version that a host fetches if no host has the engine yet. */
export function newestOffered(engine: Engine): string {
	return OFFERED_VERSIONS[engine][0];
}

/**
 * The parameter family of a version, which may be a prefix such as 9. Versions newer than the newest family
 * use that family.
 */
export function familyOf(engine: Engine, version: string): ParameterFamily {
	switch (engine) {
		case "valkey":
			return Number.parseInt(version, 10) <= 8 ? "valkey8" : "valkey9";
		case "redis":
			return "redis7";
		case "memcached":
			return "memcached1.6";
	}
}
