import { AppError } from "../../contract/errors.ts";
import type { RateCardView, SetRateCardInput } from "../../contract/rate-card.ts";
import { lockMetering } from "../../data/lock-metering.ts";
import { readRateCard, writeRateCard } from "../../data/rate-card-store.ts";
import type { Caller, Resources } from "../context.ts";
import { mutate } from "../mutation.ts";

/** Replaces the rate card from now on: costs so far stay, and are converted if the currency changes. */
export async function setRateCard(
	resources: Resources,
	caller: Caller,
	{ exchangeRate, version, ...card }: SetRateCardInput,
): Promise<RateCardView> {
	return mutate(resources, caller, {
		action: "rate-card.set",
		target: "rate-card",
		input: { ...card, exchangeRate, version },
		run: async (tx, after) => {
			await lockMetering(tx);
			const { currency, version: present } = await readRateCard(tx);
			if (version !== undefined && version !== present) {
				throw new AppError(
					"conflict",
					`The rate card was changed meanwhile: it has version ${present}, and yours is version ${version}. Load it again, and repeat your changes.`,
					{ field: "version" },
				);
			}
			if (currency !== card.currency && exchangeRate === undefined) {
				throw new AppError(
					"invalid_argument",
					`exchangeRate is required: costs so far are in ${currency}. Send what one ${currency} is in ${card.currency}, or 1 to keep the numbers.`,
					{ field: "exchangeRate" },
				);
			}
			if (currency === card.currency && exchangeRate !== undefined && exchangeRate !== 1) {
				throw new AppError(
					"invalid_argument",
					`exchangeRate is for a new currency, and the currency is already ${currency}; leave exchangeRate out`,
					{ field: "exchangeRate" },
				);
			}
			const saved = {
				...card,
				version: await writeRateCard(tx, card, {
					now: resources.clock.now(),
					exchangeRate: exchangeRate ?? 1,
				}),
			};
			after(() => {
				resources.rateCard = saved;
			});
			return saved;
		},
	});
}
