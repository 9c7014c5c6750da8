/** The value if it is one of those allowed, else undefined: an address can contain anything. */
export function oneOf<T extends string>(
	allowed: readonly T[],
	value: string | null,
): T | undefined {
	return allowed.find((candidate) => candidate === value);
}
