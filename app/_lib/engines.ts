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

/** Such as Valkey 9.1.2. */
export function engineTitle(engine: Engine, version: string): string {
	return `${NAMES[engine]} ${version}`;
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
