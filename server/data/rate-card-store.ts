import { DEFAULT_RATE_CARD } from "../contract/default-rate-card.ts";
import { type RateCard, rateCardSchema } from "../contract/rate-card.ts";
import type { Database, Transaction } from "./database.ts";

/** The operator's rate card; the defaults until there is one. */
export async function readRateCard(db: Database | Transaction): Promise<RateCard> {
	const row = await db.rateCard.findUnique({ where: { id: 1 } });
	return row === null ? DEFAULT_RATE_CARD : rateCardSchema.parse(row.card);
}

/** Stores the card. Costs so far become `exchangeRate` times what they were. */
export async function writeRateCard(
	tx: Transaction,
	card: RateCard,
	options: { now: Date; exchangeRate: number },
): Promise<void> {
	const data = { card, updatedAt: options.now };
	await tx.rateCard.upsert({ where: { id: 1 }, create: { id: 1, ...data }, update: data });
	if (options.exchangeRate === 1) return;
	await tx.$executeRaw`UPDATE "CacheUsage" SET "cost" = "cost" * ${options.exchangeRate}`;
}
