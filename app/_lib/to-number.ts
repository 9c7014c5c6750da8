/** Digits as a number; anything else as one that schemas refuse. */
export function toNumber(text: string): number {
	return /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
}
