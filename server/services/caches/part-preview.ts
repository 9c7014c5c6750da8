import type { ChangePreview, PreviewNode, PreviewShard } from "../../contract/index.ts";

/** What a part of a change does, and about how long it takes. */
export interface PartPreview
	extends Pick<ChangePreview, "steps" | "restarts" | "failovers" | "problems"> {
	seconds: number;
	deltas: PreviewDelta[];
}

/** One difference in the picture of the cache. Nodes and shards are given by their names. */
export type PreviewDelta =
	| { kind: "add-node"; shard: string; hostId: string; role: PreviewNode["role"] }
	| { kind: "remove-node"; node: string }
	/** A successor replaces the node; it may be on the same host. */
	| { kind: "replace-node"; node: string; hostId: string }
	| { kind: "change-node"; node: string }
	| ({ kind: "shard" } & Pick<PreviewShard, "id" | "change" | "slots">);

/** The preview of a part that does nothing, for the caller to fill in. */
export function emptyPreview(): PartPreview {
	return { steps: [], restarts: [], failovers: [], problems: [], seconds: 0, deltas: [] };
}
