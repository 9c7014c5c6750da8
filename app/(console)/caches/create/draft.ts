import type { CreateCacheInput } from "../../../../server/contract/cache.ts";
import { LIMITS } from "../../../../server/contract/limits.ts";
import type { NodeTypeName } from "../../../../server/contract/node-type.ts";

export interface DraftTag {
	/** Stable while the row is edited. */
	id: string;
	key: string;
	value: string;
}

/** What the form holds: text as typed, so that nothing is lost or reshaped on the way. */
export interface Draft {
	name: string;
	description: string;
	/** "" takes the newest that hosts have. */
	engineVersion: string;
	nodeType: NodeTypeName;
	replicas: number;
	multiAz: boolean;
	auth: "password" | "none";
	port: string;
	tags: readonly DraftTag[];
}

export const EMPTY_DRAFT: Draft = {
	name: "",
	description: "",
	engineVersion: "",
	nodeType: "cache.t4g.micro",
	replicas: 1,
	multiAz: true,
	auth: "password",
	port: "",
	tags: [],
};

/** Rows left wholly empty don't count. */
export function filledTags(tags: readonly DraftTag[]): DraftTag[] {
	return tags.filter(({ key, value }) => key !== "" || value !== "");
}

/**
 * The request that the draft stands for, defaults left out. It isn't valid yet: the contract's schema decides,
 * and a port that isn't a number stays as typed so that the schema can refuse it.
 */
export function toRequest(draft: Draft): CreateCacheInput {
	const port = draft.port.trim();
	const tags = filledTags(draft.tags);
	return {
		name: draft.name.trim(),
		engine: "valkey",
		...(draft.engineVersion === "" ? {} : { engineVersion: draft.engineVersion }),
		nodeType: draft.nodeType,
		replicasPerShard: draft.replicas,
		multiAz: draft.multiAz && draft.replicas > 0,
		auth: draft.auth,
		...(port === "" ? {} : { port: /^\d+$/.test(port) ? Number(port) : Number.NaN }),
		...(tags.length === 0
			? {}
			: { tags: Object.fromEntries(tags.map(({ key, value }) => [key.trim(), value])) }),
		...(draft.description === "" ? {} : { description: draft.description }),
	};
}

/** What the schema can't see, because a record has each key once. */
export function tagProblem(tags: readonly DraftTag[]): string | null {
	const keys = filledTags(tags).map(({ key }) => key.trim());
	if (keys.includes("")) return "a tag needs a key";
	const twice = keys.find((key, index) => keys.indexOf(key) !== index);
	if (twice !== undefined) return `the tag “${twice}” is there twice`;
	return keys.length > LIMITS.tagsMax ? `a cache can have at most ${LIMITS.tagsMax} tags` : null;
}
