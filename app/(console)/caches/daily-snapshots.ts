/** Days as typed; empty for none. What isn't a number stays invalid, so that the contract's schema refuses it. */
export function daysOf(text: string): number {
	const typed = text.trim();
	if (typed === "") return 0;
	return /^\d+$/.test(typed) ? Number(typed) : Number.NaN;
}
