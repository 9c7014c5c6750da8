import type { NodeType } from "../../../server/contract/node-type.ts";

const WORDS: Readonly<Record<string, string>> = {
	t: "burstable",
	m: "general purpose",
	r: "memory optimized",
};

/** "m7g · general purpose", or "Your own types". */
export function familyLabel({ family, custom }: Pick<NodeType, "family" | "custom">): string {
	if (custom) return "Your own types";
	const words = WORDS[family.charAt(0)];
	return words === undefined ? family : `${family} · ${words}`;
}

/** By family, the operators' own first, because they were made for these hosts. */
export function byFamily(types: readonly NodeType[]): [string, NodeType[]][] {
	const families = new Map<string, NodeType[]>();
	for (const type of [...types].sort((a, b) => Number(b.custom) - Number(a.custom))) {
		const label = familyLabel(type);
		families.set(label, [...(families.get(label) ?? []), type]);
	}
	return [...families];
}
