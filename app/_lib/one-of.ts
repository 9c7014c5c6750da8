/** The value as one of those allowed; undefined where it is another, as what an address holds may be. */
export function oneOf<T extends string>(
	allowed: readonly T[],
	value: string | null,
): T | undefined {
	return allowed.find((candidate) => candidate === value);
}
