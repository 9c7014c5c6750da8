import type { Cache, ModifyCacheInput } from "../../../../server/contract/cache.ts";
import { type DraftTag, toDraftTags, toTagRecord } from "../tags.ts";

/** What the dialog holds. */
export interface ModifyDraft {
	description: string;
	deletionProtection: boolean;
	parameterGroup: string;
	tags: readonly DraftTag[];
}

export function toModifyDraft(cache: Cache): ModifyDraft {
	return {
		description: cache.description,
		deletionProtection: cache.deletionProtection,
		parameterGroup: cache.parameterGroup.name,
		tags: toDraftTags(cache.tags),
	};
}

export interface Difference {
	field: string;
	from: string;
	to: string;
	/** What it does to running nodes. */
	effect: string;
}

const AT_ONCE = "at once, nothing restarts";

function tagWords(tags: Readonly<Record<string, string>>): string {
	const words = Object.entries(tags)
		.sort(([a], [b]) => a.localeCompare(b))
		.map(([key, value]) => (value === "" ? key : `${key}=${value}`));
	return words.length === 0 ? "none" : words.join(", ");
}

/** What the draft changes: for the request, and in words. */
export function differences(
	cache: Cache,
	draft: ModifyDraft,
): { changes: Omit<ModifyCacheInput, "name">; list: Difference[] } {
	const changes: Omit<ModifyCacheInput, "name"> = {};
	const list: Difference[] = [];
	if (draft.description !== cache.description) {
		changes.description = draft.description;
		list.push({
			field: "Description",
			from: cache.description || "none",
			to: draft.description || "none",
			effect: AT_ONCE,
		});
	}
	if (draft.deletionProtection !== cache.deletionProtection) {
		changes.deletionProtection = draft.deletionProtection;
		list.push({
			field: "Deletion protection",
			from: cache.deletionProtection ? "on" : "off",
			to: draft.deletionProtection ? "on" : "off",
			effect: AT_ONCE,
		});
	}
	if (draft.parameterGroup !== cache.parameterGroup.name) {
		changes.parameterGroup = draft.parameterGroup;
		list.push({
			field: "Parameter group",
			from: cache.parameterGroup.name,
			to: draft.parameterGroup,
			effect: "most values at once; those that need it wait for a reboot, which you start",
		});
	}
	const tags = toTagRecord(draft.tags);
	if (tagWords(tags) !== tagWords(cache.tags)) {
		changes.tags = tags;
		list.push({ field: "Tags", from: tagWords(cache.tags), to: tagWords(tags), effect: AT_ONCE });
	}
	return { changes, list };
}
