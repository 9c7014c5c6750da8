import { basename } from "node:path";
import type { Engine } from "../../server/contract/enums.ts";

/** Engines that speak the same protocol and differ in names and in what they know. */
export type ValkeyEngine = Exclude<Engine, "memcached">;

export interface ValkeyFlavour {
	/** What the names of its programs, and the titles of its helper processes, begin with. */
	readonly prefix: string;
	/** Settings of the base configuration that the other one refuses to start with. */
	readonly extraSettings: readonly (readonly [string, string])[];
	/** Read-only subcommands that the other one's user file may not name. */
	readonly extraSubcommands: readonly string[];
}

const flavours: Readonly<Record<ValkeyEngine, ValkeyFlavour>> = {
	valkey: {
		prefix: "valkey",
		extraSettings: [["dual-channel-replication-enabled", "yes"]],
		extraSubcommands: ["cluster|myshardid"],
	},
	redis: { prefix: "redis", extraSettings: [], extraSubcommands: [] },
};

/** Throws for an engine of another kind, which no driver of this family is ever given. */
export function flavourOf(engine: Engine): ValkeyFlavour {
	if (engine === "memcached") throw new Error("Memcached has no flavour of Valkey");
	return flavours[engine];
}

/** Debian's server programs are links to the checking ones, and the kernel shows where a link leads. */
export function isServerProgram({ prefix }: ValkeyFlavour, path: string): boolean {
	const name = basename(path.replace(/ \(deleted\)$/, ""));
	return name === `${prefix}-server` || name === `${prefix}-check-rdb`;
}

export function isHelperProcess({ prefix }: ValkeyFlavour, commandLine: string): boolean {
	return ["rdb", "aof", "slot", "module"].some((job) => commandLine.startsWith(`${prefix}-${job}`));
}
