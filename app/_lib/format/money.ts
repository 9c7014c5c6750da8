import { HOURS_PER_MONTH } from "../../../server/contract/node-price.ts";

/** `amount` in `currency`: an ISO code such as USD, or the rate card's own name for its unit. */
export function formatMoney(amount: number, currency: string): string {
	const digits = amount > 0 && amount < 0.1 ? 4 : amount < 100 ? 2 : 0;
	const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
	if (/^[A-Z]{3}$/.test(currency)) {
		return amount.toLocaleString("en-US", { style: "currency", currency, ...options });
	}
	return `${amount.toLocaleString("en-US", options)} ${currency}`;
}

export function monthlyCost(hourlyCost: number): number {
	return hourlyCost * HOURS_PER_MONTH;
}
