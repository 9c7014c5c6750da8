import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/**
 * One hash over the content of files and directories (paths from `root`; what doesn't exist counts as absent), the
 * Node version and the machine's kind. `skip` says which paths under a directory don't matter.
 */
export function fingerprint(root, paths, { skip = () => false } = {}) {
	const hash = createHash("sha256");
	hash.update(`${process.version} ${process.platform} ${process.arch}\n`);
	for (const path of paths.flatMap((each) => filesUnder(root, each, skip))) {
		hash
			.update(`${path}\0`)
			.update(readFileSync(join(root, path)))
			.update("\0");
	}
	return hash.digest("hex");
}

function filesUnder(root, path, skip) {
	const full = join(root, path);
	if (!existsSync(full)) return [];
	if (!statSync(full).isDirectory()) return [path];
	return readdirSync(full)
		.sort()
		.map((name) => `${path}/${name}`)
		.filter((child) => !skip(child))
		.flatMap((child) => filesUnder(root, child, skip));
}

/** The fingerprint with which a stage last finished. */
export function readStamp(path) {
	return existsSync(path) ? readFileSync(path, "utf8") : null;
}

export function writeStamp(path, value) {
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, value);
}
