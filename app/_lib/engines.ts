import type { Engine } from "../../server/contract/enums.ts";
import type { ParameterFamily } from "../../server/contract/parameter-group.ts";

const NAMES: Readonly<Record<Engine, string>> = {
	valkey: "Valkey",
	redis: "Redis OSS",
	memcached: "Memcached",
};

/** An engine's name as people write it. */
export function engineName(engine: Engine): string {
	return NAMES[engine];
}

/** The major version that a cache gets when hosts have none yet and the control plane fetches one. */
const USUAL_VERSION: Readonly<Record<Engine, string>> = {
	valkey: "9",
	redis: "7",
	memcached: "1.6",
};

export function usualVersion(engine: Engine): string {
	return USUAL_VERSION[engine];
}

/** Which parameters an engine of that version has; `version` may be a prefix, and null stands for the usual one. */
export function familyOf(engine: Engine, version: string | null): ParameterFamily {
	switch (engine) {
		case "memcached":
			return "memcached1.6";
		case "redis":
			return "redis7";
		case "valkey":
			return (version ?? USUAL_VERSION.valkey).split(".")[0] === "8" ? "valkey8" : "valkey9";
	}
}

const FAMILY_NAMES: Readonly<Record<ParameterFamily, string>> = {
	valkey9: "Valkey 9",
	valkey8: "Valkey 8",
	redis7: "Redis OSS 7",
	"memcached1.6": "Memcached 1.6",
};

export function familyName(family: ParameterFamily): string {
	return FAMILY_NAMES[family];
}
