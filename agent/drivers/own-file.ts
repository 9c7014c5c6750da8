import { basename } from "node:path";

/**
 * The argument that names a configuration file to Valkey or Redis, which run in the file's directory. They
 * treat a path with `[`, `*` or `?` as a pattern, and if it matches nothing they start without any settings:
 * on their default port, open to everyone. A relative path doesn't help, because they make it absolute.
 */
export function ownFile(path: string): string {
	return `/proc/self/cwd/${basename(path)}`;
}
