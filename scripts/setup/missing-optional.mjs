/** Optional dependencies of locked packages that have no entry of their own; `packages` is a lockfile's. */
export function findMissingOptional(packages) {
	return Object.entries(packages).flatMap(([path, locked]) =>
		Object.entries(locked.optionalDependencies ?? {})
			.filter(([name]) => !isLocked(packages, path, name))
			.map(([name, range]) => ({
				name,
				version: range.replace(/^[\^~]/, ""),
				dev: locked.dev === true,
			})),
	);
}

/** Looks as Node does: beside the package that asks, then one level up at a time. */
function isLocked(packages, path, name) {
	for (let at = path; at !== ""; at = parentOf(at)) {
		if (packages[`${at}/node_modules/${name}`] !== undefined) return true;
	}
	return packages[`node_modules/${name}`] !== undefined;
}

function parentOf(path) {
	const cut = path.lastIndexOf("/node_modules/");
	return cut === -1 ? "" : path.slice(0, cut);
}
