import type { CacheBuild } from "../../../../server/contract/creation-preview.ts";
import { engineTitle } from "../../../_lib/engines.ts";
import { plural } from "../../../_lib/format/count.ts";
import { PERSISTENCE_WORDS } from "../persistence-words.ts";
import { KINDS } from "../serverless-words.ts";

export interface ComparedField {
	label: string;
	before: string;
	after: string;
	isSame: boolean;
	/** What the difference means; null if that is plain. */
	note: string | null;
}

function onOff(mode: CacheBuild["clusterMode"]): string {
	return mode === "enabled" ? "On" : "Off";
}

/** Whether the versions name the same one, as far as they say: 9.1 is 9.1.2, or a later patch of it. */
function isSameVersion(was: CacheBuild, will: CacheBuild): boolean {
	const [before, after] = [was.engineVersion, will.engineVersion];
	return before === after || before.startsWith(`${after}.`);
}

function engineNote(was: CacheBuild, will: CacheBuild): string | null {
	if (was.engine !== will.engine) return "Its commands are those of the other engine.";
	return isSameVersion(was, will)
		? null
		: "You can't go back to the earlier version with this data.";
}

/** A cache that is to be created, beside the one that its snapshot was taken of. */
export function compareBuilds(was: CacheBuild, will: CacheBuild): ComparedField[] {
	const field = (
		label: string,
		words: (build: CacheBuild) => string,
		note: string | null = null,
		isSame = words(was) === words(will),
	): ComparedField => ({
		label,
		before: words(was),
		after: words(will),
		isSame,
		note: isSame ? null : note,
	});
	const isResplit = was.shards !== will.shards;
	const isServerless = will.kind === "serverless";
	return [
		field("How it is sized", ({ kind }) => KINDS[kind].label),
		field(
			"Engine",
			({ engine, engineVersion }) => engineTitle(engine, engineVersion),
			engineNote(was, will),
			was.engine === will.engine && isSameVersion(was, will),
		),
		field(
			"Cluster mode",
			({ clusterMode }) => onOff(clusterMode),
			will.clusterMode === "enabled"
				? "Clients must speak the cluster protocol."
				: "All keys go into one shard.",
		),
		field(
			"Shards",
			({ shards }) => plural(shards, "shard"),
			isResplit ? "Larder distributes the keys by their slots." : null,
		),
		...(isServerless
			? []
			: [
					field("Replicas per shard", ({ replicasPerShard }) => String(replicasPerShard)),
					field("Node type", ({ nodeType }) =>
						nodeType === "serverless" ? "Chosen by Larder" : nodeType,
					),
					field(
						"Persistence",
						({ persistence }) => PERSISTENCE_WORDS[persistence].label,
						PERSISTENCE_WORDS[will.persistence].protects,
					),
				]),
		field("Parameter group", ({ parameterGroup }) => parameterGroup),
	];
}
