import type { SnapshotContent, SnapshotReport } from "../../contract/snapshot.ts";
import type { NodeModel } from "../cache/model.ts";

/** How long an agent may take to begin what it was told. */
const BEGIN_PATIENCE_MS = 60_000;
/** Of the whole, once the file is complete on its host. */
const SAVED_SHARE = 0.5;

/** One shard of a snapshot that is being taken. */
export interface TakenShard {
	/** Of its order, which a report must name. */
	readonly orderId: string;
	/** Null if it has left the cache. */
	readonly node: NodeModel | null;
	/** An agent whose disk is full can't keep what it is told, so it begins nothing. */
	readonly isDiskFull: boolean;
	/** What the store says it has; null while it doesn't have all of it. */
	readonly stored: { readonly bytes: number; readonly sha256: string } | null;
	/** Why the store refused, or is away; null for no reason. */
	readonly storeProblem: string | null;
	/** What its file will have, as far as known. */
	readonly expectedBytes: number;
	/** Since it last made progress. */
	readonly idleMs: number;
}

/**
 *   wait     `began`: its data is as of a moment that has passed; `share` of the work is done
 *   done     the store has it, and it is whole
 *   again    another node, or the same once more, must be copied
 */
export type ShardStep =
	| {
			readonly kind: "wait";
			readonly began: boolean;
			readonly share: number;
			readonly reason: string | null;
	  }
	| {
			readonly kind: "done";
			readonly bytes: number;
			readonly sha256: string;
			readonly content: SnapshotContent;
	  }
	| { readonly kind: "again"; readonly reason: string };

export function followShard(shard: TakenShard): ShardStep {
	const { node, idleMs } = shard;
	if (node === null) return { kind: "again", reason: "The node that was being copied has left." };
	if (node.host.lost) return { kind: "again", reason: `Host ${node.host.name} is lost.` };
	const report = node.observation?.snapshot;
	if (report === undefined || report.id !== shard.orderId) {
		if (!node.host.online) return waiting(false, 0, `Host ${node.host.name} is silent.`);
		if (shard.isDiskFull) return { kind: "again", reason: diskFull(node.host.name) };
		if (idleMs < BEGIN_PATIENCE_MS) return waiting(false, 0, null);
		const reason = `The agent on ${node.host.name} hasn't begun to copy ${node.name}. Upgrade it if it is older than the control plane.`;
		return { kind: "again", reason };
	}
	return followReport(shard, node, report);
}

export function diskFull(hostName: string): string {
	return `The disk of host ${hostName} is full. Free some space there.`;
}

function followReport(shard: TakenShard, node: NodeModel, report: SnapshotReport): ShardStep {
	const where = `${node.name} on ${node.host.name}`;
	switch (report.phase) {
		case "failed":
			return {
				kind: "again",
				reason: `Copying ${where} failed: ${(report.message ?? "").replace(/\.$/, "")}.`,
			};
		case "waiting":
			return waiting(false, 0, silence(node));
		case "saving": {
			const share = Math.min(1, report.bytes / Math.max(1, shard.expectedBytes));
			return waiting(true, SAVED_SHARE * share * 0.99, silence(node));
		}
		case "storing": {
			const share = report.bytes / Math.max(1, report.totalBytes ?? 1);
			const reason = shard.storeProblem ?? silence(node);
			return waiting(true, SAVED_SHARE + (1 - SAVED_SHARE) * share * 0.99, reason);
		}
		case "stored":
			return finished(shard, where, report);
	}
}

function finished({ stored }: TakenShard, where: string, report: SnapshotReport): ShardStep {
	// The store's word counts, and the agent has read its file to the end.
	if (stored === null || report.content === null) return waiting(true, 0.99, null);
	if (stored.sha256 !== report.sha256 || stored.bytes !== report.bytes) {
		return { kind: "again", reason: `The store received another file than ${where} sent.` };
	}
	return { kind: "done", ...stored, content: report.content };
}

function silence(node: NodeModel): string | null {
	return node.host.online ? null : `Host ${node.host.name} is silent.`;
}

function waiting(began: boolean, share: number, reason: string | null): ShardStep {
	return { kind: "wait", began, share, reason };
}
