import type { Snapshot, SnapshotKind } from "../../../server/contract/snapshot.ts";

export const SNAPSHOT_KIND_WORDS: Readonly<Record<SnapshotKind, string>> = {
	manual: "Manual",
	automatic: "Automatic",
	final: "Final",
	copy: "Copy",
	imported: "Imported",
};

/** Why there can be no snapshot of a Memcached cache. */
export const MEMCACHED_OBSTACLE =
	"Memcached has no command that saves its data. Use Valkey for data that must survive.";

/** Whether the snapshot's status will soon change by itself. */
export function isSnapshotChanging({ status }: Snapshot): boolean {
	return status === "creating" || status === "deleting";
}

/** A name such as orders-2026-11-30-1204, from the time in UTC. */
export function suggestedName(cache: string, at: Date): string {
	const [day = "", time = ""] = at.toISOString().split("T");
	return `${cache}-${day}-${time.slice(0, 5).replace(":", "")}`;
}

/** The page that restores a snapshot: the one that creates caches. */
export function restorePath(snapshot: string): string {
	return `/caches/create?snapshot=${encodeURIComponent(snapshot)}`;
}

export function snapshotPath(snapshot: string): string {
	return `/backups/${encodeURIComponent(snapshot)}`;
}
