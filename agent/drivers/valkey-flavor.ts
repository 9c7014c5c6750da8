import { basename } from "node:path";
import type { Engine } from "../../server/contract/enums.ts";

/** Engines that speak the same protocol and differ in names and supported commands. */
export type ValkeyEngine = Exclude<Engine, "memcached">;

export interface ValkeyFlavor {
	/** Prefix of its programs' names and of its helper processes' titles. */
	readonly prefix: string;
	/** Settings of the base configuration that the other engine refuses to start with. */
	readonly extraSettings: readonly (readonly [string, string])[];
	/** Read-only subcommands that not every version of both engines knows. */
	readsSince(majorVersion: number): readonly string[];
}

const flavors: Readonly<Record<ValkeyEngine, ValkeyFlavor>> = {
	valkey: {
		prefix: "valkey",
		extraSettings: [["dual-channel-replication-enabled", "yes"]],
		readsSince: (major) => [
			...["cluster|myshardid", "cluster|slot-stats"],
			...(major >= 9 ? ["cluster|getslotmigrations"] : []),
		],
	},
	redis: { prefix: "redis", extraSettings: [], readsSince: () => [] },
};

/** Whether the engine knows CLUSTER MIGRATESLOTS. */
export function movesSlotsItself(engine: Engine, engineVersion: string): boolean {
	return engine === "valkey" && Number.parseInt(engineVersion, 10) >= 9;
}

/** Throws for an engine of another family, which no driver of this one is ever given. */
export function flavorOf(engine: Engine): ValkeyFlavor {
	if (engine === "memcached") throw new Error("Memcached has no flavor of Valkey");
	return flavors[engine];
}

/** Debian's server programs are links to the checking programs, and the kernel shows the target of a link. */
export function isServerProgram({ prefix }: ValkeyFlavor, path: string): boolean {
	const name = basename(path.replace(/ \(deleted\)$/, ""));
	return name === `${prefix}-server` || name === `${prefix}-check-rdb`;
}

export function isHelperProcess({ prefix }: ValkeyFlavor, commandLine: string): boolean {
	return ["rdb", "aof", "slot", "module"].some((job) => commandLine.startsWith(`${prefix}-${job}`));
}
