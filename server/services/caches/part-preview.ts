import type { ChangePreview, PreviewNode, PreviewShard } from "../../contract/index.ts";

/** What a part of a change does, and about how long it takes. */
export interface PartPreview
	extends Pick<ChangePreview, "steps" | "restarts" | "failovers" | "problems"> {
	seconds: number;
	deltas: PreviewDelta[];
}

/** What becomes different in the picture of the cache. Nodes and shards by their names. */
export type PreviewDelta =
	| { kind: "add-node"; shard: string; hostId: string; role: PreviewNode["role"] }
	| { kind: "remove-node"; node: string }
	/** By a successor, which may be on the same host. */
	| { kind: "succeed"; node: string; hostId: string }
	| { kind: "change-node"; node: string }
	| ({ kind: "shard" } & Pick<PreviewShard, "id" | "change" | "slots">);

/** Of a part that does nothing, to be filled by its caller. */
export function emptyPreview(): PartPreview {
	return { steps: [], restarts: [], failovers: [], problems: [], seconds: 0, deltas: [] };
}
