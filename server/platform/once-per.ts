/** Returns a function that makes one value for each owner, when first asked, and keeps it while the owner lives. */
export function oncePer<Owner extends object, Value extends object>(
	make: (owner: Owner) => Value,
): (owner: Owner) => Value {
	const made = new WeakMap<Owner, Value>();
	return (owner) => {
		const value = made.get(owner) ?? make(owner);
		made.set(owner, value);
		return value;
	};
}
