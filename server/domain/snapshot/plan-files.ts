import type { ClusterMode, Engine } from "../../contract/enums.ts";
import { commonSlots, readSlots } from "../../contract/slots.ts";
import type { SnapshotContent } from "../../contract/snapshot.ts";

/** One file of a snapshot. */
export interface SourceFile {
	/** Null without cluster mode: it may hold keys of any slot. */
	readonly slots: string | null;
	readonly content: SnapshotContent;
}

/** What the primary of a new shard loads. */
export interface ShardFiles<File> {
	readonly files: readonly File[];
	/** Whether only keys of its own slots are taken from them. */
	readonly selects: boolean;
}

/** The files with keys of each new shard. A file whose slots are exactly a shard's is loaded as it is. */
export function planFiles<File extends SourceFile>(
	files: readonly File[],
	/** By new shard; null without cluster mode. */
	shards: readonly (string | null)[],
): ShardFiles<File>[] {
	return shards.map((slots) => {
		if (slots === null || shards.length === 1) return { files, selects: false };
		const wanted = readSlots(slots);
		const needed = files.filter(
			(file) => file.slots === null || commonSlots(readSlots(file.slots), wanted).length > 0,
		);
		const [only] = needed;
		return { files: needed, selects: needed.length > 1 || only?.slots !== slots };
	});
}

/** The newest format that an engine reads, by the versions that Larder offers. */
function newestFormat(engine: Engine, version: string): number {
	const [major = 0, minor = 0] = version.split(".").map(Number);
	if (engine === "redis") return major === 7 && minor < 2 ? 10 : 11;
	return major >= 9 ? 80 : 11;
}

export interface RestoreTarget {
	readonly engine: Engine;
	readonly engineVersion: string;
	readonly clusterMode: ClusterMode;
	readonly databases: number;
}

/** Why that cache can't have the data of these files: the field at fault, and a sentence. Null if it can. */
export function restoreProblem(
	files: readonly SourceFile[],
	target: RestoreTarget,
): { field: "engine" | "engineVersion" | "clusterMode"; message: string } | null {
	if (target.engine === "memcached") {
		return { field: "engine", message: "Memcached can't load a snapshot. Choose valkey." };
	}
	const format = Math.max(0, ...files.map(({ content }) => content.rdbVersion));
	const readable = newestFormat(target.engine, target.engineVersion);
	if (format > readable) {
		return {
			field: "engineVersion",
			message: `The snapshot's files have the format RDB ${format}, but ${target.engine} ${target.engineVersion} reads formats up to RDB ${readable}. Choose the engine of the snapshot in the same version or a later one.`,
		};
	}
	const last = Math.max(-1, ...files.map(({ content }) => content.lastDatabase));
	if (last < target.databases) return null;
	const remedy =
		target.clusterMode === "enabled"
			? "Restore it with cluster mode disabled"
			: "Choose a parameter group with more databases";
	return {
		field: "clusterMode",
		message: `The snapshot has keys in database ${last}, but the cache would have ${target.databases === 1 ? "only database 0" : `${target.databases} databases`}. ${remedy}.`,
	};
}
