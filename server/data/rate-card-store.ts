import { DEFAULT_RATE_CARD } from "../contract/default-rate-card.ts";
import { type RateCard, type RateCardView, rateCardSchema } from "../contract/rate-card.ts";
import type { Database, Transaction } from "./database.ts";

/** The operator's rate card; the defaults until there is one. */
export async function readRateCard(db: Database | Transaction): Promise<RateCardView> {
	const row = await db.rateCard.findUnique({ where: { id: 1 } });
	return row === null
		? { ...DEFAULT_RATE_CARD, version: 0 }
		: { ...rateCardSchema.parse(row.card), version: row.version };
}

/**
 * What stored costs must be multiplied with to be in today's currency: years of usage can't be rewritten in one transaction
 * when the currency changes.
 */
export async function readCostFactor(db: Database | Transaction): Promise<number> {
	const row = await db.rateCard.findUnique({ where: { id: 1 }, select: { costFactor: true } });
	return row?.costFactor ?? 1;
}

/** Stores the card, and returns its version. Costs so far count `exchangeRate` times as much as before. */
export async function writeRateCard(
	tx: Transaction,
	card: RateCard,
	{ now, exchangeRate }: { now: Date; exchangeRate: number },
): Promise<number> {
	const { version } = await tx.rateCard.upsert({
		where: { id: 1 },
		create: { id: 1, card, updatedAt: now, costFactor: exchangeRate },
		update: {
			...{ card, updatedAt: now, version: { increment: 1 } },
			costFactor: { multiply: exchangeRate },
		},
	});
	return version;
}
