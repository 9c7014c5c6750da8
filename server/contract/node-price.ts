import type { Engine } from "./enums.ts";
import { GIB } from "./limits.ts";
import type { RateCard } from "./rate-card.ts";

/** A month's hours for billing, as in cloud price lists. */
export const HOURS_PER_MONTH = 730;

export interface PricedNode {
	/** The type's name. */
	readonly nodeType: string;
	readonly memoryBytes: number;
	readonly engine: Engine;
}

/** Cost of a node for an hour, in the card's currency. */
export function nodeHourlyCost(card: RateCard, node: PricedNode): number {
	return (
		typeHourlyCost(card, node.nodeType, node.memoryBytes) *
		card.engines[node.engine].nodePriceFactor
	);
}

/** A node type's own price for an hour, before the engine's factor. */
export function typeHourlyCost(card: RateCard, nodeType: string, memoryBytes: number): number {
	return card.nodeTypes[nodeType] ?? (memoryBytes / GIB) * card.perGibHour;
}
