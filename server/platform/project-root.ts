import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The directory that holds package.json, for the sources and the built files alike. */
export function findProjectRoot(from: string = import.meta.dirname): string {
	for (let dir = from; ; dir = dirname(dir)) {
		if (existsSync(join(dir, "package.json"))) return dir;
		if (dir === dirname(dir)) throw new Error(`no package.json above ${from}`);
	}
}
